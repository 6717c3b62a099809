package dev.graft.metrics;

import java.util.Arrays;
import java.util.List;

/**
 * The area under the ROC curve: the probability that a random positive example scores higher than a
 * random negative one, equal scores counted as half.
 */
final class RocAuc {
  private RocAuc() {}

  /**
   * Of class 1 for two classes; else the mean over one-versus-rest of each class. NaN if undefined.
   */
  static double of(List<Prediction> predictions, int classes) {
    if (classes == 2) {
      return ofClass(predictions, 1);
    }
    double sum = 0;
    for (int i = 0; i < classes; i++) {
      sum += ofClass(predictions, i);
    }
    return sum / classes;
  }

  private static double ofClass(List<Prediction> predictions, int positive) {
    long[] sorted = new long[predictions.size()];
    for (int i = 0; i < sorted.length; i++) {
      Prediction prediction = predictions.get(i);
      // The bits of floats that are not negative sort like the floats; + 0f turns -0 into 0.
      long score = Float.floatToIntBits(prediction.probability(positive) + 0f);
      sorted[i] = score << 1 | (prediction.actual() == positive ? 1 : 0);
    }
    Arrays.sort(sorted);
    return area(sorted);
  }

  private static double area(long[] sorted) {
    long negativesBelow = 0;
    long positives = 0;
    double wins = 0;
    for (int start = 0, end; start < sorted.length; start = end) {
      end = start;
      long tiedPositives = 0;
      while (end < sorted.length && sorted[end] >> 1 == sorted[start] >> 1) {
        tiedPositives += sorted[end++] & 1;
      }
      long tiedNegatives = end - start - tiedPositives;
      wins += tiedPositives * (negativesBelow + tiedNegatives / 2.0);
      positives += tiedPositives;
      negativesBelow += tiedNegatives;
    }
    return positives == 0 || negativesBelow == 0 ? Double.NaN : wins / positives / negativesBelow;
  }
}
