package dev.graft.image;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Adds up the pixels of all frames of a GIF without decoding them. TensorFlow decodes every frame,
 * even where only the first is used, and each frame states a size of its own. <a
 * href="https://www.w3.org/Graphics/GIF/spec-gif89a.txt">Format</a>.
 */
final class GifFrames {
  private static final int EXTENSION = 0x21;
  private static final int FRAME = 0x2c;
  private static final int END = 0x3b;

  private final ByteBuffer gif;

  private GifFrames(byte[] image) {
    gif = ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN);
  }

  static long pixels(byte[] image) throws BadImageException {
    long pixels = new GifFrames(image).sum();
    if (pixels == 0) {
      throw new BadImageException("is a GIF without a pixel");
    }
    return pixels;
  }

  /** A file that ends early has the frames that are in it, as for TensorFlow. */
  private long sum() {
    long pixels = 0;
    try {
      skip(10); // "GIF89a" and the size of the screen, which TensorFlow ignores
      int screen = next();
      skip(2);
      skipColours(screen);
      for (int block = next(); block != END; block = next()) {
        if (block == FRAME) {
          skip(4);
          pixels += Math.multiplyFull(nextShort(), nextShort());
          skipColours(next());
          skip(1);
          skipSubBlocks();
        } else if (block == EXTENSION) {
          skip(1);
          skipSubBlocks();
        }
      }
    } catch (BufferUnderflowException e) {
      return pixels;
    }
    return pixels;
  }

  /** Skips the table of colours that the flags announce. */
  private void skipColours(int flags) {
    if ((flags & 0x80) != 0) {
      skip(3 << ((flags & 7) + 1));
    }
  }

  private void skipSubBlocks() {
    for (int length = next(); length != 0; length = next()) {
      skip(length);
    }
  }

  private int next() {
    return Byte.toUnsignedInt(gif.get());
  }

  private int nextShort() {
    return Short.toUnsignedInt(gif.getShort());
  }

  private void skip(int length) {
    if (length > gif.remaining()) {
      throw new BufferUnderflowException();
    }
    gif.position(gif.position() + length);
  }
}
