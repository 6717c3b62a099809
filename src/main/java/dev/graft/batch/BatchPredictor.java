package dev.graft.batch;

import dev.graft.data.Task;
import dev.graft.model.Calibration;
import dev.graft.predict.Features;
import dev.graft.predict.Predictor;
import dev.graft.predict.PredictorSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.apache.parquet.format.KeyValue;

/**
 * Predicts any number of images to a file: {@code FILE}, {@code FILE.rejected.jsonl} with the
 * records that could not be used, and {@code FILE.summary.json}.
 *
 * <p>Rows are in the order of the input. Until all are there, everything is in {@code
 * FILE.partial}; a job that was killed goes on from there and makes the very bytes of one that was
 * not. Predictions are made in fused arithmetic: within 1e-5 of {@link Predictor#load(Path)}, the
 * same bits in every process of one platform. A value; a job may be run from any thread, one at a
 * time for one file.
 *
 * @param settings model, input and so on
 * @param out the file, ending in {@code .parquet}, {@code .csv} or {@code .jsonl}
 * @param top how many classes a row names, at least 1; more than one go into the column {@code top}
 * @param logits whether the column {@code logits} is written
 * @param features whether the column {@code features} is written, and of which layer
 */
public record BatchPredictor(
    BatchSettings settings, Path out, int top, boolean logits, Features features) {
  private static final String OUTPUT = "output";
  private static final String REJECTED = "rejected.jsonl";
  private static final String SUMMARY = "summary.json";

  /** Checks the ending and the number. */
  public BatchPredictor {
    format(out);
    if (top < 1) {
      throw new IllegalArgumentException("Expected 1 class a row or more but got " + top + ".");
    }
  }

  /** What a file's ending says. */
  private enum Format {
    PARQUET,
    CSV,
    JSONL
  }

  private static Format format(Path out) {
    String name = String.valueOf(out.getFileName()).toLowerCase(Locale.ROOT);
    for (Format format : Format.values()) {
      if (name.endsWith("." + format.name().toLowerCase(Locale.ROOT))) {
        return format;
      }
    }
    throw new IllegalArgumentException(
        out + " must end in .parquet, .csv or .jsonl, which says the format.");
  }

  /** Labels and probabilities to a file. */
  public static BatchPredictor of(BatchSettings settings, Path out) {
    return new BatchPredictor(settings, out, 1, false, Features.NONE);
  }

  /** With more classes a row. */
  public BatchPredictor withTop(int count) {
    return new BatchPredictor(settings, out, count, logits, features);
  }

  /** With the logits. */
  public BatchPredictor withLogits() {
    return new BatchPredictor(settings, out, top, true, features);
  }

  /** With the features of a layer. */
  public BatchPredictor withFeatures(Features wanted) {
    return new BatchPredictor(settings, out, top, logits, wanted);
  }

  /**
   * Does the job, or what is left of it.
   *
   * @return what was done; empty when the whole file was there already and the job was to be
   *     resumed
   * @throws IllegalArgumentException when a result is in the way, the input can't be used, or the
   *     job to be resumed was asked for something else, or the model has no logits or nothing that
   *     is likeliest
   * @throws IOException when the disk fails or is full, more records are bad than allowed, or the
   *     thread is interrupted; what was done until then is kept for {@link WhenThere#RESUME}
   */
  public Optional<BatchSummary> run(BatchListener listener) throws IOException {
    return run(listener, Job.PART);
  }

  /**
   * How the model of an interrupted job ran; a process that goes on with it should have the same
   * number of threads.
   *
   * @param out the file, or the folder of features
   */
  public static Optional<Calibration> begun(Path out) throws IOException {
    return Workspace.begun(out);
  }

  Optional<BatchSummary> run(BatchListener listener, int part) throws IOException {
    Inputs.requireThere(settings.source().path());
    requireFile();
    if (Workspace.isDone(out, settings.whenThere())) {
      Workspace.requireSame(out, beside(out, SUMMARY), settled(settings.modelHash()));
      return Optional.empty();
    }
    PredictorSettings fused =
        PredictorSettings.defaults()
            .withArithmetic(settings.execution().precision().arithmetic())
            .withFeatures(features)
            .withDecoding(settings.execution().decoding());
    try (Predictor predictor = Predictor.load(settings.model(), fused)) {
      requireAnswers(predictor);
      return run(predictor, listener, part);
    }
  }

  /** No folder is ever replaced by a file. */
  private void requireFile() {
    for (Path file : List.of(out, beside(out, REJECTED), beside(out, SUMMARY))) {
      if (Files.isDirectory(file)) {
        throw new IllegalArgumentException(
            file + " is a folder where a file is to be written: choose another --out.");
      }
    }
  }

  private static Path beside(Path out, String name) {
    return out.resolveSibling(out.getFileName() + "." + name);
  }

  private void requireAnswers(Predictor predictor) {
    if (top > 1 && predictor.task().kind() == Task.Kind.NUMBERS) {
      throw new IllegalArgumentException(
          "%s predicts %s, of which none is likeliest: ask without --top %d."
              .formatted(settings.model(), predictor.task().describe(), top));
    }
    if (logits && !predictor.outputs().contains("logits")) {
      throw new IllegalArgumentException(
          "%s has no output \"logits\" (it has %s): ask without --logits."
              .formatted(settings.model(), String.join(", ", predictor.outputs())));
    }
  }

  private Optional<BatchSummary> run(Predictor predictor, BatchListener listener, int part)
      throws IOException {
    try (Workspace workspace = Workspace.open(out, settings.whenThere())) {
      JobFacts.effect(settings).ifPresent(listener::plan);
      BatchInput input = Inputs.open(settings, workspace, false);
      Calibration calibration = settings.execution().calibration(workspace.calibration());
      Map<String, String> asked = asked(predictor, part, calibration);
      workspace.require(asked);
      if (!workspace.state().complete || Files.exists(workspace.path(OUTPUT))) {
        predict(
            predictor,
            workspace,
            input,
            new Job(workspace, input, settings.maxRejected(), listener, part),
            calibration);
        WholeFile.writeJson(
            workspace.path(SUMMARY), BatchSummary.of(workspace.state(), asked).toMap());
      }
      publish(workspace);
      return Optional.of(BatchSummary.of(workspace.state(), asked));
    }
  }

  private Map<String, String> asked(Predictor predictor, int part, Calibration calibration) {
    Map<String, String> asked = settled(predictor.hash());
    asked.put("part", String.valueOf(part));
    asked.putAll(JobFacts.platform(settings.execution().precision(), calibration));
    return asked;
  }

  /** What the result depends on, versions and platform left out. */
  private Map<String, String> settled(String model) {
    Map<String, String> settled = settings.settled(model);
    settled.put("top", String.valueOf(top));
    settled.put("logits", String.valueOf(logits));
    settled.put(
        "features", features.wanted() ? features.layer().orElse("of the backbone") : "none");
    return settled;
  }

  private void predict(
      Predictor predictor, Workspace workspace, BatchInput input, Job job, Calibration calibration)
      throws IOException {
    PredictionColumns columns =
        PredictionColumns.of(predictor.task(), top, logits, features.wanted(), input.carried());
    try (BatchOutput output = output(predictor, workspace, columns.columns())) {
      job.run(
          records ->
              new Answering(
                  predictor.start(records, settings.execution().threads(), calibration),
                  columns::row),
          output,
          REJECTED);
    }
  }

  private BatchOutput output(Predictor predictor, Workspace workspace, List<Column> columns)
      throws IOException {
    AppendedFile file = workspace.append(OUTPUT);
    return switch (format(out)) {
      case CSV -> TextOutput.csv(file, columns);
      case JSONL -> TextOutput.jsonLines(file, columns);
      case PARQUET -> {
        KeyValue model = new KeyValue("graft.model");
        model.setValue(predictor.hash());
        yield new ParquetOutput(file, workspace.append("groups"), columns, List.of(model));
      }
    };
  }

  /** The file itself goes last: where it is, everything is. */
  private void publish(Workspace workspace) throws IOException {
    Path target = workspace.target();
    workspace.publish(REJECTED, beside(target, REJECTED));
    workspace.publish(SUMMARY, beside(target, SUMMARY));
    workspace.publish(OUTPUT, target);
    workspace.remove();
  }
}
