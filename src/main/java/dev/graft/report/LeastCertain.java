package dev.graft.report;

import dev.graft.metrics.Prediction;
import java.util.Comparator;
import java.util.List;

/** The right answers that the model was least sure of. */
final class LeastCertain {
  /** Two rows on a wide screen. */
  private static final int MOST = 14;

  private LeastCertain() {}

  /** Least sure first; equals in the order of their paths. */
  static List<Prediction> of(List<Prediction> predictions) {
    return predictions.stream()
        .filter(Prediction::isCorrect)
        .sorted(
            Comparator.<Prediction>comparingDouble(one -> one.probability(one.predicted()))
                .thenComparing(Prediction::path))
        .limit(MOST)
        .toList();
  }
}
