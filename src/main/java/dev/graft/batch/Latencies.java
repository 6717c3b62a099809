package dev.graft.batch;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * How long images took, in classes each 5 % wider than the one before, so that percentiles are
 * known to 2.5 % in little memory.
 */
final class Latencies {
  private static final double STEP = Math.log(1.05);

  private final TreeMap<Integer, Long> counts = new TreeMap<>();

  Latencies(Map<Integer, Long> counts) {
    this.counts.putAll(counts);
  }

  void add(long nanos) {
    counts.merge((int) Math.floor(Math.log(Math.max(1, nanos)) / STEP), 1L, Long::sum);
  }

  Map<Integer, Long> counts() {
    return counts;
  }

  /** Percentiles in milliseconds, {@code p50} and so on; empty without images. */
  Map<String, Double> percentiles() {
    Map<String, Double> percentiles = new LinkedHashMap<>();
    if (!counts.isEmpty()) {
      for (int percent : new int[] {50, 90, 99, 100}) {
        percentiles.put(percent == 100 ? "max" : "p" + percent, percentile(percent / 100.0));
      }
    }
    return percentiles;
  }

  private double percentile(double share) {
    long all = counts.values().stream().mapToLong(Long::longValue).sum();
    long rank = Math.max(1, (long) Math.ceil(share * all));
    long seen = 0;
    for (Map.Entry<Integer, Long> entry : counts.entrySet()) {
      seen += entry.getValue();
      if (seen >= rank) {
        double millis = Math.exp((entry.getKey() + 0.5) * STEP) / 1e6;
        return Math.round(millis * 100) / 100.0;
      }
    }
    throw new AssertionError("The rank " + rank + " is among " + all);
  }
}
