package dev.graft.metrics;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * How good a classifier is on a set of examples.
 *
 * <p>Every figure counts examples, so the size of the batches and a short last one make no
 * difference. Immutable and safe for use by several threads.
 *
 * @param loss mean over the examples of −ln(probability of the actual class), the probability
 *     clipped to 1e-7 … 1 − 1e-7 as Keras does
 * @param rocAuc area under the ROC curve, 0 to 1: of class 1 when there are two classes, else the
 *     unweighted mean of each class against the rest (as {@code roc_auc_score(average="macro",
 *     multi_class="ovr")} of scikit-learn); NaN when a class has no examples or all of them
 * @param confusion counts of actual and predicted classes; the prediction is the class with the
 *     highest probability, among equals the first
 * @param worstMistakes examples with a wrong class, most confident first; not necessarily all
 */
public record Evaluation(
    double loss, double rocAuc, ConfusionMatrix confusion, List<Mistake> worstMistakes) {
  /** How many mistakes are kept unless told otherwise. */
  public static final int WORST_MISTAKES = 50;

  private static final double EPSILON = 1e-7;

  /** Copies the list. */
  public Evaluation {
    worstMistakes = List.copyOf(worstMistakes);
  }

  /**
   * Evaluates predictions, keeping the {@value #WORST_MISTAKES} worst mistakes.
   *
   * @param labels names of the classes
   * @param predictions one for each example, with as many probabilities as there are labels
   * @throws IllegalArgumentException if there are no predictions or one does not fit the labels
   */
  public static Evaluation of(List<String> labels, List<Prediction> predictions) {
    return of(labels, predictions, WORST_MISTAKES);
  }

  /**
   * Evaluates predictions.
   *
   * @param labels names of the classes
   * @param predictions one for each example, with as many probabilities as there are labels
   * @param mistakes how many mistakes to keep at most
   * @throws IllegalArgumentException if there are no predictions or one does not fit the labels
   */
  public static Evaluation of(List<String> labels, List<Prediction> predictions, int mistakes) {
    if (predictions.isEmpty()) {
      throw new IllegalArgumentException(
          "There is nothing to evaluate: expected at least one prediction but got none.");
    }
    predictions.forEach(prediction -> requireClasses(prediction, labels));
    return new Evaluation(
        predictions.stream().mapToDouble(Evaluation::loss).sum() / predictions.size(),
        RocAuc.of(predictions, labels.size()),
        ConfusionMatrix.of(
            labels,
            predictions.stream().mapToInt(Prediction::actual).toArray(),
            predictions.stream().mapToInt(Prediction::predicted).toArray()),
        predictions.stream()
            .filter(prediction -> !prediction.isCorrect())
            .map(prediction -> mistake(prediction, labels))
            .sorted(Mistake.WORST_FIRST)
            .limit(mistakes)
            .toList());
  }

  private static void requireClasses(Prediction prediction, List<String> labels) {
    if (prediction.classes() != labels.size()) {
      throw new IllegalArgumentException(
          "The prediction for %s has %d probabilities, but there are %d labels: expected one for each label."
              .formatted(prediction.path(), prediction.classes(), labels.size()));
    }
  }

  private static double loss(Prediction prediction) {
    double probability = prediction.probability(prediction.actual());
    return -Math.log(Math.min(Math.max(probability, EPSILON), 1 - EPSILON));
  }

  private static Mistake mistake(Prediction prediction, List<String> labels) {
    int predicted = prediction.predicted();
    return new Mistake(
        prediction.path(),
        labels.get(prediction.actual()),
        labels.get(predicted),
        prediction.probability(predicted));
  }

  /** Number of examples. */
  public int examples() {
    return confusion.total();
  }

  /** Share of the examples whose class was predicted, 0 to 1. */
  public double accuracy() {
    return confusion.accuracy();
  }

  /** Names of the classes. */
  public List<String> labels() {
    return confusion.labels();
  }

  /** The figures of each class, in the order of the labels. */
  public List<ClassFigures> figures() {
    return confusion.figures();
  }

  /** A text table: the summary in a line, then precision, recall, F1 and support of each class. */
  public String describe() {
    List<ClassFigures> rows = new ArrayList<>(figures());
    rows.add(confusion.macroAverage());
    rows.add(confusion.weightedAverage());
    int width = rows.stream().mapToInt(row -> row.label().length()).max().orElse(0);
    StringBuilder text = new StringBuilder();
    text.append(
        format(
            "accuracy %.4f, loss %.4f, ROC AUC %s, %d examples, %d classes%n",
            accuracy(),
            loss,
            Double.isNaN(rocAuc) ? "undefined" : format("%.4f", rocAuc),
            examples(),
            labels().size()));
    text.append(format("%n%-" + width + "s  precision  recall      F1  support%n", "class"));
    for (ClassFigures row : rows) {
      text.append(
          format(
              "%-" + width + "s  %9.4f  %6.4f  %6.4f  %7d%n",
              row.label(),
              row.precision(),
              row.recall(),
              row.f1(),
              row.support()));
    }
    return text.toString();
  }

  private static String format(String format, Object... values) {
    return String.format(Locale.ROOT, format.replace("%n", "\n"), values);
  }

  /** The same as {@link #describe()}. */
  @Override
  public String toString() {
    return describe();
  }

  /**
   * Everything as maps, lists, strings and numbers, in a fixed order, ready for JSON. A figure that
   * is not finite is null, since JSON has no NaN.
   */
  public Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("examples", examples());
    map.put("loss", finite(loss));
    map.put("accuracy", accuracy());
    map.put("rocAuc", finite(rocAuc));
    map.put("classes", figures().stream().map(ClassFigures::toMap).toList());
    map.put("macroAverage", confusion.macroAverage().toMap());
    map.put("weightedAverage", confusion.weightedAverage().toMap());
    map.put("confusion", confusion.counts());
    map.put("worstMistakes", worstMistakes.stream().map(Mistake::toMap).toList());
    return map;
  }

  private static Double finite(double value) {
    return Double.isFinite(value) ? value : null;
  }
}
