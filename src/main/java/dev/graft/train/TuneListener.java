package dev.graft.train;

/** What a caller may watch while settings are tuned. */
public interface TuneListener extends TrainListener {
  /**
   * A trial has ended, or is known from an earlier start.
   *
   * @param done trials so far, this one among them
   * @param planned trials in all
   */
  default void trial(Trial trial, int done, int planned) {}

  /** Watches nothing. */
  static TuneListener none() {
    return new TuneListener() {};
  }
}
