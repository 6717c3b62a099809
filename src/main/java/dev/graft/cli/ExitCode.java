package dev.graft.cli;

/** What the process tells its caller. */
enum ExitCode {
  /** All was done. */
  DONE(0),
  /** Something went wrong on the way. */
  FAILED(1),
  /** The command line made no sense. */
  WRONG_USAGE(2),
  /** All was done, and the result is not good enough. */
  GATE_NOT_MET(3),
  /** Ctrl-C was pressed. */
  INTERRUPTED(130);

  private final int code;

  ExitCode(int code) {
    this.code = code;
  }

  int code() {
    return code;
  }
}
