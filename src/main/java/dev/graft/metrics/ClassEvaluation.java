package dev.graft.metrics;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * How good a classifier is: each example has one class.
 *
 * @param loss mean over the examples of −ln(probability of the actual class)
 * @param confusion counts of actual and predicted classes; the prediction is the class with the
 *     highest probability, among equals the first
 * @param ranks how many examples' actual class was the most probable, the second, …; one count a
 *     class
 * @param curves of each class against the rest, in the order of the labels
 * @param calibration of the highest probability of each example
 * @param worstMistakes examples with a wrong class, most confident first; not necessarily all
 */
public record ClassEvaluation(
    double loss,
    ConfusionMatrix confusion,
    List<Integer> ranks,
    List<ScoreCurve> curves,
    Calibration calibration,
    List<Mistake> worstMistakes)
    implements Evaluation {
  /** How many mistakes are kept unless told otherwise. */
  public static final int WORST_MISTAKES = 50;

  private static final int TOP = 5;

  /** Copies the lists. */
  public ClassEvaluation {
    ranks = List.copyOf(ranks);
    curves = List.copyOf(curves);
    worstMistakes = List.copyOf(worstMistakes);
  }

  /**
   * Evaluates predictions, keeping the {@value #WORST_MISTAKES} worst mistakes.
   *
   * @param labels names of the classes
   * @param predictions one for each example, with as many probabilities as there are labels
   * @throws IllegalArgumentException if there are no predictions or one does not fit the labels
   */
  public static ClassEvaluation of(List<String> labels, List<ClassPrediction> predictions) {
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
  public static ClassEvaluation of(
      List<String> labels, List<ClassPrediction> predictions, int mistakes) {
    if (predictions.isEmpty()) {
      throw new IllegalArgumentException(
          "There is nothing to evaluate: expected at least one prediction but got none.");
    }
    predictions.forEach(prediction -> requireClasses(prediction, labels));
    Calibration.Tally calibration = new Calibration.Tally();
    Integer[] ranks = IntStream.range(0, labels.size()).mapToObj(i -> 0).toArray(Integer[]::new);
    for (ClassPrediction prediction : predictions) {
      ranks[prediction.rank()]++;
      calibration.add(prediction.probability(prediction.predicted()), prediction.isCorrect());
    }
    return new ClassEvaluation(
        predictions.stream().mapToDouble(ClassEvaluation::loss).sum() / predictions.size(),
        ConfusionMatrix.of(
            labels,
            predictions.stream().mapToInt(ClassPrediction::actual).toArray(),
            predictions.stream().mapToInt(ClassPrediction::predicted).toArray()),
        List.of(ranks),
        IntStream.range(0, labels.size()).mapToObj(i -> curve(labels, i, predictions)).toList(),
        calibration.calibration(),
        predictions.stream()
            .filter(prediction -> !prediction.isCorrect())
            .map(prediction -> mistake(prediction, labels))
            .sorted(Mistake.WORST_FIRST)
            .limit(mistakes)
            .toList());
  }

  private static void requireClasses(ClassPrediction prediction, List<String> labels) {
    if (prediction.classes() != labels.size()) {
      throw new IllegalArgumentException(
          "The prediction for %s has %d probabilities, but there are %d labels: expected one for each label."
              .formatted(prediction.path(), prediction.classes(), labels.size()));
    }
  }

  private static double loss(ClassPrediction prediction) {
    return Figures.logLoss(prediction.probability(prediction.actual()));
  }

  private static ScoreCurve curve(
      List<String> labels, int index, List<ClassPrediction> predictions) {
    return ScoreCurve.of(
        labels.get(index),
        predictions.stream()
            .map(one -> new ScoreCurve.Scored(one.probability(index), one.actual() == index))
            .toList(),
        ScoreCurve.mostThresholds(labels.size()));
  }

  private static Mistake mistake(ClassPrediction prediction, List<String> labels) {
    int predicted = prediction.predicted();
    return new Mistake(
        prediction.path(),
        labels.get(prediction.actual()),
        labels.get(predicted),
        prediction.probability(predicted));
  }

  @Override
  public int examples() {
    return confusion.total();
  }

  @Override
  public double accuracy() {
    return confusion.accuracy();
  }

  /**
   * The share of the examples whose actual class is among the most probable ones, 0 to 1.
   *
   * @param k how many classes may be named, at least 1
   */
  public double topAccuracy(int k) {
    return (double) ranks.stream().limit(k).mapToInt(Integer::intValue).sum() / examples();
  }

  /**
   * The area under the ROC curve, 0 to 1: of class 1 when there are two classes, else the
   * unweighted mean of each class against the rest (as {@code roc_auc_score(average="macro",
   * multi_class="ovr")} of scikit-learn); NaN when a class has no examples or all of them.
   */
  public double rocAuc() {
    return labels().size() == 2 ? curves.get(1).rocAuc() : ScoreCurve.meanRocAuc(curves);
  }

  /**
   * The area under the precision-recall curve, 0 to 1: of class 1 when there are two classes, else
   * the unweighted mean of each class against the rest ({@code average_precision_score} of
   * scikit-learn).
   */
  public double averagePrecision() {
    return labels().size() == 2
        ? curves.get(1).averagePrecision()
        : ScoreCurve.meanAveragePrecision(curves);
  }

  @Override
  public List<String> labels() {
    return confusion.labels();
  }

  /** The figures of each class, in the order of the labels. */
  public List<ClassFigures> figures() {
    return confusion.figures();
  }

  @Override
  public String summary() {
    String top =
        labels().size() > TOP ? "top-%d %s, ".formatted(TOP, Figures.text(topAccuracy(TOP))) : "";
    return "accuracy %s, %sloss %s, ROC AUC %s, PR AUC %s, calibration error %s, %d examples, %d classes"
        .formatted(
            Figures.text(accuracy()),
            top,
            Figures.text(loss),
            Figures.text(rocAuc()),
            Figures.text(averagePrecision()),
            Figures.text(calibration.error()),
            examples(),
            labels().size());
  }

  @Override
  public String describe() {
    List<ClassFigures> rows = new ArrayList<>(figures());
    rows.add(confusion.macroAverage());
    rows.add(confusion.weightedAverage());
    return summary() + "\n\n" + Figures.table("class", rows);
  }

  /** The same as {@link #describe()}. */
  @Override
  public String toString() {
    return describe();
  }

  @Override
  public Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("examples", examples());
    map.put("loss", Figures.finite(loss));
    map.put("accuracy", accuracy());
    map.put("top" + TOP + "Accuracy", topAccuracy(TOP));
    map.put("rocAuc", Figures.finite(rocAuc()));
    map.put("averagePrecision", averagePrecision());
    map.put("calibration", calibration.toMap());
    map.put("classes", figures().stream().map(ClassFigures::toMap).toList());
    map.put("microAverage", confusion.microAverage().toMap());
    map.put("macroAverage", confusion.macroAverage().toMap());
    map.put("weightedAverage", confusion.weightedAverage().toMap());
    map.put("confusion", confusion.counts());
    map.put("curves", curves.stream().map(ScoreCurve::toMap).toList());
    map.put("worstMistakes", worstMistakes.stream().map(Mistake::toMap).toList());
    return map;
  }
}
