package dev.graft.cli;

/**
 * A command did its work, but the result misses what the caller asked of it, such as an accuracy.
 * Thrown after the result is printed; ends the process with {@link ExitCode#GATE_NOT_MET}.
 */
final class GateNotMetException extends RuntimeException {
  GateNotMetException(String message) {
    super(message);
  }
}
