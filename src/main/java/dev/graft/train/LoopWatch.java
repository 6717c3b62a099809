package dev.graft.train;

/** What a loop calls while it trains; a trainer is asked for its state only where it is needed. */
interface LoopWatch {
  /** Who hears of steps and epochs. */
  TrainListener listener();

  /**
   * A step has ended, and training could go on from here. Returns whether it should end instead.
   */
  boolean stepEnded(Trainer trainer);

  /** An epoch has ended, was validated, and training could go on from here. */
  void epochEnded(Trainer trainer);

  /** Goes on to the end, unless the listener asks to stop, and keeps nothing. */
  static LoopWatch of(TrainListener listener) {
    return new LoopWatch() {
      @Override
      public TrainListener listener() {
        return listener;
      }

      @Override
      public boolean stepEnded(Trainer trainer) {
        return listener.isStopAsked();
      }

      @Override
      public void epochEnded(Trainer trainer) {}
    };
  }
}
