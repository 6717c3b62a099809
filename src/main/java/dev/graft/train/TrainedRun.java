package dev.graft.train;

import dev.graft.data.DuplicateImages;
import dev.graft.data.Split;
import dev.graft.image.ContactSheet;
import dev.graft.metrics.Evaluation;
import dev.graft.metrics.History;
import dev.graft.metrics.Prediction;
import dev.graft.model.Calibration;
import dev.graft.model.JoinedModel;
import dev.graft.report.Examples;
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
 * @param proof that what was frozen stayed, and that the export is what was evaluated
 * @param times how long each part took, in order; without what was lost when it was interrupted
 * @param memory the most that each part held, in the same order
 * @param calibrations how the trunk ran, by phase; none for arrays
 * @param stopped whether it was asked to stop before the end of its phases
 */
public record TrainedRun(
    Path folder,
    JoinedModel model,
    Outcome outcome,
    Images images,
    Proof proof,
    Map<String, Duration> times,
    Map<String, PeakMemory> memory,
    Map<String, Calibration> calibrations,
    boolean stopped) {
  /**
   * How good the model is.
   *
   * @param before training, on the validation images
   * @param after training, on the validation images, by the model that was exported
   * @param test on the test images, if there are any
   * @param history epoch by epoch
   * @param validationPredictions what the exported model says of each validation image
   * @param testPredictions what it says of each test image; may be empty
   */
  public record Outcome(
      Evaluation before,
      Evaluation after,
      Optional<Evaluation> test,
      History history,
      List<Prediction> validationPredictions,
      List<Prediction> testPredictions) {}

  /**
   * What the model learnt from.
   *
   * @param examples what they are called
   * @param split as it was made, before unreadable images were left out
   * @param rejected files that were left out, with the reason
   * @param computed images that went through the trunk, 0 when the store had them all
   * @param notes sentences worth knowing
   * @param duplicates images that are in several parts of the split, or of several classes
   * @param sheet what the augmentation made of some training images, if there was one
   */
  public record Images(
      Examples examples,
      Split split,
      Map<Path, String> rejected,
      int computed,
      List<String> notes,
      List<DuplicateImages> duplicates,
      Optional<ContactSheet> sheet) {}

  /**
   * What can be believed.
   *
   * @param frozen the variables that stayed, with their hashes before and after
   * @param exportDifference largest difference between the probabilities that were evaluated and
   *     those that the exported model gives from the image files, on some validation images
   */
  public record Proof(List<FrozenVariable> frozen, double exportDifference) {}
}
