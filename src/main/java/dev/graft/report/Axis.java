package dev.graft.report;

import java.util.ArrayList;
import java.util.List;

/**
 * A scale with round ticks.
 *
 * @param ticks evenly spaced, at least two; the first and last are the ends of the scale
 */
record Axis(List<Double> ticks) {
  private static final double[] ROUND = {1, 2, 5, 10};

  /** The roundest scale with about {@code wanted} steps that holds both values. */
  static Axis over(double low, double high, int wanted) {
    double span = high > low ? high - low : Math.max(Math.abs(high), 1e-6);
    double raw = span / wanted;
    double power = Math.pow(10, Math.floor(Math.log10(raw)));
    double step = 10 * power;
    for (double round : ROUND) {
      if (round * power >= raw * (1 - 1e-9)) {
        step = round * power;
        break;
      }
    }
    return stepping(low, high, step);
  }

  /** Like {@link #over}, with whole numbers as ticks. */
  static Axis overWholeNumbers(int low, int high, int wanted) {
    Axis axis = over(low, high, wanted);
    return axis.step() >= 1 ? axis : stepping(low, Math.max(high, low + 1), 1);
  }

  private static Axis stepping(double low, double high, double step) {
    long first = (long) Math.floor(low / step + 1e-9);
    long last = Math.max(first + 1, (long) Math.ceil(high / step - 1e-9));
    List<Double> ticks = new ArrayList<>();
    for (long i = first; i <= last; i++) {
      ticks.add(i * step);
    }
    return new Axis(List.copyOf(ticks));
  }

  double low() {
    return ticks.get(0);
  }

  double high() {
    return ticks.get(ticks.size() - 1);
  }

  double step() {
    return ticks.get(1) - ticks.get(0);
  }

  /** Where a value lies, 0 at the low end, 1 at the high end. */
  double position(double value) {
    return (value - low()) / (high() - low());
  }
}
