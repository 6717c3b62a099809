package dev.graft.savedmodel;

import java.util.zip.CRC32C;

/**
 * TensorFlow's checksum of stored bytes: CRC-32C, rotated and shifted so that a checksum of data
 * that holds checksums stays sound.
 */
final class MaskedCrc {
  private static final int DELTA = 0xa282ead8;

  private MaskedCrc() {}

  static int of(byte[] bytes, int offset, int length) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, offset, length);
    return mask((int) crc.getValue());
  }

  static int mask(int crc) {
    return ((crc >>> 15) | (crc << 17)) + DELTA;
  }
}
