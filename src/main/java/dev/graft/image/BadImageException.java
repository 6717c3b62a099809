package dev.graft.image;

/**
 * Says that bytes cannot be used as an image. The message is the end of a sentence that starts with
 * the name of the file, such as "is empty", and has no full stop.
 */
public final class BadImageException extends Exception {
  private static final long serialVersionUID = 1L;

  /** Takes the end of a sentence that starts with the name of the file. */
  public BadImageException(String reason) {
    super(reason);
  }

  BadImageException(String reason, Throwable cause) {
    super(reason, cause);
  }
}
