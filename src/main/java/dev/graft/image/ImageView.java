package dev.graft.image;

import dev.graft.data.Sha256;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Objects;

/**
 * An image as it is, or a view of it that an augmentation makes.
 *
 * @param path the image
 * @param number of the view, 0 or more; {@link #ORIGINAL} for the image as it is
 */
public record ImageView(Path path, long number) implements ImageSource {
  /** In place of a number. */
  public static final long ORIGINAL = -1;

  /** Checks the number. */
  public ImageView {
    Objects.requireNonNull(path, "path");
    if (number < ORIGINAL) {
      throw new IllegalArgumentException("A view's number must be 0 or more, got " + number + ".");
    }
  }

  /** The image as it is. */
  public static ImageView original(Path path) {
    return new ImageView(path, ORIGINAL);
  }

  @Override
  public byte[] read() throws IOException, BadImageException {
    return new ImageFile(path).read();
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

  /** The path. */
  @Override
  public String toString() {
    return path.toString();
  }
}
