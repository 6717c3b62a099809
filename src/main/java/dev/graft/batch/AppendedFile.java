package dev.graft.batch;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** A file that only grows, from a length that is known to be good. */
final class AppendedFile extends OutputStream {
  private static final int BUFFER = 1 << 16;

  private final Path path;
  private final FileChannel channel;
  private final OutputStream out;
  private long length;

  private AppendedFile(Path path, FileChannel channel, long length) {
    this.path = path;
    this.channel = channel;
    this.out = new BufferedOutputStream(Channels.newOutputStream(channel), BUFFER);
    this.length = length;
  }

  /** Opens a file and forgets what is behind a length. */
  static AppendedFile open(Path path, long length) throws IOException {
    FileChannel channel =
        FileChannel.open(
            path, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    try {
      if (channel.size() < length) {
        throw new IOException(
            "%s has %d bytes, but %d were written: it was changed since; start again with --overwrite."
                .formatted(path, channel.size(), length));
      }
      channel.truncate(length);
      channel.position(length);
      return new AppendedFile(path, channel, length);
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  Path path() {
    return path;
  }

  /** Bytes so far. */
  long length() {
    return length;
  }

  @Override
  public void write(int value) throws IOException {
    out.write(value);
    length++;
  }

  @Override
  public void write(byte[] bytes, int from, int count) throws IOException {
    out.write(bytes, from, count);
    length += count;
  }

  /** Sees to it that all is on the disk. */
  void force() throws IOException {
    out.flush();
    channel.force(false);
  }

  /** Gives up what is not on the disk yet. */
  @Override
  public void close() throws IOException {
    channel.close();
  }
}
