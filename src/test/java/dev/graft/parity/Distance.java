package dev.graft.parity;

/** How far apart two arrays are. All sums are made in double precision. */
final class Distance {
  private Distance() {}

  /** Largest difference over the largest expected magnitude; infinite where one is no number. */
  static double relativeToLargest(float[] actual, float[] expected) {
    requireSameLength(actual, expected);
    double worst = 0;
    double largest = 0;
    for (int i = 0; i < expected.length; i++) {
      double apart = Math.abs((double) actual[i] - expected[i]);
      worst = Math.max(worst, Double.isNaN(apart) ? Double.POSITIVE_INFINITY : apart);
      largest = Math.max(largest, Math.abs(expected[i]));
    }
    return worst == 0 ? 0 : worst / largest;
  }

  /** Norm of the difference; infinite where one is no number. */
  static double between(float[] first, float[] second) {
    requireSameLength(first, second);
    double sum = 0;
    for (int i = 0; i < first.length; i++) {
      double apart = (double) first[i] - second[i];
      sum += apart * apart;
    }
    return Double.isNaN(sum) ? Double.POSITIVE_INFINITY : Math.sqrt(sum);
  }

  static double norm(float[] values) {
    return between(values, new float[values.length]);
  }

  private static void requireSameLength(float[] first, float[] second) {
    if (first.length != second.length) {
      throw new IllegalArgumentException(
          "Expected " + second.length + " values but got " + first.length + ".");
    }
  }
}
