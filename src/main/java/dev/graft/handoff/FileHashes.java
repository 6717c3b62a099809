package dev.graft.handoff;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
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
  private static final int CHUNK_BYTES = 1 << 18;

  private FileHashes() {}

  static Map<String, String> of(Path folder) throws IOException {
    Map<String, String> hashes = new TreeMap<>();
    for (String path : paths(folder)) {
      hashes.put(path, sha256(folder.resolve(path)));
    }
    return hashes;
  }

  static FileDifferences compare(Path folder, Map<String, String> expected) throws IOException {
    List<String> present = paths(folder);
    Map<String, String> changed = new TreeMap<>();
    for (String path : present) {
      String hash = expected.get(path);
      if (hash != null && !hash.equals(sha256(folder.resolve(path)))) {
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

  private static String sha256(Path file) throws IOException {
    MessageDigest digest = sha256();
    byte[] chunk = new byte[CHUNK_BYTES];
    try (InputStream bytes = Files.newInputStream(file)) {
      for (int n = bytes.read(chunk); n >= 0; n = bytes.read(chunk)) {
        digest.update(chunk, 0, n);
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("Every Java platform has SHA-256", e);
    }
  }
}
