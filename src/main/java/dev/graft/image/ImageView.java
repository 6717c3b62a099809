package dev.graft.image;

import dev.graft.data.Sha256;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Objects;

/**
 * An image as it is, or a view of it that an augmentation makes.
 *
 * @param file the image
 * @param number of the view, 0 or more; {@link #ORIGINAL} for the image as it is
 */
public record ImageView(Path file, long number) {
  /** In place of a number. */
  public static final long ORIGINAL = -1;

  /** Checks the number. */
  public ImageView {
    Objects.requireNonNull(file, "file");
    if (number < ORIGINAL) {
      throw new IllegalArgumentException("A view's number must be 0 or more, got " + number + ".");
    }
  }

  /** The image as it is. */
  public static ImageView original(Path file) {
    return new ImageView(file, ORIGINAL);
  }

  /**
   * What the view is found by.
   *
   * @param sha256 of the file's bytes, 64 hexadecimal digits
   * @return the same for an original, else 64 digits that follow from it and the number
   */
  public String key(String sha256) {
    return number == ORIGINAL
        ? sha256
        : Sha256.of((sha256 + " view " + number).getBytes(StandardCharsets.US_ASCII));
  }
}
