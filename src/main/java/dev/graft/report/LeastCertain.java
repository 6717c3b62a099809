package dev.graft.report;

import dev.graft.metrics.ClassPrediction;
import dev.graft.metrics.Prediction;
import java.util.Comparator;
import java.util.List;

/** The right answers that the model was least sure of. */
final class LeastCertain {
  /** Two rows on a wide screen. */
  private static final int MOST = 12;

  private LeastCertain() {}

  /** Least sure first; equals in the order of their paths. */
  static List<ClassPrediction> of(List<? extends Prediction> predictions) {
    return predictions.stream()
        .filter(ClassPrediction.class::isInstance)
        .map(ClassPrediction.class::cast)
        .filter(ClassPrediction::isCorrect)
        .sorted(
            Comparator.<ClassPrediction>comparingDouble(one -> one.probability(one.predicted()))
                .thenComparing(ClassPrediction::path))
        .limit(MOST)
        .toList();
  }
}
