package dev.graft.features;

import java.nio.ByteBuffer;
import java.util.HexFormat;

/**
 * A SHA-256 value in 32 bytes instead of 64 letters: the index of a million images is held in
 * memory.
 */
record ImageHash(long first, long second, long third, long fourth) {
  static final int BYTES = 32;

  static ImageHash parse(String sha256) {
    if (sha256.length() != 2 * BYTES) {
      throw notAHash(sha256);
    }
    try {
      return new ImageHash(
          HexFormat.fromHexDigitsToLong(sha256, 0, 16),
          HexFormat.fromHexDigitsToLong(sha256, 16, 32),
          HexFormat.fromHexDigitsToLong(sha256, 32, 48),
          HexFormat.fromHexDigitsToLong(sha256, 48, 64));
    } catch (NumberFormatException e) {
      throw notAHash(sha256);
    }
  }

  private static IllegalArgumentException notAHash(String text) {
    return new IllegalArgumentException(
        "An image is named by the 64 hexadecimal digits of its SHA-256, but got \"" + text + "\".");
  }

  static ImageHash get(ByteBuffer bytes) {
    return new ImageHash(bytes.getLong(), bytes.getLong(), bytes.getLong(), bytes.getLong());
  }

  void put(ByteBuffer bytes) {
    bytes.putLong(first).putLong(second).putLong(third).putLong(fourth);
  }
}
