package dev.graft.data;

import java.nio.file.Path;
import java.util.Objects;

/**
 * A file or folder that was found but left out of the data.
 *
 * @param path what was left out
 * @param reason why, as the end of a sentence that starts with the path
 */
public record SkippedFile(Path path, String reason) {
  public SkippedFile {
    Objects.requireNonNull(path, "path");
    Objects.requireNonNull(reason, "reason");
  }
}
