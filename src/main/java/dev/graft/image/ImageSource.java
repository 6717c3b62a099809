package dev.graft.image;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.util.Objects;

/**
 * Where the bytes of an image come from: {@link ImageFile}, bytes or an image in memory, or
 * something of one's own. Read on whatever thread prepares the image; {@code toString} names it in
 * messages.
 */
@FunctionalInterface
public interface ImageSource {
  /**
   * The bytes of the image's file.
   *
   * @throws BadImageException when there are none that could be an image
   * @throws IOException when they can't be read; the image is then rejected with that reason
   */
  byte[] read() throws IOException, BadImageException;

  /** The bytes of an image's file, which must not change. */
  static ImageSource of(byte[] file) {
    Objects.requireNonNull(file, "file");
    return () -> file;
  }

  /**
   * An image in memory, which must not change. Its pixels are taken in sRGB with 8 bits a channel,
   * without alpha; a grey image's as they are.
   */
  static ImageSource of(BufferedImage image) {
    Objects.requireNonNull(image, "image");
    return () -> Bitmap.of(image);
  }
}
