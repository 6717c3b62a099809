package dev.graft.features;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/** Whole buffers to and from a place in a file; a channel's own methods may do a part. */
final class ChannelBytes {
  private ChannelBytes() {}

  /** Writes what remains of the buffer. */
  static void writeFully(FileChannel channel, ByteBuffer bytes, long position) throws IOException {
    long at = position;
    while (bytes.hasRemaining()) {
      at += channel.write(bytes, at);
    }
  }

  /** Fills the buffer and flips it. */
  static void readFully(FileChannel channel, ByteBuffer bytes, long position) throws IOException {
    while (bytes.hasRemaining()) {
      if (channel.read(bytes, position + bytes.position()) < 0) {
        throw new EOFException("A file became shorter while it was read.");
      }
    }
    bytes.flip();
  }
}
