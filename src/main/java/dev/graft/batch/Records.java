package dev.graft.batch;

import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Iterator;
import java.util.NoSuchElementException;

/**
 * Records that are being read, counted; a failure of the disk is an {@link UncheckedIOException}.
 * Owns the file that they are read from; close it. For one thread.
 */
abstract class Records implements Iterator<InputRecord>, Closeable {
  private final long size;
  private long next;

  /** Records from the first on; {@code size} in all. */
  Records(long size) {
    this.size = size;
  }

  /** Passes over records. */
  abstract void skip(long count) throws IOException;

  /** Reads the next record, whose index is given. */
  abstract InputRecord read(long index) throws IOException;

  /** The records from an index on, from 0; closed where they can't be reached. */
  final Records from(long index) throws IOException {
    try {
      skip(index);
      next = index;
      return this;
    } catch (IOException | RuntimeException | Error e) {
      try (this) {
        throw e;
      }
    }
  }

  @Override
  public final boolean hasNext() {
    return next < size;
  }

  @Override
  public final InputRecord next() {
    if (!hasNext()) {
      throw new NoSuchElementException("All records were taken.");
    }
    try {
      return read(next++);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
