package dev.graft.data;

/** Hears how far a long task is. Called on whatever thread does the work; keep it short. */
@FunctionalInterface
public interface ProgressListener {
  /**
   * A part of the work is done.
   *
   * @param task what is being done, in a few words
   * @param done units of work that are finished
   * @param total units of work in the task
   */
  void progress(String task, long done, long total);

  /** Hears nothing. */
  static ProgressListener none() {
    return (task, done, total) -> {};
  }
}
