package dev.graft.parity;

import dev.graft.PythonEnvironment;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Where recipes come from: {@code python -m history}. */
final class HistoryGallery {
  private static final Path PYTHON = Path.of("python-export");

  private HistoryGallery() {}

  /** Names of all recipes. */
  static List<String> names(Path folder) throws IOException {
    python("--list", folder.toString());
    return Files.readAllLines(folder.resolve("recipes.txt"));
  }

  /** Makes recipes below a folder and lets Graft do the same. */
  static List<HistoryFigures> figures(Path folder, List<String> names) throws IOException {
    List<String> arguments = new ArrayList<>(List.of(folder.toAbsolutePath().toString()));
    arguments.addAll(names);
    python(arguments.toArray(String[]::new));
    List<HistoryFigures> figures = new ArrayList<>();
    for (String name : names) {
      figures.add(HistoryRun.of(HistoryRecipe.read(folder, name)));
    }
    return figures;
  }

  private static void python(String... arguments) {
    List<String> command = new ArrayList<>(List.of("-m", "history"));
    command.addAll(List.of(arguments));
    int exit = PythonEnvironment.get().show(PYTHON, command.toArray(String[]::new));
    if (exit != 0) {
      throw new AssertionError(String.join(" ", command) + " ended with " + exit + ".");
    }
  }
}
