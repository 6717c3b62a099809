package dev.graft.train;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.graft.export.FolderDeletion;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * The checkpoints of a run: a folder with the command in {@code command.json} and the two latest
 * checkpoints, each in a folder of its own that appears whole. A damaged one is passed over.
 */
final class RunCheckpoints {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String PREFIX = "values";
  private static final int KEPT = 2;

  private final Path folder;

  RunCheckpoints(Path folder) {
    this.folder = folder;
  }

  /** Writes down which command makes the run, so that it can be gone on with. */
  void writeCommand(List<String> words) throws IOException {
    Files.createDirectories(folder);
    Path partial = folder.resolve("command.json.partial");
    Files.write(partial, JSON.writeValueAsBytes(words));
    Files.move(
        partial,
        folder.resolve("command.json"),
        StandardCopyOption.ATOMIC_MOVE,
        StandardCopyOption.REPLACE_EXISTING);
  }

  /**
   * The words of the command that makes the run.
   *
   * @throws IOException when they can't be read
   */
  List<String> command() throws IOException {
    return Arrays.asList(JSON.readValue(folder.resolve("command.json").toFile(), String[].class));
  }

  /** Whether a run was begun here. */
  boolean isThere() {
    return Files.isRegularFile(folder.resolve("command.json"));
  }

  /** Whether there is no checkpoint, whole or not. */
  boolean isEmpty() throws IOException {
    return folders().isEmpty();
  }

  /** Writes one more checkpoint and deletes those that are no longer needed. */
  void write(RunCheckpoint checkpoint) throws IOException {
    List<Path> before = folders();
    long number = before.isEmpty() ? 1 : number(before.get(before.size() - 1)) + 1;
    Path partial = folder.resolve("partial");
    FolderDeletion.delete(partial);
    Files.createDirectories(partial);
    checkpoint.write(partial.resolve(PREFIX));
    force(partial);
    Files.move(partial, folder.resolve("%09d".formatted(number)), StandardCopyOption.ATOMIC_MOVE);
    for (Path old : before.subList(0, Math.max(0, before.size() + 1 - KEPT))) {
      FolderDeletion.delete(old);
    }
  }

  /** Has the files reach the disk before the name does. */
  private static void force(Path partial) throws IOException {
    try (Stream<Path> files = Files.list(partial)) {
      for (Path file : files.toList()) {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
          channel.force(true);
        }
      }
    }
  }

  /**
   * The latest checkpoint that is whole; empty if there is none.
   *
   * @param notes hears of each that is not
   */
  Optional<RunCheckpoint> latest(Consumer<String> notes) throws IOException {
    List<Path> newestFirst = folders();
    Collections.reverse(newestFirst);
    for (Path candidate : newestFirst) {
      try {
        RunCheckpoint checkpoint = RunCheckpoint.read(candidate.resolve(PREFIX));
        requireVersion(candidate, checkpoint.state().version());
        return Optional.of(checkpoint);
      } catch (IOException e) {
        notes.accept(
            "The checkpoint %s can't be used, so the run goes on from before it: %s"
                .formatted(candidate, e.getMessage()));
      }
    }
    return Optional.empty();
  }

  private static void requireVersion(Path candidate, int version) {
    if (version != RunState.VERSION) {
      throw new IllegalArgumentException(
          "The checkpoint %s has version %d, but this Graft reads version %d: go on with the Graft that wrote it."
              .formatted(candidate, version, RunState.VERSION));
    }
  }

  /** Deletes all but the latest. */
  void keepLatest() throws IOException {
    List<Path> all = folders();
    for (Path old : all.subList(0, Math.max(0, all.size() - 1))) {
      FolderDeletion.delete(old);
    }
    FolderDeletion.delete(folder.resolve("partial"));
  }

  private List<Path> folders() throws IOException {
    if (!Files.isDirectory(folder)) {
      return new ArrayList<>();
    }
    try (Stream<Path> inside = Files.list(folder)) {
      return new ArrayList<>(
          inside
              .filter(path -> path.getFileName().toString().matches("\\d{9}"))
              .sorted(Comparator.comparingLong(RunCheckpoints::number))
              .toList());
    }
  }

  private static long number(Path checkpoint) {
    return Long.parseLong(checkpoint.getFileName().toString());
  }
}
