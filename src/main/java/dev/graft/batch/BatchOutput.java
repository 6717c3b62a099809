package dev.graft.batch;

import java.io.Closeable;
import java.io.IOException;
import java.util.List;
import java.util.OptionalLong;

/** Where rows go. What was written until {@link #seal} can be taken up again. */
interface BatchOutput extends Closeable {
  /** Writes a row, a value a column. */
  void write(List<Object> row) throws IOException;

  /** Ends a part; afterwards all is in the files. */
  void seal() throws IOException;

  /** Makes the files whole, after the last {@link #seal}; may be done twice. */
  void finish() throws IOException;

  /** The files that grow. */
  List<AppendedFile> files();

  /** Bytes that a row takes, if that is known before any is written. */
  default OptionalLong rowBytes() {
    return OptionalLong.empty();
  }

  @Override
  default void close() throws IOException {
    for (AppendedFile file : files()) {
      file.close();
    }
  }
}
