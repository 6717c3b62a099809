package dev.graft.train;

import dev.graft.metrics.Epoch;
import dev.graft.metrics.History;
import dev.graft.report.EventFile;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Writes each epoch for TensorBoard, with the folders and tags of {@code
 * keras.callbacks.TensorBoard}, so that runs of both lie in one chart; all other news it hands on.
 */
final class EpochEvents implements TrainListener, Closeable {
  private final TrainListener next;
  private final EventFile training;
  private final EventFile validation;

  private EpochEvents(TrainListener next, EventFile training, EventFile validation) {
    this.next = next;
    this.training = training;
    this.validation = validation;
  }

  /** Writes to {@code train/} and {@code validation/} below a folder. */
  static EpochEvents in(Path folder, TrainListener next) throws IOException {
    EventFile training = EventFile.create(folder.resolve("train"), Clock.systemUTC());
    try {
      return new EpochEvents(
          next, training, EventFile.create(folder.resolve("validation"), Clock.systemUTC()));
    } catch (IOException e) {
      training.close();
      throw e;
    }
  }

  /** Writes the epochs of a run that goes on, whose listener has heard of them. */
  void repeat(History history) {
    history.epochs().forEach(this::write);
  }

  @Override
  public void epoch(Epoch epoch) {
    write(epoch);
    next.epoch(epoch);
  }

  private void write(Epoch epoch) {
    try {
      Map<String, Double> values = values(epoch.loss(), epoch.accuracy());
      values.put("epoch_learning_rate", epoch.learningRate());
      training.scalars(epoch.number(), values);
      validation.scalars(
          epoch.number(), values(epoch.validationLoss(), epoch.validationAccuracy()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Map<String, Double> values(double loss, double accuracy) {
    Map<String, Double> values = new LinkedHashMap<>();
    values.put("epoch_loss", loss);
    values.put("epoch_accuracy", accuracy);
    return values;
  }

  @Override
  public void progress(String task, long done, long total) {
    next.progress(task, done, total);
  }

  @Override
  public void step(TrainingStep step) {
    next.step(step);
  }

  @Override
  public void plan(String sentence) {
    next.plan(sentence);
  }

  @Override
  public void note(String sentence) {
    next.note(sentence);
  }

  @Override
  public boolean isStopAsked() {
    return next.isStopAsked();
  }

  @Override
  public void close() throws IOException {
    try {
      validation.close();
    } finally {
      training.close();
    }
  }
}
