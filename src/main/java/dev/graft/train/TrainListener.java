package dev.graft.train;

import dev.graft.metrics.Epoch;

/** What a caller may watch while a model trains. Called on the training thread; keep it short. */
public interface TrainListener {
  /**
   * A part of the work has moved on.
   *
   * @param task what is being done, in a few words
   * @param done units of work that are finished
   * @param total units of work in the task
   */
  default void progress(String task, long done, long total) {}

  /** An epoch has ended. */
  default void epoch(Epoch epoch) {}

  /** Something that people should know and that does not stop the run; one sentence. */
  default void note(String sentence) {}

  /** Watches nothing. */
  static TrainListener none() {
    return new TrainListener() {};
  }
}
