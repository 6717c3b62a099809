package dev.graft.batch;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/** Opens an input by what it is. */
final class Inputs {
  private static final String EXPECTED =
      "a folder of images, a list of paths (.txt or .csv), or a .parquet file";

  private static final int SNIFFED = 1 << 12;

  private Inputs() {}

  /**
   * Opens an input.
   *
   * @param labelled whether the name of an image's sub-folder is carried as {@code label}
   * @throws IllegalArgumentException when there is none, or it has no records
   */
  static BatchInput open(BatchSettings settings, Workspace workspace, boolean labelled)
      throws IOException {
    BatchInput input = opened(settings, workspace, labelled);
    if (input.size() == 0) {
      throw new IllegalArgumentException(
          settings.source().path()
              + " has no images: give a folder of images (or what --include says), a list of paths,"
              + " or a Parquet file with rows.");
    }
    return input;
  }

  private static BatchInput opened(BatchSettings settings, Workspace workspace, boolean labelled)
      throws IOException {
    Path input = settings.source().path();
    String name = String.valueOf(input.getFileName()).toLowerCase(Locale.ROOT);
    if (Files.isDirectory(input)) {
      return FolderInput.open(input, settings.source().filter(), workspace.path("list"), labelled);
    }
    if (!settings.source().filter().equals(PathFilter.none())) {
      throw new IllegalArgumentException(
          input + " is no folder: --include and --exclude choose the files of a folder.");
    }
    if (name.endsWith(".parquet")) {
      return ParquetInput.open(input, settings.source().column());
    }
    if (name.endsWith(".csv")) {
      return ListInput.csv(input, settings.source().column());
    }
    requireText(input);
    return ListInput.lines(input);
  }

  /** An image is no list of paths. */
  private static void requireText(Path input) throws IOException {
    try (InputStream in = Files.newInputStream(input)) {
      for (byte one : in.readNBytes(SNIFFED)) {
        if (one == 0) {
          throw new IllegalArgumentException(
              input
                  + " is no text; expected "
                  + EXPECTED
                  + " (graft predict takes single images).");
        }
      }
    }
  }

  /** What tells an input from others, and one state of it from another. */
  static String identity(Path input) {
    Path absolute = input.toAbsolutePath().normalize();
    if (Files.isDirectory(input)) {
      return "folder " + absolute;
    }
    try {
      return "file %s of %d bytes, changed %s"
          .formatted(absolute, Files.size(input), Files.getLastModifiedTime(input));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Refuses what is not there before a model is loaded. */
  static void requireThere(Path input) {
    if (!Files.exists(input)) {
      throw new IllegalArgumentException(input + " does not exist; expected " + EXPECTED + ".");
    }
  }
}
