package dev.graft.features;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * Which image is in which row. Row {@code i} is the {@code i}-th record of the file: the image's
 * SHA-256 (32 bytes), the row, the CRC32C of the row in each tensor, and the CRC32C of the record
 * itself (32 bits each, big-endian). A row exists as soon as its record is whole; a record is never
 * changed afterwards.
 */
final class IndexFile {
  private static final int RECORDS_AT_ONCE = 1 << 14;

  private final Path file;
  private final int tensors;
  private final int recordBytes;

  IndexFile(Path file, int tensors) {
    this.file = file;
    this.tensors = tensors;
    this.recordBytes = ImageHash.BYTES + Integer.BYTES * (tensors + 2);
  }

  /** Takes the records that are whole; the checksums are one a tensor. */
  interface Visitor {
    void row(int row, ImageHash image, int[] checksums);
  }

  /** Number of rows, whole or damaged. */
  int rows() throws IOException {
    return Files.exists(file)
        ? (int) Math.min(Integer.MAX_VALUE, Files.size(file) / recordBytes)
        : 0;
  }

  /** Reads the records of rows {@code from} to {@code to}, leaving out those that are damaged. */
  void read(int from, int to, Visitor visitor) throws IOException {
    if (from == to) {
      return;
    }
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      for (int row = from; row < to; ) {
        int n = Math.min(RECORDS_AT_ONCE, to - row);
        ByteBuffer records = ByteBuffer.allocate(n * recordBytes);
        ChannelBytes.readFully(channel, records, (long) row * recordBytes);
        for (int i = 0; i < n; i++, row++) {
          readRecord(records.slice(i * recordBytes, recordBytes), row, visitor);
        }
      }
    }
  }

  private void readRecord(ByteBuffer bytes, int row, Visitor visitor) {
    int expected = checksum(bytes.slice(0, recordBytes - Integer.BYTES));
    ImageHash image = ImageHash.get(bytes);
    int storedRow = bytes.getInt();
    int[] checksums = new int[tensors];
    bytes.asIntBuffer().get(checksums);
    if (bytes.getInt(recordBytes - Integer.BYTES) == expected && storedRow == row) {
      visitor.row(row, image, checksums);
    }
  }

  /**
   * Appends records.
   *
   * @param firstRow number of records before; what lies after them is overwritten
   * @param checksums for each image one a tensor
   */
  void append(int firstRow, List<ImageHash> images, int[][] checksums) throws IOException {
    ByteBuffer records = ByteBuffer.allocate(images.size() * recordBytes);
    for (int i = 0; i < images.size(); i++) {
      int start = records.position();
      images.get(i).put(records);
      records.putInt(firstRow + i);
      for (int checksum : checksums[i]) {
        records.putInt(checksum);
      }
      records.putInt(checksum(records.slice(start, recordBytes - Integer.BYTES)));
    }
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      ChannelBytes.writeFully(channel, records.flip(), (long) firstRow * recordBytes);
      channel.force(false);
    }
  }

  /** Drops what lies after the given number of records. */
  void truncate(int rows) throws IOException {
    if (Files.exists(file)) {
      try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
        channel.truncate((long) rows * recordBytes);
      }
    }
  }

  private static int checksum(ByteBuffer bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes);
    return (int) crc.getValue();
  }
}
