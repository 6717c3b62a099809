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
import dev.graft.image.ImageShape;
import dev.graft.image.ImageSource;
import dev.graft.metrics.Evaluation;
import dev.graft.metrics.Prediction;
import dev.graft.model.Calibration;
import dev.graft.model.ImagePipeline;
import dev.graft.model.TaskPrediction;
import dev.graft.savedmodel.ModelFormatException;
import dev.graft.tensor.Arithmetic;
import dev.graft.tensor.HostTensor;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.RejectedExecutionException;
import java.util.stream.Stream;

/**
 * A trained classifier that answers images. Owns a graph, two sessions, their memory and threads;
 * close it. Safe for many threads: an answer does not depend on what else is asked at the same
 * time, and has the same bits alone, in a list and beside any other calls.
 *
 * <p>Images of concurrent calls are run together, see {@link MicroBatching}, in bounded memory;
 * lists and streams have threads of their own.
 */
public final class Predictor implements AutoCloseable {
  private final ServedModel model;
  private final ImageReader reader;
  private final AnswerOutput output;
  private final String hash;
  private final PredictorListener listener;
  private final MicroBatcher calls;

  private Predictor(
      ServedModel model,
      ImageReader reader,
      AnswerOutput output,
      String hash,
      PredictorSettings settings) {
    this.model = model;
    this.reader = reader;
    this.output = output;
    this.hash = hash;
    this.listener = settings.listener();
    this.calls =
        new MicroBatcher(
            settings.microBatching(),
            listener,
            Runtime.getRuntime().availableProcessors(),
            images -> output.answers(ImagePipeline.run(model.graph(), reader.shape(), images)));
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
    return load(modelOrRun, PredictorSettings.defaults());
  }

  /**
   * Loads a classifier with a handoff and runs it once, so that the first call is as fast as the
   * others.
   *
   * @param modelOrRun a SavedModel folder or a run's folder
   * @throws ModelFormatException when it is no classifier that can be used: no model, no handoff,
   *     no probabilities, no preparation
   * @throws IllegalArgumentException when the model has no layer that {@link
   *     PredictorSettings#features} names
   * @throws IOException when it can't be read
   */
  public static Predictor load(Path modelOrRun, PredictorSettings settings) throws IOException {
    Path folder = ModelFolder.of(modelOrRun);
    ServedModel model = ServedModel.open(folder, settings.arithmetic(), settings.features());
    ImageReader reader = null;
    try {
      Handoff handoff = AnswerOutput.handoff(folder, model.handoff());
      handoff.checkFiles(folder);
      AnswerOutput output = AnswerOutput.of(folder, handoff);
      reader =
          ImageReader.open(
              handoff
                  .preparation()
                  .orElseThrow(() -> AnswerOutput.unusable(folder, "no image preparation")),
              settings.decoding());
      warm(model, reader);
      String hash = Sha256.of(folder.resolve(Handoff.FILE_NAME));
      return new Predictor(model, reader, output, hash, settings);
    } catch (IOException | RuntimeException | Error e) {
      close(reader, model);
      throw e;
    }
  }

  /** As {@link #load(Path)}, with an arithmetic. */
  public static Predictor load(Path modelOrRun, Arithmetic arithmetic) throws IOException {
    return load(modelOrRun, PredictorSettings.defaults().withArithmetic(arithmetic));
  }

  /**
   * Loads a classifier of others, which need have no handoff; one that is there is not read.
   *
   * @param folder a SavedModel folder
   * @param foreign what the model does not say of itself
   * @throws ModelFormatException when it can't be used: no model, other inputs than images
   * @throws IllegalArgumentException when it has no such signature or output, when the output is
   *     not what was described, or when features were asked for
   * @throws IOException when it can't be read
   */
  public static Predictor load(Path folder, ForeignClassifier foreign, PredictorSettings settings)
      throws IOException {
    if (settings.features().wanted()) {
      throw new IllegalArgumentException(
          "The layers of %s are not known without a handoff, so it gives no features: export it with graft-export."
              .formatted(folder));
    }
    ImageReader reader = ImageReader.open(foreign.preparation(), settings.decoding());
    ServedModel model = null;
    try {
      model = ServedModel.open(folder, settings.arithmetic(), foreign.signature(), reader.shape());
      AnswerOutput output = AnswerOutput.of(folder, model, foreign, warm(model, reader));
      return new Predictor(model, reader, output, hash(folder), settings);
    } catch (IOException | RuntimeException | Error e) {
      close(reader, model);
      throw e;
    }
  }

  /** What the model makes of two blank images. */
  private static List<HostTensor> warm(ServedModel model, ImageReader reader) {
    ImageShape shape = reader.shape();
    BufferedImage blank =
        new BufferedImage(shape.width(), shape.height(), BufferedImage.TYPE_INT_RGB);
    try {
      float[] values = reader.read(ImageSource.of(blank).read());
      return ImagePipeline.run(model.graph(), shape, List.of(values, values));
    } catch (BadImageException | IOException e) {
      throw new IllegalStateException("A blank image " + e.getMessage() + ".", e);
    }
  }

  /** Of the files that make a SavedModel. */
  private static String hash(Path folder) throws IOException {
    return Sha256.of(
        out -> {
          Files.copy(folder.resolve("saved_model.pb"), out);
          Path variables = folder.resolve("variables");
          if (Files.isDirectory(variables)) {
            try (Stream<Path> files = Files.list(variables)) {
              for (Path file : files.sorted().toList()) {
                Files.copy(file, out);
              }
            }
          }
        });
  }

  private static void close(ImageReader reader, ServedModel model) {
    try {
      if (reader != null) {
        reader.close();
      }
    } finally {
      if (model != null) {
        model.close();
      }
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
   * SHA-256 of the model's {@code handoff.json}, which holds that of every other file, or of the
   * files of a foreign model: equal hashes, equal models.
   */
  public String hash() {
    return hash;
  }

  /** How images are prepared. */
  public Preparation preparation() {
    return reader.preparation();
  }

  /**
   * Answers one image, together with those of concurrent calls.
   *
   * @param image the bytes of an image's file
   * @throws BadImageException when they are no such file
   * @throws RejectedExecutionException when too many calls wait already
   * @throws CancellationException when the thread is interrupted; its flag is then set
   */
  public Answer predict(byte[] image) throws BadImageException {
    return calls.answer(() -> reader.read(image));
  }

  /**
   * As {@link #predict(byte[])}, of a file.
   *
   * @throws BadImageException also when it can't be read
   */
  public Answer predict(Path image) throws BadImageException {
    return predict(new ImageFile(image));
  }

  /** As {@link #predict(byte[])}, of an image in memory, see {@link ImageSource}. */
  public Answer predict(BufferedImage image) throws BadImageException {
    return predict(ImageSource.of(image));
  }

  /**
   * As {@link #predict(byte[])}, of bytes from anywhere.
   *
   * @throws BadImageException also when they can't be read
   */
  public Answer predict(ImageSource image) throws BadImageException {
    return calls.answer(
        () -> {
          try {
            return reader.read(image.read());
          } catch (IOException e) {
            throw new BadImageException("cannot be read: " + e);
          }
        });
  }

  /**
   * As {@link #predict(byte[])}, of an image that is prepared already: given to the model as it is.
   *
   * @param image {@code [height, width, channels]} as the model takes them
   * @throws IllegalArgumentException when the shape is another, or a value is not finite
   */
  public Answer predict(float[][][] image) {
    float[] values = PreparedValues.of(reader.shape(), image);
    try {
      return calls.answer(() -> values);
    } catch (BadImageException e) {
      throw new IllegalStateException("Prepared values need no preparation.", e);
    }
  }

  /**
   * Answers prepared images, in order, as {@link #predict(float[][][])} does.
   *
   * @throws IllegalArgumentException when the shape of one is another, or a value is not finite
   */
  public List<Answer> predictPrepared(List<float[][][]> images) {
    List<Answer> answers = new ArrayList<>();
    for (int from = 0; from < images.size(); from += Calibration.STANDARD_BATCH) {
      List<float[]> batch =
          images.subList(from, Math.min(images.size(), from + Calibration.STANDARD_BATCH)).stream()
              .map(image -> PreparedValues.of(reader.shape(), image))
              .toList();
      long began = System.nanoTime();
      List<HostTensor> outputs = ImagePipeline.run(model.graph(), reader.shape(), batch);
      listener.ran(batch.size(), Duration.ofNanos(System.nanoTime() - began));
      answers.addAll(output.answers(outputs));
    }
    return answers;
  }

  /**
   * Answers a list of images, on all processors, in order. A bad image has a rejection in place of
   * an answer.
   *
   * @throws CancellationException when the thread is interrupted; its flag is then set
   */
  public <S extends ImageSource> List<Predicted<S>> predict(List<S> images) {
    try (Stream<Predicted<S>> answers = predict(images.stream())) {
      return answers.toList();
    }
  }

  /**
   * Answers a stream of images of any length in bounded memory, on all processors, in order. Close
   * the result, unless it is taken to its end, before this.
   *
   * @param images asked for on the thread that takes the answers, only a little ahead
   * @return of what became of each; throws {@link CancellationException} when the thread is
   *     interrupted
   */
  public <S extends ImageSource> Stream<Predicted<S>> predict(Stream<S> images) {
    return start(images.iterator()).stream().onClose(images::close);
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
    return start(sources, threads, Calibration.standard(threads));
  }

  /**
   * As the other {@code start}, in the way that was found to suit the machine.
   *
   * @param threads that prepare images, at least 1
   */
  public <S extends ImageSource> Predictions<S> start(
      Iterator<? extends S> sources, int threads, Calibration calibration) {
    ImagePipeline pipeline = new ImagePipeline(model.graph(), reader, threads, calibration);
    return new Predictions<>(pipeline.start(sources), this::predicted);
  }

  private <S extends ImageSource> List<Predicted<S>> predicted(ImagePipeline.Chunk<S> chunk) {
    List<Answer> answers = chunk.outputs().isEmpty() ? List.of() : output.answers(chunk.outputs());
    if (!answers.isEmpty()) {
      listener.ran(answers.size(), chunk.time());
    }
    List<Predicted<S>> predicted =
        Predictions.inOrder(
            chunk,
            model.outputs(),
            (source, row, outputs) -> Predicted.of(source, answers.get(row), outputs));
    predicted.forEach(image -> image.rejection().ifPresent(listener::rejected));
    return predicted;
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
      calls.close();
    } finally {
      close(reader, model);
    }
  }
}
