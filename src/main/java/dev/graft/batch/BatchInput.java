package dev.graft.batch;

import java.io.Closeable;
import java.io.IOException;
import java.util.Iterator;
import java.util.List;

/** Records in an order that is always the same. */
interface BatchInput {
  /** The columns that go over to the output. */
  List<Column> carried();

  /** Number of records. */
  long size();

  /** What tells that the input is still the same. */
  String identity();

  /**
   * The records from one on; a failure of the disk is an {@link java.io.UncheckedIOException}.
   *
   * @param index of the first, from 0
   */
  Records from(long index) throws IOException;

  /** Records that are being read. */
  interface Records extends Iterator<InputRecord>, Closeable {}
}
