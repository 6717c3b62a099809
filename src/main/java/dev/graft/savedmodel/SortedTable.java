package dev.graft.savedmodel;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The entries of a sorted string table, the format of a checkpoint's index.
 *
 * @see <a href="https://github.com/google/leveldb/blob/main/doc/table_format.md">the format</a>
 */
final class SortedTable {
  private static final long MAGIC = 0xdb4775248b80fb57L;
  private static final int FOOTER = 48;
  private static final int BLOCK_TRAILER = 5;

  private final byte[] file;

  private SortedTable(byte[] file) {
    this.file = file;
  }

  /**
   * Reads all entries.
   *
   * @param file the whole file
   * @return key → value, sorted by key
   * @throws IllegalArgumentException if this is no such table, or it is damaged
   */
  static Map<String, byte[]> parse(byte[] file) {
    try {
      return new SortedTable(file).entries();
    } catch (BufferUnderflowException | IndexOutOfBoundsException e) {
      throw new IllegalArgumentException("an entry points outside the file", e);
    }
  }

  private Map<String, byte[]> entries() {
    if (file.length < FOOTER) {
      throw new IllegalArgumentException("it has " + file.length + " bytes, too few for a footer");
    }
    ByteBuffer footer = buffer(file.length - FOOTER, FOOTER);
    if (footer.getLong(FOOTER - Long.BYTES) != MAGIC) {
      throw new IllegalArgumentException("it does not end as an index file ends");
    }
    skipHandle(footer);
    Map<String, byte[]> entries = new LinkedHashMap<>();
    for (byte[] handle : block(footer).values()) {
      entries.putAll(block(ByteBuffer.wrap(handle)));
    }
    return entries;
  }

  private Map<String, byte[]> block(ByteBuffer handle) {
    int offset = varint(handle);
    int size = varint(handle);
    ByteBuffer trailer = buffer(offset + size, BLOCK_TRAILER);
    if (trailer.get() != 0) {
      throw new IllegalArgumentException("its blocks are compressed, which checkpoints never are");
    }
    if (trailer.getInt() != MaskedCrc.of(file, offset, size + 1)) {
      throw new IllegalArgumentException("the checksum of a block does not match");
    }
    return blockEntries(buffer(offset, size));
  }

  private static Map<String, byte[]> blockEntries(ByteBuffer block) {
    int restarts = block.getInt(block.limit() - Integer.BYTES);
    block.limit(block.limit() - Integer.BYTES * (restarts + 1));
    Map<String, byte[]> entries = new LinkedHashMap<>();
    byte[] key = new byte[0];
    while (block.hasRemaining()) {
      int shared = varint(block);
      int added = varint(block);
      byte[] value = new byte[boundedBy(block, varint(block))];
      key = Arrays.copyOf(Arrays.copyOf(key, shared), shared + boundedBy(block, added));
      block.get(key, shared, added).get(value);
      entries.put(new String(key, StandardCharsets.UTF_8), value);
    }
    return entries;
  }

  private static int boundedBy(ByteBuffer block, int size) {
    if (size > block.remaining()) {
      throw new BufferUnderflowException();
    }
    return size;
  }

  private ByteBuffer buffer(int offset, int length) {
    if (offset < 0 || length < 0 || offset > file.length - length) {
      throw new BufferUnderflowException();
    }
    return ByteBuffer.wrap(file, offset, length).slice().order(ByteOrder.LITTLE_ENDIAN);
  }

  private static void skipHandle(ByteBuffer buffer) {
    varint(buffer);
    varint(buffer);
  }

  private static int varint(ByteBuffer buffer) {
    long value = 0;
    for (int shift = 0; shift < Long.SIZE; shift += 7) {
      byte next = buffer.get();
      value |= (next & 0x7fL) << shift;
      if (next >= 0) {
        return checkedSize(value);
      }
    }
    throw new IllegalArgumentException("a number is too long");
  }

  private static int checkedSize(long value) {
    if (value < 0 || value > Integer.MAX_VALUE) {
      throw new BufferUnderflowException();
    }
    return (int) value;
  }
}
