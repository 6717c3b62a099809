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

  /** Hears nothing. */
  static BatchListener none() {
    return (done, total, rejected) -> {};
  }
}
