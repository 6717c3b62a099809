package dev.graft.metrics;

import java.util.Arrays;

/**
 * What a model that tells classes apart said about one example whose class is known.
 *
 * @param path the example's file, or whatever else names it
 * @param actual index of its class, from 0
 * @param probabilities one for each class, 0 to 1; copied on the way in and out
 */
public record ClassPrediction(String path, int actual, float[] probabilities)
    implements Prediction {
  /**
   * Checks the values.
   *
   * @throws IllegalArgumentException if there are fewer than two probabilities, one is not between
   *     0 and 1, or {@code actual} is not the index of one
   */
  public ClassPrediction {
    probabilities = probabilities.clone();
    if (probabilities.length < 2) {
      throw new IllegalArgumentException(
          "The prediction for %s has %d probabilities but needs one for each of at least two classes: for the single output p of a sigmoid, use ClassPrediction.binary."
              .formatted(path, probabilities.length));
    }
    if (actual < 0 || actual >= probabilities.length) {
      throw new IllegalArgumentException(
          "The actual class of %s is %d, but its prediction has %d probabilities: expected 0 to %d."
              .formatted(path, actual, probabilities.length, probabilities.length - 1));
    }
    Prediction.requireProbabilities(path, probabilities);
  }

  /**
   * The prediction of a model with one sigmoid output.
   *
   * @param path the example's file
   * @param actual 0 or 1
   * @param probability of class 1
   */
  public static ClassPrediction binary(String path, int actual, float probability) {
    return new ClassPrediction(path, actual, new float[] {1 - probability, probability});
  }

  @Override
  public float[] probabilities() {
    return probabilities.clone();
  }

  @Override
  public float[] answer() {
    return probabilities();
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

  /**
   * How many classes are held more probable than the actual one, those of equal probability that
   * come before it included: 0 when the prediction is right.
   */
  public int rank() {
    int rank = 0;
    for (int i = 0; i < probabilities.length; i++) {
      float difference = probabilities[i] - probabilities[actual];
      rank += difference > 0 || difference == 0 && i < actual ? 1 : 0;
    }
    return rank;
  }

  /** Whether the most probable class is the actual one. */
  public boolean isCorrect() {
    return predicted() == actual;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof ClassPrediction that
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
    return "ClassPrediction[%s, actual %d, %s]"
        .formatted(path, actual, Arrays.toString(probabilities));
  }
}
