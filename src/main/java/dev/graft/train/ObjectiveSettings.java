package dev.graft.train;

import dev.graft.data.Task;
import dev.graft.model.Loss;
import dev.graft.model.Objective;
import java.util.Optional;

/**
 * What is asked of the model, and how it is judged.
 *
 * @param loss name of the loss, see {@link Loss#parse}; by default the one that belongs to the data
 * @param labelSmoothing share of a crossentropy's targets that is spread evenly, as in Keras; at
 *     least 0 and below 1
 * @param classWeights how much each class counts in training
 */
public record ObjectiveSettings(
    Optional<String> loss, double labelSmoothing, Optional<ClassWeights> classWeights) {
  /** What the data say, every example alike. */
  public static final ObjectiveSettings USUAL =
      new ObjectiveSettings(Optional.empty(), 0, Optional.empty());

  /** Checks the loss and its smoothing. */
  public ObjectiveSettings {
    if (!(labelSmoothing >= 0 && labelSmoothing < 1)) {
      throw new IllegalArgumentException(
          "Label smoothing must be at least 0 and below 1, got " + labelSmoothing + ".");
    }
    parsed(loss, labelSmoothing);
  }

  /** The same with another loss. */
  public ObjectiveSettings withLoss(String name) {
    return new ObjectiveSettings(Optional.of(name), labelSmoothing, classWeights);
  }

  /** The same with smoothed labels. */
  public ObjectiveSettings withLabelSmoothing(double share) {
    return new ObjectiveSettings(loss, share, classWeights);
  }

  /** The same with weighted classes. */
  public ObjectiveSettings withClassWeights(ClassWeights weights) {
    return new ObjectiveSettings(loss, labelSmoothing, Optional.of(weights));
  }

  private static Optional<Loss> parsed(Optional<String> loss, double labelSmoothing) {
    return loss.map(name -> Loss.parse(name, labelSmoothing));
  }

  /** What the loss says of the data: whole numbers in a list may be numbers, or classes' names. */
  public Optional<Task.Kind> kind() {
    return parsed(loss, labelSmoothing)
        .filter(Loss.OfNumbers.class::isInstance)
        .map(numbers -> Task.Kind.NUMBERS);
  }

  /**
   * The objective for a task.
   *
   * @throws IllegalArgumentException when the class weights do not fit it
   */
  Objective of(Task task) {
    classWeights.ifPresent(weights -> weights.require(task));
    return new Objective(task, parsed(loss, labelSmoothing), labelSmoothing);
  }
}
