package dev.graft.train;

/**
 * A variable that training must not change.
 *
 * @param name as in Keras
 * @param before SHA-256 of its values in the backbone: what the handoff says, or without one what
 *     was read
 * @param after SHA-256 of its values, re-read from the exported checkpoint on disk
 */
public record FrozenVariable(String name, String before, String after) {
  /** Whether both are the same. */
  public boolean isUntouched() {
    return before.equals(after);
  }
}
