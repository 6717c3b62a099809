package dev.graft.batch;

import java.io.ByteArrayInputStream;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import org.apache.parquet.format.FileMetaData;
import org.apache.parquet.format.RowGroup;
import org.apache.parquet.format.SchemaElement;
import org.apache.parquet.format.Util;

/** A Parquet file that is read: its footer, and bytes of it. */
final class ParquetFile implements Closeable {
  private static final int TAIL = 8;

  private final Path path;
  private final FileChannel channel;
  private final FileMetaData footer;

  private ParquetFile(Path path, FileChannel channel, FileMetaData footer) {
    this.path = path;
    this.channel = channel;
    this.footer = footer;
  }

  /**
   * Opens a file.
   *
   * @throws IllegalArgumentException when it is no Parquet file that can be used
   */
  static ParquetFile open(Path path) throws IOException {
    FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
    try {
      return new ParquetFile(path, channel, footer(path, channel));
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  private static FileMetaData footer(Path path, FileChannel channel) throws IOException {
    long size = channel.size();
    byte[] tail = size < TAIL ? new byte[TAIL] : read(channel, size - TAIL, TAIL);
    String magic = new String(tail, 4, 4, StandardCharsets.US_ASCII);
    int length = ByteBuffer.wrap(tail).order(ByteOrder.LITTLE_ENDIAN).getInt();
    if (magic.equals("PARE")) {
      throw new IllegalArgumentException(path + " is encrypted; write it without encryption.");
    }
    if (!magic.equals("PAR1") || length < 0 || length > size - TAIL) {
      throw new IllegalArgumentException(
          path + " is no whole Parquet file: it does not end as one.");
    }
    try {
      byte[] footer = read(channel, size - TAIL - length, length);
      return Util.readFileMetaData(new ByteArrayInputStream(footer));
    } catch (IOException | RuntimeException e) {
      throw new IllegalArgumentException(
          path + " is a damaged Parquet file: its footer can't be read.", e);
    }
  }

  private static byte[] read(FileChannel channel, long position, int length) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(length);
    while (bytes.hasRemaining()) {
      if (channel.read(bytes, position + bytes.position()) < 0) {
        throw new IOException("The file ends too early.");
      }
    }
    return bytes.array();
  }

  Path path() {
    return path;
  }

  List<SchemaElement> schema() {
    return footer.getSchema();
  }

  List<RowGroup> groups() {
    return footer.getRow_groups();
  }

  long rows() {
    return footer.getNum_rows();
  }

  /** Bytes of the file, fewer if it ends before. */
  byte[] upTo(long position, int length) throws IOException {
    return read(channel, position, (int) Math.min(length, channel.size() - position));
  }

  byte[] read(long position, int length) throws IOException {
    return read(channel, position, length);
  }

  /** Whether the column of a path is in a group as it is in the schema. */
  static boolean isAt(List<String> path, String[] descriptor) {
    return path.equals(Arrays.asList(descriptor));
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
