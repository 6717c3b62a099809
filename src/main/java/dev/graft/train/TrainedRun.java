package dev.graft.train;

import dev.graft.data.Split;
import dev.graft.metrics.Evaluation;
import dev.graft.metrics.History;
import dev.graft.model.JoinedModel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What came of a run.
 *
 * @param folder of the run
 * @param model trained, as it was exported
 * @param outcome how good it is
 * @param images what it learnt from
 * @param frozen the variables that stayed, with the proof
 * @param times how long each part took, in order
 */
public record TrainedRun(
    Path folder,
    JoinedModel model,
    Outcome outcome,
    Images images,
    List<FrozenVariable> frozen,
    Map<String, Duration> times) {
  /**
   * How good the model is.
   *
   * @param before training, on the validation images
   * @param after training, on the validation images, by the model that was exported
   * @param test on the test images, if there are any
   * @param history epoch by epoch
   */
  public record Outcome(
      Evaluation before, Evaluation after, Optional<Evaluation> test, History history) {}

  /**
   * What the model learnt from.
   *
   * @param split as it was made, before unreadable images were left out
   * @param rejected files that were left out, with the reason
   * @param computed images that went through the trunk, 0 when the store had them all
   * @param notes sentences worth knowing
   */
  public record Images(Split split, Map<Path, String> rejected, int computed, List<String> notes) {}
}
