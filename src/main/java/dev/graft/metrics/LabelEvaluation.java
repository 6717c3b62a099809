package dev.graft.metrics;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * How good a model is that gives an example any number of labels. A label is given when its
 * probability is above a half.
 *
 * @param examples number of them
 * @param loss mean over examples and labels of the binary cross-entropy
 * @param accuracy share of the labels that were rightly given or withheld, 0 to 1
 * @param exactMatch share of the examples that were given exactly their labels, 0 to 1 ({@code
 *     accuracy_score} of scikit-learn)
 * @param figures of each label
 * @param micro figures of all decisions together
 * @param macro unweighted mean over the labels
 * @param weighted mean over the labels, each weighted with its number of examples
 * @param curves of each label
 * @param calibration of the probabilities of all labels
 * @param worstMistakes the most confident wrong decisions; not necessarily all
 */
public record LabelEvaluation(
    int examples,
    double loss,
    double accuracy,
    double exactMatch,
    List<ClassFigures> figures,
    ClassFigures micro,
    ClassFigures macro,
    ClassFigures weighted,
    List<ScoreCurve> curves,
    Calibration calibration,
    List<LabelMistake> worstMistakes)
    implements Evaluation {
  /** Copies the lists. */
  public LabelEvaluation {
    figures = List.copyOf(figures);
    curves = List.copyOf(curves);
    worstMistakes = List.copyOf(worstMistakes);
  }

  /**
   * A label that was given or withheld wrongly.
   *
   * @param path the example's file
   * @param label its name
   * @param given whether the model gave it
   * @param probability that the model gave it, 0 to 1
   */
  public record LabelMistake(String path, String label, boolean given, double probability) {
    private static final Comparator<LabelMistake> WORST_FIRST =
        Comparator.comparingDouble((LabelMistake mistake) -> -Math.abs(mistake.probability - 0.5))
            .thenComparing(LabelMistake::path)
            .thenComparing(LabelMistake::label);

    private Map<String, Object> toMap() {
      Map<String, Object> map = new LinkedHashMap<>();
      map.put("path", path);
      map.put("label", label);
      map.put("given", given);
      map.put("probability", probability);
      return map;
    }
  }

  /**
   * Evaluates predictions.
   *
   * @param labels their names
   * @param predictions one for each example, with as many probabilities as there are labels
   * @throws IllegalArgumentException if there are no predictions or one does not fit the labels
   */
  public static LabelEvaluation of(List<String> labels, List<LabelPrediction> predictions) {
    for (LabelPrediction prediction : predictions) {
      if (prediction.labels() != labels.size()) {
        throw new IllegalArgumentException(
            "The prediction for %s has %d probabilities, but there are %d labels: expected one for each label."
                .formatted(prediction.path(), prediction.labels(), labels.size()));
      }
    }
    return new Counts(labels, predictions).evaluation();
  }

  /** What is summed up. */
  private static final class Counts {
    private final List<String> labels;
    private final List<LabelPrediction> predictions;
    private final int[] hits;
    private final int[] given;
    private final int[] support;
    private final Calibration.Tally calibration = new Calibration.Tally();
    private final List<LabelMistake> mistakes = new ArrayList<>();
    private double loss;

    Counts(List<String> labels, List<LabelPrediction> predictions) {
      this.labels = labels;
      this.predictions = predictions;
      this.hits = new int[labels.size()];
      this.given = new int[labels.size()];
      this.support = new int[labels.size()];
      predictions.forEach(one -> indices().forEach(label -> add(one, label)));
    }

    private IntStream indices() {
      return IntStream.range(0, labels.size());
    }

    private void add(LabelPrediction one, int label) {
      float probability = one.probability(label);
      boolean gives = one.gives(label);
      boolean has = one.has(label);
      given[label] += gives ? 1 : 0;
      support[label] += has ? 1 : 0;
      hits[label] += gives && has ? 1 : 0;
      loss += Figures.logLoss(has ? probability : 1.0 - probability);
      calibration.add(probability, has);
      if (gives != has) {
        mistakes.add(new LabelMistake(one.path(), labels.get(label), gives, probability));
      }
    }

    LabelEvaluation evaluation() {
      long decisions = (long) predictions.size() * labels.size();
      List<ClassFigures> figures =
          indices()
              .mapToObj(i -> ClassFigures.of(labels.get(i), hits[i], given[i], support[i]))
              .toList();
      return new LabelEvaluation(
          predictions.size(),
          loss / decisions,
          1 - (double) mistakes.size() / decisions,
          (double) predictions.stream().filter(LabelPrediction::isCorrect).count()
              / predictions.size(),
          figures,
          ClassFigures.of(
              "micro average",
              IntStream.of(hits).sum(),
              IntStream.of(given).sum(),
              IntStream.of(support).sum()),
          ClassFigures.mean("macro average", figures, figure -> 1),
          ClassFigures.mean("weighted average", figures, ClassFigures::support),
          indices().mapToObj(this::curve).toList(),
          calibration.calibration(),
          mistakes.stream()
              .sorted(LabelMistake.WORST_FIRST)
              .limit(ClassEvaluation.WORST_MISTAKES)
              .toList());
    }

    private ScoreCurve curve(int label) {
      return ScoreCurve.of(
          labels.get(label),
          predictions.stream()
              .map(one -> new ScoreCurve.Scored(one.probability(label), one.has(label)))
              .toList(),
          ScoreCurve.mostThresholds(labels.size()));
    }
  }

  @Override
  public List<String> labels() {
    return figures.stream().map(ClassFigures::label).toList();
  }

  /** Mean of the areas under the ROC curves of the labels; NaN when one has no examples or all. */
  public double rocAuc() {
    return ScoreCurve.meanRocAuc(curves);
  }

  /** Mean of the average precisions of the labels. */
  public double averagePrecision() {
    return ScoreCurve.meanAveragePrecision(curves);
  }

  @Override
  public String summary() {
    return "accuracy %s of the labels, exact match %s, F1 micro %s, macro %s, loss %s, ROC AUC %s, PR AUC %s, calibration error %s, %d examples, %d labels"
        .formatted(
            Figures.text(accuracy),
            Figures.text(exactMatch),
            Figures.text(micro.f1()),
            Figures.text(macro.f1()),
            Figures.text(loss),
            Figures.text(rocAuc()),
            Figures.text(averagePrecision()),
            Figures.text(calibration.error()),
            examples,
            figures.size());
  }

  @Override
  public String describe() {
    List<ClassFigures> rows = new ArrayList<>(figures);
    rows.addAll(List.of(micro, macro, weighted));
    return summary() + "\n\n" + Figures.table("label", rows);
  }

  /** The same as {@link #describe()}. */
  @Override
  public String toString() {
    return describe();
  }

  @Override
  public Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("examples", examples);
    map.put("loss", Figures.finite(loss));
    map.put("accuracy", accuracy);
    map.put("exactMatch", exactMatch);
    map.put("rocAuc", Figures.finite(rocAuc()));
    map.put("averagePrecision", averagePrecision());
    map.put("calibration", calibration.toMap());
    map.put("labels", figures.stream().map(ClassFigures::toMap).toList());
    map.put("microAverage", micro.toMap());
    map.put("macroAverage", macro.toMap());
    map.put("weightedAverage", weighted.toMap());
    map.put("curves", curves.stream().map(ScoreCurve::toMap).toList());
    map.put("worstMistakes", worstMistakes.stream().map(LabelMistake::toMap).toList());
    return map;
  }
}
