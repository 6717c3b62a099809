package dev.graft.batch;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.graft.model.Calibration;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The folder {@code TARGET.partial} of a job that is not done: the files that grow, how far they
 * are good, and what the job was asked for. One process at a time has it. When the job is done, the
 * files are moved to their places and the folder goes.
 */
final class Workspace implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Path target;
  private final Path folder;
  private final FileChannel lockFile;
  private final JobState state;
  private final List<AppendedFile> opened = new ArrayList<>();

  private Workspace(Path target, Path folder, FileChannel lockFile, JobState state) {
    this.target = target;
    this.folder = folder;
    this.lockFile = lockFile;
    this.state = state;
  }

  /**
   * Whether a job is done already and need not be resumed.
   *
   * @throws IllegalArgumentException when something is in the way
   */
  static boolean isDone(Path target, WhenThere whenThere) {
    boolean begun = Files.exists(folder(target).resolve("job.json"));
    boolean whole = Files.exists(target);
    if (whenThere == WhenThere.RESUME) {
      return whole && !begun;
    }
    if (whenThere == WhenThere.REFUSE && begun) {
      throw new IllegalArgumentException(
          "%s holds an interrupted job: go on with --resume, or start again with --overwrite."
              .formatted(folder(target)));
    }
    if (whenThere == WhenThere.REFUSE && whole) {
      throw new IllegalArgumentException(
          target + " exists already: choose another --out, or replace it with --overwrite.");
    }
    return false;
  }

  /**
   * Requires that a result that is there was asked for as now.
   *
   * @param summary beside or in the result
   * @param settings by name; versions and platform may have changed since
   * @throws IllegalArgumentException when it was asked for something else
   */
  static void requireSame(Path target, Path summary, Map<String, String> settings)
      throws IOException {
    if (Files.exists(summary)) {
      Map<String, String> before =
          JSON.convertValue(JSON.readTree(summary.toFile()).path("job"), new TypeReference<>() {});
      difference(before, settings, settings.keySet())
          .ifPresent(
              what -> {
                throw new IllegalArgumentException(
                    target
                        + " is whole, but "
                        + what
                        + ": choose another --out, or replace it with --overwrite.");
              });
    }
  }

  /** The first part that differs, in words. */
  private static Optional<String> difference(
      Map<String, String> before, Map<String, String> now, Set<String> parts) {
    return parts.stream()
        .filter(part -> !Objects.equals(before.get(part), now.get(part)))
        .findFirst()
        .map(
            part ->
                "its %s was \"%s\" and is \"%s\" now"
                    .formatted(part, before.get(part), now.get(part)));
  }

  private static Path folder(Path target) {
    return target.resolveSibling(target.getFileName() + ".partial");
  }

  /**
   * Opens the folder.
   *
   * @throws IllegalArgumentException when another process works there
   */
  static Workspace open(Path given, WhenThere whenThere) throws IOException {
    Path target = given.toAbsolutePath().normalize();
    Path folder = Files.createDirectories(folder(target));
    FileChannel lockFile = lock(folder);
    try {
      if (whenThere != WhenThere.RESUME || !Files.exists(folder.resolve("job.json"))) {
        clear(folder);
      }
      JobState state = JobState.read(folder.resolve("state.json"));
      return new Workspace(target, folder, lockFile, state);
    } catch (IOException | RuntimeException e) {
      lockFile.close();
      throw e;
    }
  }

  private static FileChannel lock(Path folder) throws IOException {
    FileChannel channel =
        FileChannel.open(
            folder.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    FileLock lock = null;
    try {
      lock = channel.tryLock();
    } catch (OverlappingFileLockException e) {
      // said below
    }
    if (lock == null) {
      channel.close();
      throw new IllegalArgumentException(
          "Another process is at work in " + folder + ": wait for it, or choose another --out.");
    }
    return channel;
  }

  /** What the job was asked for goes last: a folder without it is no job. */
  private static void clear(Path folder) throws IOException {
    Files.deleteIfExists(folder.resolve("job.json"));
    for (Path file : files(folder)) {
      if (Files.isDirectory(file)) {
        clear(file);
        Files.delete(file);
      } else if (!file.endsWith("lock")) {
        Files.delete(file);
      }
    }
  }

  private static List<Path> files(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.toList();
    }
  }

  /**
   * Says what the job is asked for.
   *
   * @throws IllegalArgumentException when the job that is resumed was asked for something else
   */
  void require(Map<String, String> job) throws IOException {
    Path file = folder.resolve("job.json");
    if (!Files.exists(file)) {
      WholeFile.writeJson(file, job);
      return;
    }
    Map<String, String> before = JSON.readValue(file.toFile(), new TypeReference<>() {});
    Map<String, String> all = new LinkedHashMap<>(before);
    all.putAll(job);
    difference(before, job, all.keySet())
        .ifPresent(
            what -> {
              throw new IllegalArgumentException(
                  "The job in %s can't be resumed, because %s: ask for the same, or start again with --overwrite."
                      .formatted(folder, what));
            });
  }

  /** How the model ran before the job was interrupted. */
  Optional<Calibration> calibration() throws IOException {
    return calibration(folder);
  }

  /**
   * How the model of an interrupted job ran.
   *
   * @param target of the job
   */
  static Optional<Calibration> begun(Path target) throws IOException {
    return calibration(folder(target.toAbsolutePath().normalize()));
  }

  private static Optional<Calibration> calibration(Path folder) throws IOException {
    Path file = folder.resolve("job.json");
    return Files.exists(file)
        ? Optional.ofNullable(JSON.readTree(file.toFile()).path(JobFacts.CALIBRATION).textValue())
            .map(Calibration::parse)
        : Optional.empty();
  }

  JobState state() {
    return state;
  }

  Path path(String name) {
    return folder.resolve(name);
  }

  Path target() {
    return target;
  }

  /** Opens a file that grows, as long as it is good; closed with this, if not before. */
  AppendedFile append(String name) throws IOException {
    Path path = folder.resolve(name);
    Files.createDirectories(path.getParent());
    AppendedFile file = AppendedFile.open(path, state.length(name));
    opened.add(file);
    return file;
  }

  /** Makes what the files hold now what a resumed job goes on from. */
  void commit(List<AppendedFile> files) throws IOException {
    for (AppendedFile file : files) {
      file.force();
      String name = folder.relativize(file.path()).toString().replace('\\', '/');
      state.lengths.put(name, file.length());
    }
    state.write(folder.resolve("state.json"));
  }

  /** Moves a file or folder to its place; one that was moved before is left there. */
  void publish(String name, Path place) throws IOException {
    Path made = folder.resolve(name);
    if (!Files.exists(made)) {
      return;
    }
    if (Files.isDirectory(place)) {
      clear(place);
    }
    Files.move(made, place, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  /** Removes the folder of a job that is done. */
  void remove() throws IOException {
    clear(folder);
    lockFile.close();
    Files.deleteIfExists(folder.resolve("lock"));
    Files.delete(folder);
  }

  /** Leaves a job that can be resumed, and nothing of one that was never begun. */
  @Override
  public void close() throws IOException {
    try (lockFile) {
      for (AppendedFile file : opened) {
        file.close();
      }
      if (Files.exists(folder) && !Files.exists(folder.resolve("job.json"))) {
        remove();
      }
    }
  }
}
