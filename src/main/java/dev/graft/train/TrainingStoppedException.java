package dev.graft.train;

/** Training was asked to stop before it had learnt anything that could be exported. */
public final class TrainingStoppedException extends RuntimeException {
  private static final long serialVersionUID = 1;

  TrainingStoppedException(String message) {
    super(message);
  }
}
