package dev.graft.cli;

import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Option;

/** The backbone that {@code train} and {@code tune} join a head to. */
final class BackboneOptions {
  @Option(
      names = "--backbone",
      required = true,
      paramLabel = "MODEL",
      description = "Folder of the exported backbone.")
  private Path folder;

  @Option(
      names = "--backbone-output",
      paramLabel = "LAYER",
      description = "Join the head at this layer of the backbone (default: its output).")
  private String output;

  Path folder() {
    return folder;
  }

  /** The layer that the head is joined at, if it is not the backbone's output. */
  Optional<String> output() {
    return Optional.ofNullable(output);
  }
}
