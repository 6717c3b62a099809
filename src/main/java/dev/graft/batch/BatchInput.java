package dev.graft.batch;

import java.io.IOException;
import java.util.List;

/** Records in an order that is always the same. */
interface BatchInput {
  /** The columns that go over to the output. */
  List<Column> carried();

  /** Number of records. */
  long size();

  /**
   * The records from one on.
   *
   * @param index of the first, from 0
   */
  Records from(long index) throws IOException;
}
