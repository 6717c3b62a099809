package dev.graft.cli;

import dev.graft.batch.Execution;
import dev.graft.image.Decoding;
import dev.graft.model.Calibration;
import dev.graft.model.Calibrator;
import dev.graft.predict.CalibrationMemory;
import dev.graft.predict.CalibrationMemory.Measured;
import dev.graft.predict.FeatureExtractor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code graft calibrate}. */
@Command(
    name = "calibrate",
    description =
        "Measure how this machine runs a model fastest, and remember it for batch and features, or"
            + " with --precision float32 for train; they do so themselves before a long job.")
final class CalibrateCommand implements Callable<Integer> {
  @Mixin private OutputOptions output;

  @Parameters(paramLabel = "MODEL", description = "A backbone, a run, or an exported model.")
  private Path model;

  @Mixin private PrecisionOption precision;

  /** Number of threads an op of this process, which then measures and remembers nothing. */
  @Option(names = Calibrating.THREADS, hidden = true)
  private Integer threads;

  @Override
  public Integer call() throws Exception {
    Console console = output.console();
    List<Measured> measured =
        threads == null
            ? new Calibrating(console, CalibrationMemory.ofUser())
                .measure(model, precision.or(Execution.STANDARD))
            : measure();
    console.result(json(measured), () -> text(measured));
    return ExitCode.DONE.code();
  }

  private List<Measured> measure() throws IOException {
    int processors = Runtime.getRuntime().availableProcessors();
    try (FeatureExtractor extractor =
        FeatureExtractor.load(
            model, Optional.empty(), precision.or(Execution.STANDARD), Decoding.FULL)) {
      List<Measured> measured = new ArrayList<>();
      extractor
          .measure(Calibrator.ways(threads, processors))
          .forEach((way, rate) -> measured.add(new Measured(way, rate)));
      return measured;
    }
  }

  private static Map<String, Object> json(List<Measured> measured) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("batch", best(measured, true).map(Calibration::describe).orElse(null));
    json.put("train", best(measured, false).map(Calibration::describe).orElse(null));
    List<Map<String, Object>> ways = new ArrayList<>();
    for (Measured one : measured) {
      ways.add(Map.of("way", one.way().describe(), "imagesPerSecond", one.imagesPerSecond()));
    }
    json.put("measured", ways);
    return json;
  }

  private static String text(List<Measured> measured) {
    Table table = new Table("runs", "images/s", "");
    for (Measured one : measured) {
      boolean alone = Optional.of(one.way()).equals(best(measured, true));
      boolean training = Optional.of(one.way()).equals(best(measured, false));
      table.row(
          one.way().describe(),
          "%.1f".formatted(one.imagesPerSecond()),
          alone && training ? "← all" : alone ? "← batch, features" : training ? "← train" : "");
    }
    return table.toString();
  }

  private static Optional<Calibration> best(List<Measured> measured, boolean anyThreads) {
    return CalibrationMemory.best(measured, anyThreads);
  }
}
