package dev.graft.savedmodel;

import java.io.IOException;
import java.nio.file.Path;

/**
 * A file or folder that cannot be used as a model. The message is one sentence that names the path,
 * what is wrong with it, and the fix.
 */
public final class ModelFormatException extends IOException {
  private static final long serialVersionUID = 1;

  private final transient Path path;

  /**
   * Says what is wrong.
   *
   * @param path the file or folder
   * @param message a whole sentence, path included
   */
  public ModelFormatException(Path path, String message) {
    super(message);
    this.path = path;
  }

  /**
   * Says what is wrong and keeps the failure that showed it.
   *
   * @param path the file or folder
   * @param message a whole sentence, path included
   * @param cause the failure
   */
  public ModelFormatException(Path path, String message, Throwable cause) {
    super(message, cause);
    this.path = path;
  }

  /** The file or folder that cannot be used. */
  public Path path() {
    return path;
  }
}
