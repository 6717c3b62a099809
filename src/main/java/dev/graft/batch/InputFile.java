package dev.graft.batch;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What tells one state of a file from another. */
final class InputFile {
  private InputFile() {}

  static String identity(Path file) {
    try {
      return "file %s of %d bytes, changed %s"
          .formatted(
              file.toAbsolutePath().normalize(), Files.size(file), Files.getLastModifiedTime(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
