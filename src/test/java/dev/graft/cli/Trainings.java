package dev.graft.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Trains on the smallest backbone, in about a second. */
final class Trainings {
  static final Path POOL = Path.of("testdata", "models", "pool");

  private Trainings() {}

  /** A run that tells red from blue, below a folder. */
  static Path redAndBlue(Path folder) throws IOException {
    Path data = Drawn.folder(folder.resolve("training-data"), 10, "blue", "red");
    Path run = folder.resolve("run");
    train(folder, data, run, "--epochs", 5, "--optimizer", "adam(0.05)").done();
    return run;
  }

  /** Runs {@code graft train} with its features below the folder, and more options. */
  static Ran train(Path folder, Path data, Path run, Object... more) {
    List<Object> words = new ArrayList<>(List.of("train", data, "--backbone", POOL, "--out", run));
    words.addAll(List.of("--features", folder.resolve("features")));
    words.addAll(List.of(more));
    return Ran.graft(words);
  }
}
