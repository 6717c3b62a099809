package dev.graft.cli;

import dev.graft.batch.FeatureFiles;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code graft features}. */
@Command(
    name = "features",
    description = "Write the backbone's features of any number of images, for other tools.")
final class FeaturesCommand implements Callable<Integer> {
  @Mixin private OutputOptions output;
  @Mixin private BatchOptions batch;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "DIR",
      description = "Folder for features.npy and index.csv, or features.parquet.")
  private Path out;

  @Option(
      names = "--backbone-output",
      paramLabel = "LAYER",
      description =
          "Features of this layer (default: the model's output; of a trained model what its"
              + " backbone hands to its head).")
  private String layer;

  @Option(
      names = "--format",
      defaultValue = "npy",
      description = "npy or parquet (default: ${DEFAULT-VALUE}).")
  private FeatureFiles.Format format;

  @Override
  public Integer call() throws Exception {
    Console console = output.console();
    FeatureFiles job =
        new FeatureFiles(batch.settings(console, out), out, Optional.ofNullable(layer), format);
    return BatchRun.run(console, out, job::run);
  }
}
