package dev.graft.metrics;

import java.util.Arrays;

/**
 * What a model said about one example that has any number of labels.
 *
 * @param path the example's file, or whatever else names it
 * @param actual for each label whether the example has it; copied on the way in and out
 * @param probabilities one for each label, each on its own 0 to 1; copied on the way in and out
 */
public record LabelPrediction(String path, boolean[] actual, float[] probabilities)
    implements Prediction {
  /**
   * Checks the values.
   *
   * @throws IllegalArgumentException if the lengths differ, there are none, or a probability is not
   *     between 0 and 1
   */
  public LabelPrediction {
    actual = actual.clone();
    probabilities = probabilities.clone();
    if (actual.length != probabilities.length || actual.length == 0) {
      throw new IllegalArgumentException(
          "The prediction for %s has %d probabilities for %d labels: expected one for each, at least one."
              .formatted(path, probabilities.length, actual.length));
    }
    Prediction.requireProbabilities(path, probabilities);
  }

  @Override
  public boolean[] actual() {
    return actual.clone();
  }

  @Override
  public float[] probabilities() {
    return probabilities.clone();
  }

  @Override
  public float[] answer() {
    return probabilities();
  }

  /** Number of labels. */
  public int labels() {
    return actual.length;
  }

  /** Whether the example has a label. */
  public boolean has(int label) {
    return actual[label];
  }

  /** The probability of a label. */
  public float probability(int label) {
    return probabilities[label];
  }

  /** Whether the model gives a label: its probability is above a half. */
  public boolean gives(int label) {
    return probabilities[label] > 0.5f;
  }

  /** Whether the model gives exactly the labels that the example has. */
  public boolean isCorrect() {
    for (int i = 0; i < actual.length; i++) {
      if (gives(i) != actual[i]) {
        return false;
      }
    }
    return true;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof LabelPrediction that
        && path.equals(that.path)
        && Arrays.equals(actual, that.actual)
        && Arrays.equals(probabilities, that.probabilities);
  }

  @Override
  public int hashCode() {
    return 31 * path.hashCode() + Arrays.hashCode(probabilities);
  }

  @Override
  public String toString() {
    return "LabelPrediction[%s, actual %s, %s]"
        .formatted(path, Arrays.toString(actual), Arrays.toString(probabilities));
  }
}
