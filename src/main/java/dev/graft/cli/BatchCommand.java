package dev.graft.cli;

import dev.graft.batch.BatchPredictor;
import dev.graft.batch.BatchSettings;
import dev.graft.predict.Features;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code graft batch}. */
@Command(
    name = "batch",
    description =
        "Predict any number of images, as a class, labels or numbers each, to a Parquet, CSV or JSON"
            + " Lines file; nothing is lost when it is interrupted.")
final class BatchCommand implements Callable<Integer> {
  @Mixin private OutputOptions output;
  @Mixin private BatchOptions batch;
  @Spec private CommandSpec spec;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "FILE",
      description =
          "Ends in .parquet, .csv or .jsonl. Bad records go to FILE.rejected.jsonl, figures to"
              + " FILE.summary.json.")
  private Path out;

  @Option(
      names = "--top",
      defaultValue = "1",
      paramLabel = "K",
      description =
          "How many classes or labels to name for each image (default: ${DEFAULT-VALUE}).")
  private int top;

  @Option(names = "--logits", description = "Write the logits, too.")
  private boolean logits;

  @Option(names = "--features", description = "Write what the backbone hands to the head, too.")
  private boolean features;

  @Option(
      names = "--backbone-output",
      paramLabel = "LAYER",
      description = "Write the features of this layer instead.")
  private String layer;

  @Override
  public Integer call() throws Exception {
    Console console = output.console();
    BatchPredictor job = job(batch.settings(console, out));
    return BatchRun.run(console, out, job::run);
  }

  private BatchPredictor job(BatchSettings settings) {
    Features wanted =
        layer != null ? Features.of(layer) : features ? Features.OF_BACKBONE : Features.NONE;
    try {
      return new BatchPredictor(settings, out, top, logits, wanted);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage());
    }
  }
}
