package dev.graft.batch;

import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;

/**
 * Where a job's records are.
 *
 * @param path a folder of images; or a {@code .parquet} file with their bytes or paths; or a {@code
 *     .csv} file or a list of lines with their paths
 * @param filter which files of a folder
 * @param column of the file that has the bytes or paths; if not said, it is found
 */
public record Source(Path path, PathFilter filter, Optional<String> column) {
  /** Checks that nothing is missing. */
  public Source {
    Objects.requireNonNull(path, "path");
    Objects.requireNonNull(filter, "filter");
  }

  /** All that is there. */
  public static Source of(Path path) {
    return new Source(path, PathFilter.none(), Optional.empty());
  }

  /** With other files of a folder. */
  public Source withFilter(PathFilter other) {
    return new Source(path, other, column);
  }

  /** With another column of the file. */
  public Source withColumn(String other) {
    return new Source(path, filter, Optional.of(other));
  }
}
