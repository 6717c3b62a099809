package dev.graft.cli;

import dev.graft.data.LabeledArrays;
import dev.graft.metrics.Evaluation;
import dev.graft.report.Examples;
import dev.graft.train.RepeatedTraining;
import dev.graft.train.TrainListener;
import dev.graft.train.TrainedRun;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Trains for a command: shows progress, lets Ctrl-C stop it, and says what came of it. */
final class Training {
  private static final int MAX_LISTED = 20;

  private Training() {}

  /** What is to be done, heard by a listener. */
  @FunctionalInterface
  interface Job {
    TrainedRun run(TrainListener listener) throws IOException;
  }

  /** Does the job and prints its result. Returns the exit code. */
  static int run(Console console, Path data, AccuracyGate gate, Job job) throws IOException {
    TrainedRun run;
    try (Interruption interruption = Interruption.watch(console);
        TrainingProgress progress =
            new TrainingProgress(console, unit(data), interruption::isAsked)) {
      run = job.run(progress);
    }
    warn(console, run.images().rejected());
    console.result(json(run), () -> text(run));
    if (run.stopped()) {
      console.warn(
          "Stopped after epoch %d; \"graft resume %s\" goes on."
              .formatted(run.outcome().history().epochs().size(), run.folder()));
      return ExitCode.INTERRUPTED.code();
    }
    gate.check("The validation accuracy", run.outcome().after());
    return ExitCode.DONE.code();
  }

  /** Several trainings, heard by a listener; empty when they were stopped. */
  @FunctionalInterface
  interface Repetition {
    Optional<RepeatedTraining.Repeated> run(TrainListener listener) throws IOException;
  }

  /** Trains with several seeds and prints mean and spread. Returns the exit code. */
  static int repeat(Console console, Path data, AccuracyGate gate, Repetition repetition)
      throws IOException {
    Optional<RepeatedTraining.Repeated> repeated;
    try (Interruption interruption = Interruption.watch(console);
        TrainingProgress progress =
            new TrainingProgress(console, unit(data), interruption::isAsked)) {
      repeated = repetition.run(progress);
    }
    if (repeated.isEmpty()) {
      console.warn("Stopped; the same command goes on.");
      return ExitCode.INTERRUPTED.code();
    }
    console.result(json(repeated.get()), () -> table(repeated.get()));
    RepeatedTraining.Spread accuracy = repeated.get().figures().get("validation accuracy");
    if (accuracy != null) {
      gate.check("The mean validation accuracy", accuracy.mean());
    }
    return ExitCode.DONE.code();
  }

  /** What is counted: images, or the examples of arrays. */
  static String unit(Path data) throws IOException {
    return (LabeledArrays.isAt(data) ? Examples.EXAMPLES : Examples.IMAGES).word();
  }

  private static Map<String, Object> json(RepeatedTraining.Repeated repeated) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("folder", repeated.folder());
    json.put("runs", repeated.runs());
    Map<String, Object> figures = new LinkedHashMap<>();
    repeated
        .figures()
        .forEach(
            (name, spread) ->
                figures.put(
                    name,
                    Map.of(
                        "mean", spread.mean(),
                        "deviation", spread.deviation(),
                        "values", spread.values())));
    json.put("figures", figures);
    return json;
  }

  private static String table(RepeatedTraining.Repeated repeated) {
    List<String> heading = new ArrayList<>(List.of("figure", "mean", "deviation"));
    repeated.runs().keySet().forEach(seed -> heading.add("seed " + seed));
    Table table = new Table(heading.toArray(String[]::new));
    repeated
        .figures()
        .forEach(
            (name, spread) -> {
              List<Object> row = new ArrayList<>(List.of(name));
              row.add("%.4f".formatted(spread.mean()));
              row.add("%.4f".formatted(spread.deviation()));
              spread.values().forEach(value -> row.add("%.4f".formatted(value)));
              table.row(row.toArray());
            });
    return "%s%n%nEach run is whole, in %s."
        .formatted(
            table.toString().stripTrailing(), repeated.folder().resolve("seed-K").toString());
  }

  private static void warn(Console console, Map<Path, String> rejected) {
    rejected.entrySet().stream()
        .limit(MAX_LISTED)
        .forEach(file -> console.warn(file.getKey() + " " + file.getValue() + "."));
    if (rejected.size() > MAX_LISTED) {
      console.warn("… and %,d more.".formatted(rejected.size() - MAX_LISTED));
    }
  }

  private static Map<String, Object> json(TrainedRun run) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("run", run.folder());
    json.put("model", run.folder().resolve("model"));
    json.put("status", run.stopped() ? "stopped" : "finished");
    json.put("epochs", run.outcome().history().epochs().size());
    json.put("task", run.model().task().kind().word());
    json.put("accuracyBefore", run.outcome().before().accuracy());
    json.put("accuracy", run.outcome().after().accuracy());
    json.put("loss", run.outcome().after().loss());
    run.outcome().test().ifPresent(test -> json.put("testAccuracy", test.accuracy()));
    json.put("validation", run.outcome().after().toMap());
    json.put("trainingImages", run.images().split().training().size());
    json.put("validationImages", run.images().split().validation().size());
    Map<String, String> rejected = new LinkedHashMap<>();
    run.images().rejected().forEach((path, reason) -> rejected.put(path.toString(), reason));
    json.put("rejected", rejected);
    json.put("imagesThroughTrunk", run.images().computed());
    json.put("exportDifference", run.proof().exportDifference());
    json.put("frozenVariables", run.proof().frozen().size());
    Map<String, Double> seconds = new LinkedHashMap<>();
    run.times().forEach((part, time) -> seconds.put(part, time.toMillis() / 1e3));
    json.put("seconds", seconds);
    return json;
  }

  private static String text(TrainedRun run) {
    StringBuilder text = new StringBuilder();
    text.append(run.outcome().after().describe().stripTrailing()).append("\n\n");
    text.append(results(run.outcome(), run.images().examples().word()));
    text.append(
        "%d frozen variables, identical before and after.%n"
            .formatted(run.proof().frozen().size()));
    if (!run.images().rejected().isEmpty()) {
      text.append(
          "%d files left out; the report lists them.%n".formatted(run.images().rejected().size()));
    }
    Duration total = run.times().values().stream().reduce(Duration.ZERO, Duration::plus);
    text.append("Done in %.1f s.%n".formatted(total.toMillis() / 1e3));
    text.append("  model:  %s%n".formatted(run.folder().resolve("model")));
    text.append("  report: %s%n".formatted(run.folder().resolve("report.html")));
    return text.toString();
  }

  private static String results(TrainedRun.Outcome outcome, String examples) {
    Evaluation after = outcome.after();
    if (Double.isNaN(after.accuracy())) {
      return "Validation: %s.%nBefore training: %s.%n"
              .formatted(after.summary(), outcome.before().summary())
          + outcome.test().map(test -> "Test: %s.%n".formatted(test.summary())).orElse("");
    }
    return "Validation accuracy %.4f on %d %s (%.4f before training).%n"
            .formatted(after.accuracy(), after.examples(), examples, outcome.before().accuracy())
        + outcome
            .test()
            .map(
                test ->
                    "Test accuracy %.4f on %d %s.%n"
                        .formatted(test.accuracy(), test.examples(), examples))
            .orElse("");
  }
}
