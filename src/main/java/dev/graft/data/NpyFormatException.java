package dev.graft.data;

import java.io.IOException;
import java.nio.file.Path;

/**
 * A {@code .npy} file that cannot be used; the message names the file, what was expected, and what
 * was found.
 */
public final class NpyFormatException extends IOException {
  private static final long serialVersionUID = 1;

  private final transient Path file;

  NpyFormatException(Path file, String problem) {
    super(file + " " + problem);
    this.file = file;
  }

  /** The file that cannot be used; null after deserialization. */
  public Path file() {
    return file;
  }
}
