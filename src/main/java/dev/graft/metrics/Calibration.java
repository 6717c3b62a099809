package dev.graft.metrics;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Whether probabilities mean what they say: of the answers held 80 % probable, 80 % should be
 * right. What a reliability diagram is drawn from.
 *
 * @param bins of equal width from 0 to 1, empty ones included
 */
public record Calibration(List<Bin> bins) {
  /** How many bins there are. */
  public static final int BINS = 15;

  /** Copies the list. */
  public Calibration {
    bins = List.copyOf(bins);
  }

  /**
   * Answers of about the same probability.
   *
   * @param from probability, exclusive but for 0
   * @param to probability, inclusive
   * @param count of answers
   * @param confidence their mean probability; NaN without answers
   * @param accuracy the share of them that is right; NaN without answers
   */
  public record Bin(double from, double to, long count, double confidence, double accuracy) {}

  /** Sums up answers. */
  static final class Tally {
    private final long[] counts = new long[BINS];
    private final double[] probabilities = new double[BINS];
    private final long[] right = new long[BINS];

    /** Adds an answer of a probability that proved right or not. */
    void add(float probability, boolean isRight) {
      int bin = 0;
      while (bin < BINS - 1 && probability > edge(bin + 1)) {
        bin++;
      }
      counts[bin]++;
      probabilities[bin] += probability;
      right[bin] += isRight ? 1 : 0;
    }

    Calibration calibration() {
      List<Bin> bins = new ArrayList<>();
      for (int i = 0; i < BINS; i++) {
        double count = counts[i] == 0 ? Double.NaN : counts[i];
        bins.add(
            new Bin(edge(i), edge(i + 1), counts[i], probabilities[i] / count, right[i] / count));
      }
      return new Calibration(bins);
    }

    private static double edge(int bin) {
      return (double) bin / BINS;
    }
  }

  /**
   * The expected calibration error: the difference between confidence and accuracy, averaged over
   * the answers; 0 is perfect (Naeini et al. 2015, with bins of equal width).
   */
  public double error() {
    long total = bins.stream().mapToLong(Bin::count).sum();
    return bins.stream()
        .filter(bin -> bin.count > 0)
        .mapToDouble(bin -> Math.abs(bin.accuracy - bin.confidence) * bin.count / total)
        .sum();
  }

  Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("error", error());
    map.put("bins", bins.stream().map(Calibration::toMap).toList());
    return map;
  }

  private static Map<String, Object> toMap(Bin bin) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("from", bin.from);
    map.put("to", bin.to);
    map.put("count", bin.count);
    map.put("confidence", Figures.finite(bin.confidence));
    map.put("accuracy", Figures.finite(bin.accuracy));
    return map;
  }
}
