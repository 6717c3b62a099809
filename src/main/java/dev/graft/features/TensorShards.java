package dev.graft.features;

import dev.graft.data.NpyHeader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * The rows of one tensor, in {@code .npy} files of a bounded size. Rows are written by one thread
 * at a time and read by any number, through read-only maps. A row's checksum is compared once,
 * before its first use.
 */
final class TensorShards {
  private static final int STAGING_BYTES = 1 << 20;
  private static final byte GOOD = 1;
  private static final byte BAD = 2;

  private final Path folder;
  private final String prefix;
  private final FeatureSpec spec;
  private final int headerBytes;
  private final int rowBytes;
  private final int rowsPerShard;

  /** Used by the writing thread. */
  private final ByteBuffer staging =
      ByteBuffer.allocateDirect(STAGING_BYTES).order(ByteOrder.LITTLE_ENDIAN);

  private volatile Shard[] shards = new Shard[0];
  private volatile Checks checks = new Checks(new int[0], new byte[0]);

  TensorShards(Path folder, String prefix, FeatureSpec spec, long shardBytes) {
    this.folder = folder;
    this.prefix = prefix;
    this.spec = spec;
    this.headerBytes = header(0).remaining();
    this.rowBytes = spec.rowBytes();
    this.rowsPerShard = (int) Math.max(1, (shardBytes - headerBytes) / rowBytes);
  }

  /** What is mapped of a file. */
  private record Shard(ByteBuffer bytes, int rows) {}

  /**
   * The checksum of each row and whether it was compared. Only the writing thread replaces the
   * arrays; a reader that notes a result in arrays just replaced makes another reader compare
   * again, nothing worse.
   */
  private record Checks(int[] checksums, byte[] states) {}

  FeatureSpec spec() {
    return spec;
  }

  /** The expected checksum of a row from now on. */
  void expect(int row, int checksum) {
    Checks current = checks;
    if (row >= current.checksums.length) {
      int capacity = Math.max(row + 1, current.checksums.length * 3 / 2 + 64);
      current =
          new Checks(
              Arrays.copyOf(current.checksums, capacity), Arrays.copyOf(current.states, capacity));
    }
    current.checksums[row] = checksum;
    checks = current;
  }

  /** Whether the row is on disk as it was written; looked at once in the life of this object. */
  boolean isGood(int row) throws IOException {
    Checks current = checks;
    if (row >= current.states.length) {
      return false;
    }
    if (current.states[row] == 0) {
      current.states[row] = matches(row, current.checksums[row]) ? GOOD : BAD;
    }
    return current.states[row] == GOOD;
  }

  private boolean matches(int row, int checksum) throws IOException {
    Shard shard = shard(row);
    int local = row % rowsPerShard;
    if (local >= shard.rows) {
      return false;
    }
    CRC32C crc = new CRC32C();
    crc.update(bytes(shard, local));
    return (int) crc.getValue() == checksum;
  }

  private ByteBuffer bytes(Shard shard, int localRow) {
    return shard.bytes.slice(headerBytes + localRow * rowBytes, rowBytes);
  }

  /** Copies a row that is good to a buffer's position and moves the position behind it. */
  void copy(int row, FloatBuffer target) throws IOException {
    spec.stored().read(bytes(shard(row), row % rowsPerShard), target);
  }

  private Shard shard(int row) throws IOException {
    int index = row / rowsPerShard;
    Shard[] current = shards;
    if (index < current.length
        && current[index] != null
        && current[index].rows > row % rowsPerShard) {
      return current[index];
    }
    return map(index, row % rowsPerShard);
  }

  private synchronized Shard map(int index, int localRow) throws IOException {
    Shard[] current = shards;
    if (index < current.length && current[index] != null && current[index].rows > localRow) {
      return current[index];
    }
    Shard[] grown = Arrays.copyOf(current, Math.max(current.length, index + 1));
    grown[index] = map(file(index));
    shards = grown;
    return grown[index];
  }

  private Shard map(Path file) throws IOException {
    if (!Files.exists(file) || Files.size(file) < headerBytes) {
      return new Shard(ByteBuffer.allocate(0), 0);
    }
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      long rows = Math.min(rowsPerShard, (channel.size() - headerBytes) / rowBytes);
      ByteBuffer bytes =
          channel.map(FileChannel.MapMode.READ_ONLY, 0, headerBytes + rows * rowBytes);
      return new Shard(bytes, (int) rows);
    }
  }

  /**
   * Writes rows behind the rows that exist and waits until the disk has them. They do not count
   * before the index says so.
   *
   * @param firstRow number of rows that exist
   * @param batch rows after one another from the buffer's position, which stays
   * @param chosen which rows of the batch to write, in this order
   * @return the checksum of each row written
   */
  int[] write(int firstRow, FloatBuffer batch, List<Integer> chosen) throws IOException {
    int[] checksums = new int[chosen.size()];
    for (int done = 0; done < checksums.length; ) {
      int row = firstRow + done;
      int n = Math.min(checksums.length - done, rowsPerShard - row % rowsPerShard);
      try (Appender appender = new Appender(row)) {
        for (int i = done; i < done + n; i++) {
          checksums[i] = appender.add(batch, batch.position() + chosen.get(i) * spec.rowSize());
        }
        appender.finish();
      }
      done += n;
    }
    return checksums;
  }

  /** Rows on their way to the end of one file, by way of a buffer outside of the heap. */
  private final class Appender implements AutoCloseable {
    private final CRC32C crc = new CRC32C();
    private final FileChannel channel;
    private long position;

    Appender(int row) throws IOException {
      channel = openForWriting(row / rowsPerShard);
      staging.clear();
      position = headerBytes + (long) (row % rowsPerShard) * rowBytes;
    }

    int add(FloatBuffer source, int start) throws IOException {
      crc.reset();
      for (int done = 0; done < spec.rowSize(); ) {
        if (!staging.hasRemaining()) {
          flush();
        }
        int n = Math.min(spec.rowSize() - done, staging.remaining() / spec.stored().bytes());
        int from = staging.position();
        spec.stored().write(source, start + done, n, staging);
        crc.update(staging.slice(from, staging.position() - from));
        done += n;
      }
      return (int) crc.getValue();
    }

    private void flush() throws IOException {
      int bytes = staging.flip().remaining();
      ChannelBytes.writeFully(channel, staging, position);
      position += bytes;
      staging.clear();
    }

    void finish() throws IOException {
      flush();
      channel.force(false);
    }

    @Override
    public void close() throws IOException {
      channel.close();
    }
  }

  /**
   * Gives every file the length and the header of the given number of rows, so that numpy reads
   * exactly these.
   *
   * @param firstChanged files with rows before this one only are left as they are
   */
  void setRows(int firstChanged, int rows) throws IOException {
    for (int index = firstChanged / rowsPerShard; index < shardsOf(rows); index++) {
      int local = Math.min(rowsPerShard, rows - index * rowsPerShard);
      try (FileChannel channel = openForWriting(index)) {
        setLength(channel, headerBytes + (long) local * rowBytes);
        ChannelBytes.writeFully(channel, header(local), 0);
      }
    }
    for (int index = shardsOf(rows); Files.exists(file(index)); index++) {
      Files.delete(file(index));
    }
  }

  private int shardsOf(int rows) {
    return (int) (((long) rows + rowsPerShard - 1) / rowsPerShard);
  }

  private static void setLength(FileChannel channel, long length) throws IOException {
    if (channel.size() < length) {
      ChannelBytes.writeFully(channel, ByteBuffer.allocate(1), length - 1);
    } else if (channel.size() > length) {
      channel.truncate(length);
    }
  }

  private FileChannel openForWriting(int index) throws IOException {
    return FileChannel.open(file(index), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
  }

  private Path file(int index) {
    return folder.resolve("%s-%05d.npy".formatted(prefix, index));
  }

  private ByteBuffer header(int rows) {
    List<Long> shape = new ArrayList<>(spec.rowShape());
    shape.add(0, (long) rows);
    return NpyHeader.encode(spec.stored().type(), shape);
  }

  /** Lets go of the maps; the memory is given back when nothing refers to them any more. */
  synchronized void unmap() {
    shards = new Shard[0];
  }
}
