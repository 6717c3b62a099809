package dev.graft.train;

import dev.graft.export.FolderDeletion;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.Stream;

/**
 * The folder of a run while it is being made: {@code RUN.unfinished}, beside the place to which it
 * is moved when it is whole. One process at a time works in it. Closing without {@link #finish}
 * leaves nothing behind, unless there is something to go on from.
 */
final class RunFolder implements AutoCloseable {
  private static final String UNFINISHED = ".unfinished";
  private static final String CHECKPOINT = "checkpoint";

  private final Path target;
  private final Path unfinished;
  private final List<Path> madeParents;
  private final boolean overwrite;
  private final FileChannel lockFile;
  private final Thread cleaner = new Thread(this::clean);
  private volatile boolean kept;

  private RunFolder(
      Path target, List<Path> madeParents, boolean overwrite, boolean kept, FileChannel lockFile) {
    this.target = target;
    this.unfinished = unfinished(target);
    this.madeParents = madeParents;
    this.overwrite = overwrite;
    this.kept = kept;
    this.lockFile = lockFile;
    // Ctrl-C may end the process without closing anything.
    Runtime.getRuntime().addShutdownHook(cleaner);
  }

  /**
   * Starts a run.
   *
   * @param overwrite whether a run that is there already is replaced
   * @throws IllegalArgumentException when something is there that must not be replaced, or a run
   *     that can be gone on with
   */
  static RunFolder begin(Path target, boolean overwrite) throws IOException {
    requireFree(target, overwrite);
    Path unfinished = unfinished(target);
    boolean worthKeeping = !new RunCheckpoints(unfinished.resolve(CHECKPOINT)).isEmpty();
    if (worthKeeping && !overwrite) {
      throw new IllegalArgumentException(
          "%s is a run that has not ended: go on with \"graft resume %s\", or begin anew with --overwrite."
              .formatted(unfinished, target));
    }
    List<Path> missing = missing(unfinished.getParent());
    Files.createDirectories(unfinished.getParent());
    Files.createDirectories(unfinished);
    FileChannel lockFile = lock(unfinished, () -> emptyBut(unfinished, "lock"));
    return new RunFolder(target, missing, overwrite, false, lockFile);
  }

  /**
   * Takes up a run that was begun, or one that is there already; that one stays until the new one
   * takes its place.
   *
   * @throws IllegalArgumentException when there is nothing to go on with
   */
  static RunFolder resume(Path target) throws IOException {
    Path unfinished = unfinished(target);
    boolean begun = isBegun(target);
    if (!begun && !Files.isRegularFile(target.resolve(CHECKPOINT).resolve("command.json"))) {
      throw nothingToGoOnWith(target);
    }
    Files.createDirectories(unfinished);
    FileChannel lockFile =
        lock(
            unfinished,
            () -> {
              emptyBut(unfinished, "lock", CHECKPOINT);
              if (!begun) {
                copy(target.resolve(CHECKPOINT), unfinished.resolve(CHECKPOINT));
              }
            });
    return new RunFolder(target, List.of(), true, begun, lockFile);
  }

  static IllegalArgumentException nothingToGoOnWith(Path target) {
    return new IllegalArgumentException(
        "There is no run to go on with: neither %s nor %s is there."
            .formatted(unfinished(target), target.resolve(CHECKPOINT)));
  }

  /** Where the run is before it is whole. */
  static Path unfinished(Path target) {
    Path absolute = target.toAbsolutePath().normalize();
    return absolute.resolveSibling(absolute.getFileName() + UNFINISHED);
  }

  /** The run that a folder belongs to: itself, or what it will be when it is whole. */
  static Path target(Path folder) {
    String name = folder.toAbsolutePath().normalize().getFileName().toString();
    return name.endsWith(UNFINISHED)
        ? folder.resolveSibling(name.substring(0, name.length() - UNFINISHED.length()))
        : folder;
  }

  /** Whether there is an unfinished run to go on with. */
  static boolean isBegun(Path target) {
    return Files.isDirectory(unfinished(target).resolve(CHECKPOINT));
  }

  /** The checkpoints of a run, of the unfinished one if there are two. */
  static RunCheckpoints checkpoints(Path target) {
    return new RunCheckpoints((isBegun(target) ? unfinished(target) : target).resolve(CHECKPOINT));
  }

  /** What is done to a folder before it is used. */
  @FunctionalInterface
  private interface Tidying {
    void run() throws IOException;
  }

  /** Locks a folder and tidies it; where that fails, it is not locked. */
  private static FileChannel lock(Path unfinished, Tidying tidying) throws IOException {
    FileChannel lockFile = lock(unfinished);
    try {
      tidying.run();
      return lockFile;
    } catch (IOException | RuntimeException e) {
      try (lockFile) {
        throw e;
      }
    }
  }

  private static FileChannel lock(Path unfinished) throws IOException {
    FileChannel channel =
        FileChannel.open(
            unfinished.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    try {
      FileLock lock = channel.tryLock();
      if (lock != null) {
        return channel;
      }
    } catch (OverlappingFileLockException e) {
      // The same as a lock of another process.
    }
    channel.close();
    throw new IllegalArgumentException(
        unfinished + " is in use: another graft trains this run; wait for it, or end it.");
  }

  private static void emptyBut(Path folder, String... spared) throws IOException {
    try (Stream<Path> inside = Files.list(folder)) {
      for (Path path : inside.toList()) {
        if (!List.of(spared).contains(path.getFileName().toString())) {
          FolderDeletion.delete(path);
        }
      }
    }
  }

  /** Copies a folder, which appears whole. */
  private static void copy(Path from, Path to) throws IOException {
    Path partial = to.resolveSibling(to.getFileName() + ".partial");
    try (Stream<Path> walk = Files.walk(from)) {
      for (Path path : walk.toList()) {
        Files.copy(path, partial.resolve(from.relativize(path).toString()));
      }
    }
    Files.move(partial, to, StandardCopyOption.ATOMIC_MOVE);
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
    return unfinished;
  }

  /** The checkpoints of this run. */
  RunCheckpoints checkpoints() {
    return new RunCheckpoints(unfinished.resolve(CHECKPOINT));
  }

  /** From now on there is something to go on from. */
  void keep() {
    kept = true;
  }

  /** Whether closing leaves something to go on from. */
  boolean isKept() {
    return kept;
  }

  /** Makes the run appear, whole, in the place of one that is there. */
  void finish() throws IOException {
    requireFree(target, overwrite);
    checkpoints().keepLatest();
    lockFile.close();
    Files.deleteIfExists(unfinished.resolve("lock"));
    Path replaced = unfinished.resolveSibling("." + target.getFileName() + ".replaced");
    if (Files.exists(target)) {
      FolderDeletion.delete(replaced);
      Files.move(target, replaced, StandardCopyOption.ATOMIC_MOVE);
    }
    Files.move(unfinished, target, StandardCopyOption.ATOMIC_MOVE);
    FolderDeletion.delete(replaced);
  }

  private void clean() {
    try {
      lockFile.close();
      if (!kept) {
        FolderDeletion.delete(unfinished);
        deleteMadeParents();
      }
    } catch (IOException e) {
      System.getLogger(RunFolder.class.getName())
          .log(System.Logger.Level.WARNING, "Could not delete " + unfinished, e);
    }
  }

  @Override
  public void close() throws IOException {
    try {
      Runtime.getRuntime().removeShutdownHook(cleaner);
    } catch (IllegalStateException e) {
      return; // The process is ending, and the cleaner is at work.
    }
    lockFile.close();
    if (!kept || !Files.exists(unfinished.resolve(CHECKPOINT))) {
      FolderDeletion.delete(unfinished);
      deleteMadeParents();
    }
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
