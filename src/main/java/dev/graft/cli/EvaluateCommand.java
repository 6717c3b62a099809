package dev.graft.cli;

import dev.graft.data.LabeledImage;
import dev.graft.data.LabeledImages;
import dev.graft.metrics.Evaluation;
import dev.graft.predict.Predictor;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
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
          "Folder with one sub-folder a class, or a .csv file; of train/, validation/ and test/ the"
              + " last one there is evaluated.")
  private Path data;

  @Override
  public Integer call() throws Exception {
    Console console = output.console();
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
    console.result(json, evaluation::describe);
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
