package dev.graft.savedmodel;

import dev.graft.data.MaskedCrc;
import java.io.ByteArrayOutputStream;
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

  /**
   * Writes entries as a table of one block.
   *
   * @param entries key → value, sorted by the bytes of the keys
   * @return the whole file
   */
  static byte[] format(Map<String, byte[]> entries) {
    Blocks blocks = new Blocks();
    byte[] data = blocks.append(entries);
    byte[] meta = blocks.append(Map.of());
    String last = entries.keySet().stream().reduce("", (first, second) -> second);
    byte[] index = blocks.append(Map.of(last, data));
    blocks.out.writeBytes(
        ByteBuffer.allocate(FOOTER)
            .order(ByteOrder.LITTLE_ENDIAN)
            .put(meta)
            .put(index)
            .putLong(FOOTER - Long.BYTES, MAGIC)
            .array());
    return blocks.out.toByteArray();
  }

  /** Blocks written one after the other; each gives its handle, its offset and size. */
  private static final class Blocks {
    final ByteArrayOutputStream out = new ByteArrayOutputStream();

    byte[] append(Map<String, byte[]> entries) {
      byte[] block = block(entries);
      ByteArrayOutputStream handle = new ByteArrayOutputStream();
      putVarint(handle, out.size());
      putVarint(handle, block.length - 1);
      out.writeBytes(block);
      out.writeBytes(littleEndian(MaskedCrc.of(block, 0, block.length)));
      return handle.toByteArray();
    }

    /** Entries with whole keys, each a place to start reading from, and the compression type 0. */
    private static byte[] block(Map<String, byte[]> entries) {
      ByteArrayOutputStream block = new ByteArrayOutputStream();
      ByteArrayOutputStream restarts = new ByteArrayOutputStream();
      entries.forEach(
          (key, value) -> {
            restarts.writeBytes(littleEndian(block.size()));
            byte[] keyBytes = key.getBytes(StandardCharsets.UTF_8);
            putVarint(block, 0);
            putVarint(block, keyBytes.length);
            putVarint(block, value.length);
            block.writeBytes(keyBytes);
            block.writeBytes(value);
          });
      if (entries.isEmpty()) {
        restarts.writeBytes(littleEndian(0));
      }
      block.writeBytes(restarts.toByteArray());
      block.writeBytes(littleEndian(restarts.size() / Integer.BYTES));
      block.write(0);
      return block.toByteArray();
    }

    private static byte[] littleEndian(int value) {
      return ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array();
    }

    private static void putVarint(ByteArrayOutputStream out, int value) {
      int rest = value;
      for (; rest > 0x7f; rest >>>= 7) {
        out.write(rest & 0x7f | 0x80);
      }
      out.write(rest);
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
    block(footer); // of tables about the table: none are known, but it is to be whole
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
