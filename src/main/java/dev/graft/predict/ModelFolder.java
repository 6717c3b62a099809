package dev.graft.predict;

import dev.graft.data.Task;
import dev.graft.handoff.Handoff;
import dev.graft.savedmodel.ModelFormatException;
import java.io.IOException;
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

  /**
   * What a model answers, by its handoff alone: nothing is loaded.
   *
   * @param modelOrRun a SavedModel folder or a run's folder
   * @throws ModelFormatException when it can't answer: no handoff, no probabilities or numbers
   * @throws IOException when the handoff can't be read
   */
  public static Task task(Path modelOrRun) throws IOException {
    Path folder = of(modelOrRun);
    return AnswerOutput.of(folder, AnswerOutput.handoff(folder, Handoff.read(folder))).task();
  }
}
