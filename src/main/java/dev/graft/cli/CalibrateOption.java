package dev.graft.cli;

import picocli.CommandLine.Option;

/** Whether the machine is measured before {@code train}, {@code batch} and {@code features}. */
final class CalibrateOption {
  @Option(
      names = "--calibrate",
      defaultValue = "auto",
      paramLabel = "WHEN",
      description =
          "Whether to measure how this machine runs the model fastest: auto, once, before a job of"
              + " 2,000 images or more; again; or never, which runs it as on any machine (default:"
              + " ${DEFAULT-VALUE}).")
  private Calibrating.When when;

  Calibrating.When when() {
    return when;
  }
}
