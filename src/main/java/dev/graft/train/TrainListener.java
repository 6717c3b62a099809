package dev.graft.train;

import dev.graft.data.ProgressListener;
import dev.graft.metrics.Epoch;

/** What a caller may watch while a model trains. */
public interface TrainListener extends ProgressListener {
  @Override
  default void progress(String task, long done, long total) {}

  /** What is going to be done, before it begins; one sentence. */
  default void plan(String sentence) {}

  /** A step has ended. */
  default void step(TrainingStep step) {}

  /** An epoch has ended. */
  default void epoch(Epoch epoch) {}

  /** Something that people should know and that does not stop the run; one sentence. */
  default void note(String sentence) {}

  /**
   * Whether training should end after this step. What was learnt so far is then evaluated and
   * exported, and {@code TransferLearning.resume} can go on. Asked often, so answer at once.
   */
  default boolean isStopAsked() {
    return false;
  }

  /** Watches nothing. */
  static TrainListener none() {
    return new TrainListener() {};
  }
}
