package dev.graft.train;

/**
 * How the BatchNorm layers of a backbone run while they train. Frozen ones are in inference mode
 * either way.
 */
public enum BatchNorm {
  /** By their moving statistics, which stay as they are; only gamma and beta train. */
  INFERENCE(
      "BatchNorm in the backbone runs in inference mode: its moving statistics stay as they are."),

  /**
   * By the statistics of each batch, with the moving statistics updated and the dropout of unfrozen
   * layers active, as in Keras's {@code fit}. Takes a backbone exported with {@code graft-export
   * --with-training}.
   */
  TRAINING(
      "Unfrozen layers of the backbone run in training mode: BatchNorm by the statistics of each batch,"
          + " dropout active; the moving statistics are trained ones.");

  private final String note;

  BatchNorm(String note) {
    this.note = note;
  }

  /** One sentence for the report. */
  String note() {
    return note;
  }
}
