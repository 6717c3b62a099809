package dev.graft.batch;

/** Hears how far a job is. Called often and on the job's thread; keep it short. */
@FunctionalInterface
public interface BatchListener {
  /**
   * More records are done.
   *
   * @param done records of the input that are done, those of earlier starts included
   * @param total records of the input
   * @param rejected how many of them could not be used
   */
  void progress(long done, long total, long rejected);

  /** What the result will take, before or soon after the job begins; one sentence. */
  default void plan(String sentence) {}

  /** Hears nothing. */
  static BatchListener none() {
    return (done, total, rejected) -> {};
  }
}
