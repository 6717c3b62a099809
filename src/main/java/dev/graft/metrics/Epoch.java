package dev.graft.metrics;

/**
 * One line of a training history. A figure that was not measured is NaN.
 *
 * @param number from 1, counted over all phases; 0 is the state before training
 * @param phase what was trained, for example {@code head} or {@code fine-tune}; without commas,
 *     quotes and line breaks
 * @param learningRate of the epoch's last step
 * @param loss mean over the training examples
 * @param accuracy share of the training examples, 0 to 1
 * @param validationLoss mean over the validation examples
 * @param validationAccuracy share of the validation examples, 0 to 1
 */
public record Epoch(
    int number,
    String phase,
    double learningRate,
    double loss,
    double accuracy,
    double validationLoss,
    double validationAccuracy) {

  /**
   * Checks number and phase.
   *
   * @throws IllegalArgumentException if the number is negative or the phase cannot stand in a CSV
   */
  public Epoch {
    if (number < 0) {
      throw new IllegalArgumentException(
          "Epochs are numbered from 0 (before training), but got %d.".formatted(number));
    }
    if (!phase.matches("[^,\"\\p{Cntrl}]+")) {
      throw new IllegalArgumentException(
          "The phase of an epoch is a word without commas, quotes and line breaks, but got \"%s\"."
              .formatted(phase));
    }
  }
}
