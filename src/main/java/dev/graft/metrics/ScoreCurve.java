package dev.graft.metrics;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * How well the scores of one class, or label, tell its examples from the others, over all
 * thresholds: what ROC and precision-recall curves are drawn from.
 *
 * @param label name of the class
 * @param positives examples of the class
 * @param negatives the others
 * @param rocAuc the area under the ROC curve: the probability that a random example of the class
 *     scores higher than a random other, equal scores counted as half; NaN without positives or
 *     negatives
 * @param averagePrecision the area under the precision-recall curve as scikit-learn has it, {@code
 *     Σ (recall[n] − recall[n − 1]) · precision[n]}; 0 without positives
 * @param thresholds from the highest score to the lowest; where there are many scores some are left
 *     out, never the last
 */
public record ScoreCurve(
    String label,
    long positives,
    long negatives,
    double rocAuc,
    double averagePrecision,
    List<Threshold> thresholds) {
  /** Copies the list. */
  public ScoreCurve {
    thresholds = List.copyOf(thresholds);
  }

  /**
   * What is found with a threshold.
   *
   * @param score examples of this score and above are taken for the class
   * @param truePositives those of the class among them
   * @param falsePositives the others among them
   */
  public record Threshold(double score, long truePositives, long falsePositives) {}

  /**
   * A point of a curve.
   *
   * @param x 0 to 1
   * @param y 0 to 1
   */
  public record Point(double x, double y) {}

  /** One example: what it scored, and whether it is of the class. */
  record Scored(float score, boolean positive) {
    /** The bits of floats that are not negative sort like the floats; + 0f turns -0 into 0. */
    private long key() {
      return (long) Float.floatToIntBits(score + 0f) << 1 | (positive ? 1 : 0);
    }
  }

  /**
   * @param scored each example
   * @param most thresholds to keep, at least 2
   */
  static ScoreCurve of(String label, List<Scored> scored, int most) {
    long[] sorted = scored.stream().mapToLong(Scored::key).sorted().toArray();
    long positives = Arrays.stream(sorted).map(key -> key & 1).sum();
    long negatives = sorted.length - positives;
    List<Threshold> thresholds = new ArrayList<>();
    double wins = 0;
    double precisions = 0;
    long hits = 0;
    long alarms = 0;
    for (int end = sorted.length, start; end > 0; end = start) {
      start = end;
      long tiedHits = 0;
      while (start > 0 && sorted[start - 1] >> 1 == sorted[end - 1] >> 1) {
        tiedHits += sorted[--start] & 1;
      }
      long tiedAlarms = end - start - tiedHits;
      wins += tiedAlarms * (hits + tiedHits / 2.0);
      hits += tiedHits;
      alarms += tiedAlarms;
      precisions += tiedHits * ((double) hits / (hits + alarms));
      thresholds.add(new Threshold(Float.intBitsToFloat((int) (sorted[start] >> 1)), hits, alarms));
    }
    return new ScoreCurve(
        label,
        positives,
        negatives,
        positives == 0 || negatives == 0 ? Double.NaN : wins / positives / negatives,
        positives == 0 ? 0 : precisions / positives,
        thinned(thresholds, most));
  }

  /** Evenly spaced ones, the first and the last among them. */
  private static List<Threshold> thinned(List<Threshold> all, int most) {
    if (all.size() <= most) {
      return all;
    }
    List<Threshold> kept = new ArrayList<>();
    for (int i = 0; i < most; i++) {
      kept.add(all.get((int) ((long) i * (all.size() - 1) / (most - 1))));
    }
    return kept;
  }

  /**
   * The ROC curve from (0, 0) to (1, 1): x is the share of the others that are taken for the class,
   * y the share of the class that is found. Empty where {@link #rocAuc} is NaN.
   */
  public List<Point> roc() {
    List<Point> points = new ArrayList<>();
    if (positives > 0 && negatives > 0) {
      points.add(new Point(0, 0));
      for (Threshold one : thresholds) {
        points.add(
            new Point(
                (double) one.falsePositives / negatives, (double) one.truePositives / positives));
      }
    }
    return points;
  }

  /**
   * The precision-recall curve from recall 0 to 1: x is recall, y precision, which is 1 at the
   * start by convention. Empty without positives.
   */
  public List<Point> precisionRecall() {
    List<Point> points = new ArrayList<>();
    if (positives > 0) {
      points.add(new Point(0, 1));
      for (Threshold one : thresholds) {
        points.add(
            new Point(
                (double) one.truePositives / positives,
                (double) one.truePositives / (one.truePositives + one.falsePositives)));
      }
    }
    return points;
  }

  /** Mean of the areas under the ROC curves; NaN when one is. */
  static double meanRocAuc(List<ScoreCurve> curves) {
    return curves.stream().mapToDouble(ScoreCurve::rocAuc).sum() / curves.size();
  }

  /** Mean of the average precisions. */
  static double meanAveragePrecision(List<ScoreCurve> curves) {
    return curves.stream().mapToDouble(ScoreCurve::averagePrecision).sum() / curves.size();
  }

  /** How many thresholds a curve keeps when there are so many curves. */
  static int mostThresholds(int curves) {
    return Math.max(5, Math.min(200, 4000 / curves));
  }

  Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("label", label);
    map.put("positives", positives);
    map.put("negatives", negatives);
    map.put("rocAuc", Figures.finite(rocAuc));
    map.put("averagePrecision", averagePrecision);
    map.put(
        "thresholds",
        thresholds.stream()
            .map(one -> List.of(one.score, one.truePositives, one.falsePositives))
            .toList());
    return map;
  }
}
