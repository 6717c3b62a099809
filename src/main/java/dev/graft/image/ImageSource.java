package dev.graft.image;

import java.io.IOException;

/**
 * Where the bytes of an image come from. Read on whatever thread prepares the image; {@code
 * toString} names it in messages.
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
}
