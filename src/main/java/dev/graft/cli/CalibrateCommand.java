package dev.graft.cli;

import dev.graft.batch.Execution;
import dev.graft.image.Decoding;
import dev.graft.model.Calibration;
import dev.graft.model.Calibrator;
import dev.graft.predict.CalibrationMemory;
import dev.graft.predict.CalibrationMemory.Measured;
import dev.graft.predict.FeatureExtractor;
import dev.graft.tensor.Precision;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
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
        "Measure how this machine runs a model fastest, and remember it for batch, features and"
            + " train, in the precision of each or in one; they do so themselves before a long job.")
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
    if (threads != null) {
      Map<String, Object> measured = Map.of("measured", ways(ofJobs(), measure()));
      console.result(measured, measured::toString);
      return ExitCode.DONE.code();
    }
    Calibrating calibrating = new Calibrating(console, CalibrationMemory.ofUser());
    Map<Precision, List<Measured>> measured = new LinkedHashMap<>();
    for (Precision each : new LinkedHashSet<>(List.of(ofJobs(), ofTraining()))) {
      measured.put(each, calibrating.measure(model, each));
    }
    console.result(json(measured), () -> text(measured));
    return ExitCode.DONE.code();
  }

  private Precision ofJobs() {
    return precision.or(Execution.STANDARD);
  }

  private Precision ofTraining() {
    return precision.or(Precision.FLOAT32);
  }

  private List<Measured> measure() throws IOException {
    int processors = Runtime.getRuntime().availableProcessors();
    try (FeatureExtractor extractor =
        FeatureExtractor.load(model, Optional.empty(), ofJobs(), Decoding.FULL)) {
      List<Measured> measured = new ArrayList<>();
      extractor
          .measure(Calibrator.ways(threads, processors))
          .forEach((way, rate) -> measured.add(new Measured(way, rate)));
      return measured;
    }
  }

  private Map<String, Object> json(Map<Precision, List<Measured>> measured) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("batch", forJobs(measured).map(Calibration::describe).orElse(null));
    json.put("train", forTraining(measured).map(Calibration::describe).orElse(null));
    List<Map<String, Object>> ways = new ArrayList<>();
    measured.forEach((each, those) -> ways.addAll(ways(each, those)));
    json.put("measured", ways);
    return json;
  }

  private static List<Map<String, Object>> ways(Precision precision, List<Measured> measured) {
    List<Map<String, Object>> ways = new ArrayList<>();
    for (Measured one : measured) {
      Map<String, Object> way = new LinkedHashMap<>();
      way.put("precision", precision.word());
      way.put("way", one.way().describe());
      way.put("imagesPerSecond", one.imagesPerSecond());
      ways.add(way);
    }
    return ways;
  }

  private String text(Map<Precision, List<Measured>> measured) {
    Table table = new Table("precision", "runs", "images/s", "");
    measured.forEach(
        (each, those) -> {
          for (Measured one : those) {
            Optional<Calibration> way = Optional.of(one.way());
            boolean jobs = each == ofJobs() && way.equals(forJobs(measured));
            boolean training = each == ofTraining() && way.equals(forTraining(measured));
            table.row(
                each.word(),
                one.way().describe(),
                "%.1f".formatted(one.imagesPerSecond()),
                jobs && training
                    ? "← all"
                    : jobs ? "← batch, features" : training ? "← train" : "");
          }
        });
    return table.toString();
  }

  private Optional<Calibration> forJobs(Map<Precision, List<Measured>> measured) {
    return CalibrationMemory.best(measured.get(ofJobs()), true);
  }

  private Optional<Calibration> forTraining(Map<Precision, List<Measured>> measured) {
    return CalibrationMemory.best(measured.get(ofTraining()), false);
  }
}
