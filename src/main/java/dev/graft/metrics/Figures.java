package dev.graft.metrics;

import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** Figures as text and as JSON's numbers. */
final class Figures {
  private static final double EPSILON = 1e-7;

  private Figures() {}

  /** Null for a figure that JSON can't say. */
  static Double finite(double value) {
    return Double.isFinite(value) ? value : null;
  }

  /** Four decimals, or {@code undefined}. */
  static String text(double value) {
    return Double.isNaN(value) ? "undefined" : String.format(Locale.ROOT, "%.4f", value);
  }

  /** −ln(p), the probability clipped as Keras does. */
  static double logLoss(double probability) {
    return -Math.log(Math.min(Math.max(probability, EPSILON), 1 - EPSILON));
  }

  /** Precision, recall, F1 and support, a line each; lines end with line feeds. */
  static String table(String head, List<ClassFigures> rows) {
    int width = rows.stream().mapToInt(row -> row.label().length()).max().orElse(0);
    String first = "%-" + Math.max(width, head.length()) + "s  ";
    return String.format(Locale.ROOT, first + "precision  recall      F1  support\n", head)
        + rows.stream()
            .map(
                row ->
                    String.format(
                        Locale.ROOT,
                        first + "%9.4f  %6.4f  %6.4f  %7d\n",
                        row.label(),
                        row.precision(),
                        row.recall(),
                        row.f1(),
                        row.support()))
            .collect(Collectors.joining());
  }
}
