package dev.graft.metrics;

import java.util.List;
import java.util.Map;

/**
 * How good a model is on a set of examples: of classes, of labels of which an example may have
 * several, or of numbers.
 *
 * <p>Every figure counts examples, each once, whatever its weight in training; the size of the
 * batches and a short last one make no difference. Immutable and safe for use by several threads.
 */
public sealed interface Evaluation permits ClassEvaluation, LabelEvaluation, NumberEvaluation {
  /** Number of examples. */
  int examples();

  /**
   * The mean over the examples of the loss that belongs to the kind of answer: cross-entropy for
   * classes and labels (log loss, the probability clipped to 1e-7 … 1 − 1e-7 as Keras does), the
   * squared error for numbers.
   */
  double loss();

  /**
   * The share of right answers, 0 to 1: of examples whose class was predicted, or of labels rightly
   * given or withheld (Keras's {@code binary_accuracy}). NaN for numbers, which are never just
   * right or wrong.
   */
  double accuracy();

  /** Names of the classes, the labels or the numbers, in the order of the model's output. */
  List<String> labels();

  /** The figures that matter most, in one line. */
  String summary();

  /** A text table: the summary, then the figures of each class, label or number. */
  String describe();

  /**
   * Everything as maps, lists, strings and numbers, in a fixed order, ready for JSON. A figure that
   * is not finite is null, since JSON has no NaN.
   */
  Map<String, Object> toMap();

  /**
   * Evaluates predictions of one kind.
   *
   * @param names of the classes, labels or numbers
   * @param predictions one for each example
   * @throws IllegalArgumentException if there are none, they are of several kinds, or one does not
   *     fit the names
   */
  static Evaluation of(List<String> names, List<? extends Prediction> predictions) {
    if (predictions.isEmpty()) {
      throw new IllegalArgumentException(
          "There is nothing to evaluate: expected at least one prediction but got none.");
    }
    Prediction first = predictions.get(0);
    if (first instanceof ClassPrediction) {
      return ClassEvaluation.of(names, all(ClassPrediction.class, predictions));
    }
    return first instanceof LabelPrediction
        ? LabelEvaluation.of(names, all(LabelPrediction.class, predictions))
        : NumberEvaluation.of(names, all(NumberPrediction.class, predictions));
  }

  private static <P> List<P> all(Class<P> kind, List<? extends Prediction> predictions) {
    for (Prediction prediction : predictions) {
      if (!kind.isInstance(prediction)) {
        throw new IllegalArgumentException(
            "All predictions must be of one kind, but that for %s is a %s beside a %s."
                .formatted(
                    prediction.path(),
                    prediction.getClass().getSimpleName(),
                    kind.getSimpleName()));
      }
    }
    return predictions.stream().map(kind::cast).toList();
  }
}
