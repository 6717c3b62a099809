package dev.graft.train;

import dev.graft.export.FolderDeletion;
import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * The folder of a run while it is being made: everything is written beside it and moved when it is
 * whole. Closing without {@link #finish} leaves nothing behind.
 */
final class RunFolder implements AutoCloseable {
  private final Path target;
  private final Path partial;
  private final List<Path> madeParents;
  private final boolean overwrite;
  private final Thread cleaner = new Thread(this::deletePartial);

  private RunFolder(Path target, Path partial, List<Path> madeParents, boolean overwrite) {
    this.target = target;
    this.partial = partial;
    this.madeParents = madeParents;
    this.overwrite = overwrite;
    // Ctrl-C ends the process without closing anything.
    Runtime.getRuntime().addShutdownHook(cleaner);
  }

  private void deletePartial() {
    try {
      FolderDeletion.delete(partial);
      deleteMadeParents();
    } catch (IOException e) {
      System.getLogger(RunFolder.class.getName())
          .log(System.Logger.Level.WARNING, "Could not delete " + partial, e);
    }
  }

  /**
   * Starts a run.
   *
   * @param overwrite whether a run that is there already is replaced
   * @throws IllegalArgumentException when something is there that must not be replaced
   */
  static RunFolder create(Path target, boolean overwrite) throws IOException {
    requireFree(target, overwrite);
    Path parent = target.toAbsolutePath().normalize().getParent();
    List<Path> missing = missing(parent);
    Files.createDirectories(parent);
    // Not createTempDirectory, whose folders only their owner can read.
    Path partial = parent.resolve("." + target.getFileName() + ".partial-" + UUID.randomUUID());
    return new RunFolder(target, Files.createDirectory(partial), missing, overwrite);
  }

  /** The folder and those above it that are not there, the deepest first. */
  private static List<Path> missing(Path folder) {
    return Stream.iterate(folder, path -> path != null && !Files.exists(path), Path::getParent)
        .toList();
  }

  private static void requireFree(Path target, boolean overwrite) throws IOException {
    if (!Files.exists(target)) {
      return;
    }
    if (!Files.isDirectory(target)) {
      throw new IllegalArgumentException(
          target + " is a file, expected a folder for the run: choose another --out.");
    }
    if (isEmpty(target)) {
      return;
    }
    if (!overwrite) {
      throw new IllegalArgumentException(
          target + " exists already: choose another --out, or replace it with --overwrite.");
    }
    if (!Files.exists(target.resolve("run.json"))) {
      throw new IllegalArgumentException(
          target
              + " is not the folder of a run (it has no run.json), so --overwrite does not"
              + " replace it: choose another --out.");
    }
  }

  private static boolean isEmpty(Path target) throws IOException {
    try (Stream<Path> inside = Files.list(target)) {
      return inside.findAny().isEmpty();
    }
  }

  /** Where the parts of the run are written. */
  Path path() {
    return partial;
  }

  /** Makes the run appear, whole. */
  void finish() throws IOException {
    requireFree(target, overwrite);
    FolderDeletion.delete(target);
    Files.move(partial, target, StandardCopyOption.ATOMIC_MOVE);
  }

  @Override
  public void close() throws IOException {
    try {
      Runtime.getRuntime().removeShutdownHook(cleaner);
    } catch (IllegalStateException e) {
      return; // The process is ending, and the cleaner is at work.
    }
    FolderDeletion.delete(partial);
    deleteMadeParents();
  }

  private void deleteMadeParents() throws IOException {
    try {
      for (Path parent : madeParents) {
        Files.deleteIfExists(parent);
      }
    } catch (DirectoryNotEmptyException e) {
      // The run is in it, or somebody else has put something there since.
    }
  }
}
