package dev.graft.cli;

import dev.graft.data.LabeledArrays;
import dev.graft.data.LabeledImage;
import dev.graft.data.LabeledImages;
import dev.graft.metrics.Evaluation;
import dev.graft.predict.ArrayPredictor;
import dev.graft.predict.Predictor;
import dev.graft.report.Report;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code graft evaluate}. */
@Command(
    name = "evaluate",
    description =
        "How good a model is: accuracy, precision, recall, F1, AUC, calibration; or MAE, RMSE, R².")
final class EvaluateCommand implements Callable<Integer> {
  @Mixin private OutputOptions output;
  @Mixin private AccuracyGate gate;

  @Parameters(index = "0", paramLabel = "MODEL", description = "A run, or an exported classifier.")
  private Path model;

  @Parameters(
      index = "1",
      paramLabel = "DATA",
      description =
          "Folder with one sub-folder a class, a .csv file, or .npz arrays; of train/, validation/ and test/ the"
              + " last one there is evaluated.")
  private Path data;

  @Option(
      names = "--report",
      paramLabel = "FILE",
      description = "Write an HTML report of the evaluation, with pictures, to this new file.")
  private Path report;

  @Override
  public Integer call() throws Exception {
    Console console = output.console();
    if (report != null && Files.exists(report)) {
      throw new IllegalArgumentException(
          report + " exists already: choose another --report, or remove it.");
    }
    if (LabeledArrays.isAt(data)) {
      if (report != null) {
        throw new IllegalArgumentException(
            "--report shows images, but " + data + " holds arrays: leave it out.");
      }
      return evaluateArrays(console);
    }
    LabeledImages images;
    Predictor.Evaluated evaluated;
    try (Predictor predictor = Predictor.load(model)) {
      gate.require(predictor.task().kind());
      images = LabeledImages.read(data, Optional.of(predictor.task().kind())).as(predictor.task());
      List<LabeledImage> chosen = chosen(images);
      try (Progress progress = console.progress("evaluating", chosen.size(), "images")) {
        evaluated = predictor.evaluate(chosen, (task, done, total) -> progress.step(1));
      }
    }
    Evaluation evaluation = evaluated.evaluation();
    Map<String, Object> json = new LinkedHashMap<>(evaluation.toMap());
    Map<String, String> rejected = new LinkedHashMap<>();
    images.skipped().forEach(file -> rejected.put(file.path().toString(), file.reason()));
    evaluated.rejected().forEach((path, reason) -> rejected.put(path.toString(), reason));
    json.put("rejected", rejected);
    rejected.forEach((path, reason) -> console.warn(path + " " + reason + "."));
    if (report != null) {
      Files.createDirectories(report.toAbsolutePath().getParent());
      Path name = model.toAbsolutePath().normalize().getFileName();
      Report.write(
          Report.render(name + " on " + data, evaluation, evaluated.predictions()), report);
      json.put("report", report);
    }
    console.result(json, evaluation::describe);
    gate.check("The accuracy", evaluation);
    return ExitCode.DONE.code();
  }

  private int evaluateArrays(Console console) throws IOException {
    Evaluation evaluation;
    try (ArrayPredictor predictor = ArrayPredictor.load(model)) {
      gate.require(predictor.task().kind());
      LabeledArrays arrays = LabeledArrays.read(data, predictor.task());
      List<LabeledImage> chosen = chosen(arrays.examples());
      try (Progress progress = console.progress("evaluating", chosen.size(), "examples")) {
        long[] seen = new long[1];
        evaluation =
            predictor.evaluate(
                arrays,
                chosen,
                (task, done, total) -> {
                  progress.step(done - seen[0]);
                  seen[0] = done;
                });
      }
    }
    console.result(evaluation.toMap(), evaluation::describe);
    gate.check("The accuracy", evaluation);
    return ExitCode.DONE.code();
  }

  /** The test images where there are any, else the validation images, else all. */
  private static List<LabeledImage> chosen(LabeledImages images) {
    if (!images.test().isEmpty()) {
      return images.test();
    }
    return images.hasValidation() ? images.validation() : images.images();
  }
}
