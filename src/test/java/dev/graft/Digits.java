package dev.graft;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** A part of {@code testdata/digits}. */
final class Digits {
  static final Path FOLDER = Path.of("testdata", "digits");

  private Digits() {}

  /** Copies the first images of some digits. */
  static Path copy(Path folder, int images, String... digits) throws IOException {
    for (String digit : digits) {
      Files.createDirectories(folder.resolve(digit));
      for (int i = 0; i < images; i++) {
        String name = "%s/%03d.png".formatted(digit, i);
        Files.copy(FOLDER.resolve(name), folder.resolve(name));
      }
    }
    return folder;
  }

  /** All of them, sorted by path. */
  static List<Path> all() throws IOException {
    try (Stream<Path> files = Files.walk(FOLDER)) {
      return files.filter(file -> file.toString().endsWith(".png")).sorted().toList();
    }
  }

  /** An empty folder below {@code target}, where files too large for {@code /tmp} go. */
  static Path emptyTarget(String name) throws IOException {
    Path folder = Path.of("target", "it", name);
    if (Files.exists(folder)) {
      try (Stream<Path> inside = Files.walk(folder)) {
        for (Path path : inside.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(path);
        }
      }
    }
    return Files.createDirectories(folder);
  }
}
