package dev.graft.cli;

/** Shows how far some work is, until it is closed. Safe for several threads. */
interface Progress extends AutoCloseable {
  /** Shows nothing. */
  Progress SILENT =
      new Progress() {
        @Override
        public void step(long steps) {}

        @Override
        public void note(String note) {}

        @Override
        public void close() {}
      };

  /** Counts steps that were done since the last call. */
  void step(long steps);

  /** Sets the few words that stand behind the count, such as {@code loss 0.31}. */
  void note(String note);

  @Override
  void close();
}
