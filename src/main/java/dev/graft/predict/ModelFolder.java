package dev.graft.predict;

import java.nio.file.Files;
import java.nio.file.Path;

/** Where a model is: a SavedModel folder, or the {@code model} folder of a run. */
public final class ModelFolder {
  private ModelFolder() {}

  /** The SavedModel of a path that is one itself or a run's folder. */
  public static Path of(Path modelOrRun) {
    Path inRun = modelOrRun.resolve("model");
    boolean isRun =
        !Files.exists(modelOrRun.resolve("saved_model.pb"))
            && Files.exists(inRun.resolve("saved_model.pb"));
    return isRun ? inRun : modelOrRun;
  }
}
