package dev.graft.savedmodel;

import dev.graft.data.MaskedCrc;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * A string tensor as a checkpoint stores it: the length of each element as a varint, a checksum of
 * the lengths, and the bytes of all elements.
 *
 * @see <a
 *     href="https://github.com/tensorflow/tensorflow/blob/v2.18.0/tensorflow/core/util/tensor_bundle/tensor_bundle.cc">tensor_bundle.cc,
 *     ReadStringTensor</a>
 */
final class StoredStrings {
  private StoredStrings() {}

  /** The elements; the shape says how many. */
  static List<byte[]> read(byte[] bytes, long... shape) {
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    long[] lengths = lengths(buffer, shape);
    buffer.getInt(); // checksum of the lengths, part of the whole one
    List<byte[]> elements = new ArrayList<>();
    for (long length : lengths) {
      byte[] element = new byte[bounded(buffer, length)];
      buffer.get(element);
      elements.add(element);
    }
    return elements;
  }

  /**
   * The checksum that the index should have: over the lengths as fixed-size numbers, then bytes.
   */
  static int checksum(byte[] bytes, long... shape) {
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    CRC32C crc = new CRC32C();
    for (long length : lengths(buffer, shape)) {
      int width = length <= 0xffffffffL ? Integer.BYTES : Long.BYTES;
      byte[] fixed = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(length).array();
      crc.update(fixed, 0, width);
    }
    crc.update(buffer);
    return MaskedCrc.mask((int) crc.getValue());
  }

  private static long[] lengths(ByteBuffer buffer, long... shape) {
    long count = 1;
    for (long size : shape) {
      count = Math.multiplyExact(count, size);
    }
    long[] lengths = new long[bounded(buffer, count)];
    for (int i = 0; i < lengths.length; i++) {
      lengths[i] = varint(buffer);
    }
    return lengths;
  }

  private static int bounded(ByteBuffer buffer, long size) {
    if (size < 0 || size > buffer.remaining()) {
      throw new IllegalArgumentException("its lengths do not fit its size");
    }
    return (int) size;
  }

  private static long varint(ByteBuffer buffer) {
    try {
      long value = 0;
      byte next = buffer.get();
      for (int shift = 0; shift < Long.SIZE; shift += 7) {
        value |= (next & 0x7fL) << shift;
        if (next >= 0) {
          return value;
        }
        next = buffer.get();
      }
    } catch (BufferUnderflowException e) {
      throw new IllegalArgumentException("its lengths do not fit its size", e);
    }
    throw new IllegalArgumentException("a length is too long");
  }
}
