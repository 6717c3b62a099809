package dev.graft.predict;

import dev.graft.data.LabeledImage;
import dev.graft.data.Labels;
import dev.graft.data.Preparation;
import dev.graft.data.ProgressListener;
import dev.graft.data.Sha256;
import dev.graft.data.Task;
import dev.graft.handoff.Handoff;
import dev.graft.image.BadImageException;
import dev.graft.image.ImageFile;
import dev.graft.image.ImageReader;
import dev.graft.image.ImageSource;
import dev.graft.metrics.Evaluation;
import dev.graft.metrics.Prediction;
import dev.graft.model.ImagePipeline;
import dev.graft.model.TaskPrediction;
import dev.graft.savedmodel.ModelFormatException;
import dev.graft.tensor.Arithmetic;
import dev.graft.tensor.HostTensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A trained classifier that answers images. Owns a graph, two sessions and their memory; close it.
 * Safe for many threads: an answer does not depend on what else is asked at the same time.
 */
public final class Predictor implements AutoCloseable {
  private final ServedModel model;
  private final ImageReader reader;
  private final AnswerOutput output;
  private final String hash;

  private Predictor(ServedModel model, ImageReader reader, AnswerOutput output, String hash) {
    this.model = model;
    this.reader = reader;
    this.output = output;
    this.hash = hash;
  }

  /**
   * Loads a classifier with a handoff, to be run op by op as it was built.
   *
   * @param modelOrRun a SavedModel folder or a run's folder
   * @throws ModelFormatException when it is no classifier that can be used: no model, no handoff,
   *     no probabilities, no preparation
   * @throws IOException when it can't be read
   */
  public static Predictor load(Path modelOrRun) throws IOException {
    return load(modelOrRun, Arithmetic.AS_BUILT);
  }

  /**
   * Loads a classifier with a handoff.
   *
   * @param modelOrRun a SavedModel folder or a run's folder
   * @param arithmetic {@link Arithmetic#FUSED} answers faster, a few millionths off; what it
   *     answers is the same in every process of one platform, whatever shares a batch
   * @throws ModelFormatException when it is no classifier that can be used: no model, no handoff,
   *     no probabilities, no preparation
   * @throws IOException when it can't be read
   */
  public static Predictor load(Path modelOrRun, Arithmetic arithmetic) throws IOException {
    return load(modelOrRun, arithmetic, Features.NONE);
  }

  /**
   * As the other {@code load}, with the features of the backbone as a further output.
   *
   * @throws IllegalArgumentException when the model has no such layer
   */
  public static Predictor load(Path modelOrRun, Arithmetic arithmetic, Features features)
      throws IOException {
    Path folder = ModelFolder.of(modelOrRun);
    ServedModel model = ServedModel.open(folder, arithmetic, features);
    try {
      Handoff handoff = AnswerOutput.handoff(folder, model.handoff());
      handoff.checkFiles(folder);
      Preparation preparation =
          handoff
              .preparation()
              .orElseThrow(() -> AnswerOutput.unusable(folder, "no image preparation"));
      AnswerOutput output = AnswerOutput.of(folder, handoff);
      String hash = Sha256.of(folder.resolve(Handoff.FILE_NAME));
      return new Predictor(model, ImageReader.open(preparation), output, hash);
    } catch (IOException | RuntimeException | Error e) {
      model.close();
      throw e;
    }
  }

  /** What an answer consists of. */
  public Task task() {
    return output.task();
  }

  /** The classes, labels or numbers, in the order of an answer. */
  public Labels labels() {
    return output.task().labels();
  }

  /** Names of the model's outputs, in their order. */
  public List<String> outputs() {
    return model.outputs();
  }

  /**
   * SHA-256 of the model's {@code handoff.json}, which holds that of every other file: equal
   * hashes, equal models.
   */
  public String hash() {
    return hash;
  }

  /** How images are prepared. */
  public Preparation preparation() {
    return reader.preparation();
  }

  /**
   * Answers one image.
   *
   * @param image bytes of a JPEG, PNG, GIF or BMP file
   * @throws BadImageException when they are no such file
   */
  public Answer predict(byte[] image) throws BadImageException {
    List<HostTensor> outputs =
        ImagePipeline.run(model.graph(), reader.shape(), List.of(reader.read(image)));
    return output.answers(outputs).get(0);
  }

  /** Takes what became of each file, in order. */
  @FunctionalInterface
  public interface Sink {
    /**
     * Takes one file's outcome; exactly one of answer and rejection is there.
     *
     * @param rejection why the file is no image, as the end of a sentence that starts with the path
     */
    void accept(Path file, Optional<Answer> answer, Optional<String> rejection) throws IOException;
  }

  /**
   * Answers files of any number in bounded memory, in order.
   *
   * @param sink called on this thread
   * @throws IOException when the sink fails or the thread is interrupted; bad images do not stop it
   */
  public void predict(List<Path> files, Sink sink) throws IOException {
    try (Predictions<ImageFile> predictions = start(ImageFile.all(files))) {
      while (predictions.hasNext()) {
        Predicted<ImageFile> next = predictions.next();
        sink.accept(next.source().path(), next.answer(), next.rejection());
      }
    }
  }

  /**
   * Starts to answer images of any number in bounded memory, on all processors. Take the answers
   * and close the result before this.
   *
   * @param sources asked for on the thread that takes the answers, only a little ahead
   */
  public <S extends ImageSource> Predictions<S> start(Iterator<? extends S> sources) {
    return start(sources, Runtime.getRuntime().availableProcessors());
  }

  /**
   * As the other {@code start}, with a number of threads.
   *
   * @param threads that prepare images, and as many that run the model; at least 1
   */
  public <S extends ImageSource> Predictions<S> start(Iterator<? extends S> sources, int threads) {
    ImagePipeline pipeline = new ImagePipeline(model.graph(), reader, threads);
    return new Predictions<>(pipeline.start(sources), this::predicted);
  }

  private <S extends ImageSource> List<Predicted<S>> predicted(ImagePipeline.Chunk<S> chunk) {
    List<Answer> answers = chunk.outputs().isEmpty() ? List.of() : output.answers(chunk.outputs());
    return Predictions.inOrder(
        chunk,
        model.outputs(),
        (source, row, outputs) -> Predicted.of(source, answers.get(row), outputs));
  }

  /**
   * An evaluation and the files that it had to leave out.
   *
   * @param evaluation of the others
   * @param predictions that it is made of, in the order of the images
   * @param rejected with the reason
   */
  public record Evaluated(
      Evaluation evaluation, List<Prediction> predictions, Map<Path, String> rejected) {}

  /**
   * Evaluates the model on labelled images.
   *
   * @param images whose labels count as in {@code classes}
   * @param classes must be the model's own
   * @throws IllegalArgumentException when the classes are others, or no image can be read
   */
  public Evaluated evaluate(List<LabeledImage> images, Labels classes, ProgressListener listener)
      throws IOException {
    if (!classes.equals(labels())) {
      throw new IllegalArgumentException(
          "The data has the classes "
              + classes.names()
              + " but the model tells "
              + labels().names()
              + " apart.");
    }
    return evaluate(images, listener);
  }

  /**
   * Evaluates the model on images whose targets are in the terms of {@link #task()}, see {@link
   * dev.graft.data.LabeledImages#as}.
   *
   * @throws IllegalArgumentException when no image can be read
   */
  public Evaluated evaluate(List<LabeledImage> images, ProgressListener listener)
      throws IOException {
    List<Prediction> predictions = new ArrayList<>();
    Map<Path, String> rejected = new LinkedHashMap<>();
    List<Path> files = images.stream().map(LabeledImage::path).toList();
    predict(
        files,
        (file, answer, rejection) -> {
          int index = predictions.size() + rejected.size();
          answer.ifPresent(
              given ->
                  predictions.add(
                      TaskPrediction.of(
                          file.toString(), images.get(index).target(), given.probabilities())));
          rejection.ifPresent(reason -> rejected.put(file, reason));
          listener.progress("evaluating", index + 1L, images.size());
        });
    if (predictions.isEmpty()) {
      throw new IllegalArgumentException(
          "None of the %d images can be read, so there is nothing to evaluate: %s."
              .formatted(
                  images.size(),
                  rejected.entrySet().stream()
                      .findFirst()
                      .map(file -> file.getKey() + " " + file.getValue())
                      .orElse("the list is empty")));
    }
    return new Evaluated(
        Evaluation.of(labels().names(), predictions), List.copyOf(predictions), rejected);
  }

  @Override
  public void close() {
    try {
      reader.close();
    } finally {
      model.close();
    }
  }
}
