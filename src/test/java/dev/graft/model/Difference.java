package dev.graft.model;

import dev.graft.tensor.HostTensor;

/** How far two tensors are apart. */
public final class Difference {
  private Difference() {}

  /** The largest difference over the largest magnitude expected; infinite for other shapes. */
  public static double relative(HostTensor actual, HostTensor expected) {
    return actual.shape().equals(expected.shape())
        ? relative(actual.floats(), expected.floats())
        : Double.POSITIVE_INFINITY;
  }

  /** The same for plain values. */
  public static double relative(float[] actual, float[] expected) {
    if (actual.length != expected.length) {
      return Double.POSITIVE_INFINITY;
    }
    double largest = 0;
    double magnitude = 0;
    for (int i = 0; i < expected.length; i++) {
      double difference = Math.abs((double) actual[i] - expected[i]);
      largest = Double.isNaN(difference) ? Double.NaN : Math.max(largest, difference);
      magnitude = Math.max(magnitude, Math.abs(expected[i]));
    }
    return largest / magnitude;
  }
}
