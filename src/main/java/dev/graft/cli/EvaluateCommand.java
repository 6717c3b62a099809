package dev.graft.cli;

import dev.graft.data.LabeledImage;
import dev.graft.data.LabeledImages;
import dev.graft.metrics.Evaluation;
import dev.graft.predict.Predictor;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code graft evaluate}. */
@Command(
    name = "evaluate",
    description = "Accuracy, precision, recall, F1, AUC, confusion matrix, worst mistakes.")
final class EvaluateCommand implements Callable<Integer> {
  @Mixin private OutputOptions output;
  @Mixin private AccuracyGate gate;

  @Parameters(index = "0", paramLabel = "MODEL", description = "A run, or an exported classifier.")
  private Path model;

  @Parameters(
      index = "1",
      paramLabel = "DATA",
      description =
          "Folder with one sub-folder a class; of train/, validation/ and test/ the last one there"
              + " is evaluated.")
  private Path data;

  @Override
  public Integer call() throws Exception {
    Console console = output.console();
    LabeledImages images = LabeledImages.read(data);
    List<LabeledImage> chosen =
        !images.test().isEmpty()
            ? images.test()
            : images.hasValidation() ? images.validation() : images.images();
    Predictor.Evaluated evaluated;
    try (Predictor predictor = Predictor.load(model);
        Progress progress = console.progress("evaluating", chosen.size(), "images")) {
      evaluated =
          predictor.evaluate(chosen, images.labels(), (task, done, total) -> progress.step(1));
    }
    Evaluation evaluation = evaluated.evaluation();
    Map<String, Object> json = new LinkedHashMap<>(evaluation.toMap());
    Map<String, String> rejected = new LinkedHashMap<>();
    images.skipped().forEach(file -> rejected.put(file.path().toString(), file.reason()));
    evaluated.rejected().forEach((path, reason) -> rejected.put(path.toString(), reason));
    json.put("rejected", rejected);
    rejected.forEach((path, reason) -> console.warn(path + " " + reason + "."));
    console.result(json, evaluation::describe);
    gate.check("The accuracy", evaluation.accuracy());
    return ExitCode.DONE.code();
  }
}
