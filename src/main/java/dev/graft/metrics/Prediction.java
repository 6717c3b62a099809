package dev.graft.metrics;

import java.util.Arrays;

/**
 * What a model said about one example whose class is known.
 *
 * @param path the example's file, or whatever else names it
 * @param actual index of its class, from 0
 * @param probabilities one for each class, 0 to 1; copied on the way in and out
 */
public record Prediction(String path, int actual, float[] probabilities) {
  /** How far above 1 rounding may carry a probability. */
  private static final float ROUNDING = 1e-3f;

  /**
   * Checks the values.
   *
   * @throws IllegalArgumentException if there are fewer than two probabilities, one is not between
   *     0 and 1, or {@code actual} is not the index of one
   */
  public Prediction {
    probabilities = probabilities.clone();
    if (probabilities.length < 2) {
      throw new IllegalArgumentException(
          "The prediction for %s has %d probabilities but needs one for each of at least two classes: for the single output p of a sigmoid, use Prediction.binary."
              .formatted(path, probabilities.length));
    }
    if (actual < 0 || actual >= probabilities.length) {
      throw new IllegalArgumentException(
          "The actual class of %s is %d, but its prediction has %d probabilities: expected 0 to %d."
              .formatted(path, actual, probabilities.length, probabilities.length - 1));
    }
    for (float probability : probabilities) {
      if (!(probability >= 0 && probability <= 1 + ROUNDING)) {
        throw new IllegalArgumentException(
            "A probability predicted for %s is %s but must be between 0 and 1: pass the output of a softmax or sigmoid; NaN means that training diverged, so lower the learning rate."
                .formatted(path, probability));
      }
    }
  }

  /**
   * The prediction of a model with one sigmoid output.
   *
   * @param path the example's file
   * @param actual 0 or 1
   * @param probability of class 1
   */
  public static Prediction binary(String path, int actual, float probability) {
    return new Prediction(path, actual, new float[] {1 - probability, probability});
  }

  @Override
  public float[] probabilities() {
    return probabilities.clone();
  }

  /** Number of classes. */
  public int classes() {
    return probabilities.length;
  }

  /** The probability of one class. */
  public float probability(int index) {
    return probabilities[index];
  }

  /** The class with the highest probability; among equals the first. */
  public int predicted() {
    int best = 0;
    for (int i = 1; i < probabilities.length; i++) {
      if (probabilities[i] > probabilities[best]) {
        best = i;
      }
    }
    return best;
  }

  /** Whether the most probable class is the actual one. */
  public boolean isCorrect() {
    return predicted() == actual;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Prediction that
        && path.equals(that.path)
        && actual == that.actual
        && Arrays.equals(probabilities, that.probabilities);
  }

  @Override
  public int hashCode() {
    return 31 * path.hashCode() + Arrays.hashCode(probabilities);
  }

  @Override
  public String toString() {
    return "Prediction[%s, actual %d, %s]".formatted(path, actual, Arrays.toString(probabilities));
  }
}
