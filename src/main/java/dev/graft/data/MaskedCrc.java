package dev.graft.data;

import java.util.zip.CRC32C;

/**
 * TensorFlow's checksum of stored bytes: CRC-32C, rotated and shifted so that a checksum of data
 * that holds checksums stays sound.
 */
public final class MaskedCrc {
  private static final int DELTA = 0xa282ead8;

  private MaskedCrc() {}

  /** Of {@code length} bytes from {@code offset} on. */
  public static int of(byte[] bytes, int offset, int length) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, offset, length);
    return mask((int) crc.getValue());
  }

  /** Of bytes whose CRC-32C is known. */
  public static int mask(int crc) {
    return ((crc >>> 15) | (crc << 17)) + DELTA;
  }
}
