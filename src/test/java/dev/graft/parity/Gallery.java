package dev.graft.parity;

import dev.graft.PythonEnvironment;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** Where rows come from: Python makes most of them, some are committed. */
final class Gallery {
  private static final Path COMMITTED = Path.of("testdata", "parity");
  private static final Path PYTHON = Path.of("python-export");

  private Gallery() {}

  /** Folders of the rows that other versions of Keras and TensorFlow saved. */
  static List<Path> committed() throws IOException {
    try (Stream<Path> folders = Files.list(COMMITTED)) {
      return folders.filter(Files::isDirectory).sorted().toList();
    }
  }

  /** Names of the rows that {@link #make} knows. */
  static List<String> names(Path folder) throws IOException {
    python("--list", folder.toString());
    return Files.readAllLines(folder.resolve("rows.txt"));
  }

  /** Makes rows below a folder, with every optimizer. */
  static void make(Path folder, List<String> rows) {
    List<String> arguments = new ArrayList<>(List.of(folder.toString()));
    arguments.addAll(rows);
    python(arguments.toArray(String[]::new));
  }

  /** Makes rows below a folder, with two optimizers each. */
  static void makeShort(Path folder, List<String> rows) {
    List<String> arguments = new ArrayList<>(List.of("--short", folder.toString()));
    arguments.addAll(rows);
    python(arguments.toArray(String[]::new));
  }

  static void delete(Path folder) throws IOException {
    if (Files.exists(folder)) {
      try (Stream<Path> files = Files.walk(folder)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
  }

  private static void python(String... arguments) {
    List<String> command = new ArrayList<>(List.of("-m", "parity"));
    command.addAll(List.of(arguments));
    int exit = PythonEnvironment.get().show(PYTHON, command.toArray(String[]::new));
    if (exit != 0) {
      throw new AssertionError(String.join(" ", command) + " ended with " + exit + ".");
    }
  }
}
