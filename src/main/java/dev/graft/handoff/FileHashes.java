package dev.graft.handoff;

import dev.graft.data.Sha256;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * SHA-256 of the files of a model's folder, by path with {@code /}. Files of any size are streamed.
 */
final class FileHashes {

  private FileHashes() {}

  static Map<String, String> of(Path folder) throws IOException {
    Map<String, String> hashes = new TreeMap<>();
    for (String path : paths(folder)) {
      hashes.put(path, Sha256.of(folder.resolve(path)));
    }
    return hashes;
  }

  static FileDifferences compare(Path folder, Map<String, String> expected) throws IOException {
    List<String> present = paths(folder);
    Map<String, String> changed = new TreeMap<>();
    for (String path : present) {
      String hash = expected.get(path);
      if (hash != null && !hash.equals(Sha256.of(folder.resolve(path)))) {
        changed.put(path, hash);
      }
    }
    return new FileDifferences(
        expected.keySet().stream().filter(path -> !present.contains(path)).sorted().toList(),
        List.copyOf(changed.keySet()),
        present.stream().filter(path -> !expected.containsKey(path)).toList());
  }

  /**
   * All files except the handoff, sorted. Links are followed: some stores of models are made of
   * them.
   */
  private static List<String> paths(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder, FileVisitOption.FOLLOW_LINKS)) {
      return files
          .filter(Files::isRegularFile)
          .map(file -> slashed(folder.relativize(file)))
          .filter(path -> !path.equals(Handoff.FILE_NAME))
          .sorted()
          .toList();
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  private static String slashed(Path path) {
    return StreamSupport.stream(path.spliterator(), false)
        .map(Path::toString)
        .collect(Collectors.joining("/"));
  }
}
