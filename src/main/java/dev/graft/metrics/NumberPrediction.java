package dev.graft.metrics;

import java.util.Arrays;

/**
 * What a model said about one example that has numbers.
 *
 * @param path the example's file, or whatever else names it
 * @param actual the true numbers; copied on the way in and out
 * @param predicted one for each; copied on the way in and out
 */
public record NumberPrediction(String path, float[] actual, float[] predicted)
    implements Prediction {
  /**
   * Checks the values.
   *
   * @throws IllegalArgumentException if the lengths differ, there are none, or one is not finite
   */
  public NumberPrediction {
    actual = actual.clone();
    predicted = predicted.clone();
    if (actual.length != predicted.length || actual.length == 0) {
      throw new IllegalArgumentException(
          "The prediction for %s has %d numbers for %d true ones: expected one for each, at least one."
              .formatted(path, predicted.length, actual.length));
    }
    requireFinite(path, "true", actual);
    requireFinite(path, "predicted", predicted);
  }

  private static void requireFinite(String path, String what, float[] values) {
    for (float value : values) {
      if (!Float.isFinite(value)) {
        throw new IllegalArgumentException(
            "A %s number of %s is %s but must be finite: NaN means that training diverged, so lower the learning rate."
                .formatted(what, path, value));
      }
    }
  }

  @Override
  public float[] actual() {
    return actual.clone();
  }

  @Override
  public float[] predicted() {
    return predicted.clone();
  }

  @Override
  public float[] answer() {
    return predicted();
  }

  /** Predicted less true, of one number. */
  double error(int index) {
    return (double) predicted[index] - actual[index];
  }

  /** How many numbers there are. */
  public int count() {
    return actual.length;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof NumberPrediction that
        && path.equals(that.path)
        && Arrays.equals(actual, that.actual)
        && Arrays.equals(predicted, that.predicted);
  }

  @Override
  public int hashCode() {
    return 31 * path.hashCode() + Arrays.hashCode(predicted);
  }

  @Override
  public String toString() {
    return "NumberPrediction[%s, actual %s, %s]"
        .formatted(path, Arrays.toString(actual), Arrays.toString(predicted));
  }
}
