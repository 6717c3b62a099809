package dev.graft.metrics;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/**
 * How good a model is that predicts numbers.
 *
 * @param examples number of them
 * @param figures of each number
 * @param worst the predictions that are furthest off; not necessarily all
 * @param sample some predictions, evenly taken, for a plot of true against predicted numbers
 */
public record NumberEvaluation(
    int examples, List<NumberFigures> figures, List<Miss> worst, List<NumberPrediction> sample)
    implements Evaluation {
  private static final int SAMPLE = 500;

  /** Copies the lists. */
  public NumberEvaluation {
    figures = List.copyOf(figures);
    worst = List.copyOf(worst);
    sample = List.copyOf(sample);
  }

  /**
   * The figures of one number.
   *
   * @param label its name
   * @param mae mean absolute error
   * @param mse mean squared error
   * @param r2 share of the variance that is explained, at most 1; 0 is what the mean would reach.
   *     Of numbers that are all the same it is 1 if all are predicted exactly, else 0; NaN for a
   *     single example; all as in scikit-learn
   */
  public record NumberFigures(String label, double mae, double mse, double r2) {
    /** Root of the mean squared error. */
    public double rmse() {
      return Math.sqrt(mse);
    }

    private Map<String, Object> toMap() {
      Map<String, Object> map = new LinkedHashMap<>();
      map.put("label", label);
      map.put("mae", Figures.finite(mae));
      map.put("rmse", Figures.finite(rmse()));
      map.put("r2", Figures.finite(r2));
      return map;
    }
  }

  /**
   * A prediction that is far off.
   *
   * @param path the example's file
   * @param label name of the number
   * @param actual the true number
   * @param predicted by the model
   */
  public record Miss(String path, String label, double actual, double predicted) {
    private static final Comparator<Miss> WORST_FIRST =
        Comparator.comparingDouble((Miss miss) -> -Math.abs(miss.predicted - miss.actual))
            .thenComparing(Miss::path)
            .thenComparing(Miss::label);

    private Map<String, Object> toMap() {
      Map<String, Object> map = new LinkedHashMap<>();
      map.put("path", path);
      map.put("label", label);
      map.put("actual", actual);
      map.put("predicted", predicted);
      return map;
    }
  }

  /**
   * Evaluates predictions.
   *
   * @param names of the numbers
   * @param predictions one for each example, with as many numbers as there are names
   * @throws IllegalArgumentException if there are no predictions or one does not fit the names
   */
  public static NumberEvaluation of(List<String> names, List<NumberPrediction> predictions) {
    List<Miss> misses = new ArrayList<>();
    for (NumberPrediction prediction : predictions) {
      if (prediction.count() != names.size()) {
        throw new IllegalArgumentException(
            "The prediction for %s has %d numbers, but there are %d names: expected one for each."
                .formatted(prediction.path(), prediction.count(), names.size()));
      }
      for (int i = 0; i < names.size(); i++) {
        misses.add(
            new Miss(
                prediction.path(),
                names.get(i),
                prediction.actual()[i],
                prediction.predicted()[i]));
      }
    }
    return new NumberEvaluation(
        predictions.size(),
        IntStream.range(0, names.size()).mapToObj(i -> figures(names, i, predictions)).toList(),
        misses.stream().sorted(Miss.WORST_FIRST).limit(ClassEvaluation.WORST_MISTAKES).toList(),
        sample(predictions));
  }

  private static NumberFigures figures(
      List<String> names, int index, List<NumberPrediction> predictions) {
    int count = predictions.size();
    double mean = predictions.stream().mapToDouble(one -> one.actual()[index]).sum() / count;
    double absolute = 0;
    double squared = 0;
    double variance = 0;
    for (NumberPrediction one : predictions) {
      absolute += Math.abs(one.error(index));
      squared += one.error(index) * one.error(index);
      double apart = one.actual()[index] - mean;
      variance += apart * apart;
    }
    double constant = squared == 0 ? 1 : 0;
    double r2 = variance == 0 ? constant : 1 - squared / variance;
    return new NumberFigures(
        names.get(index), absolute / count, squared / count, count < 2 ? Double.NaN : r2);
  }

  private static List<NumberPrediction> sample(List<NumberPrediction> all) {
    int step = Math.max(1, (all.size() + SAMPLE - 1) / SAMPLE);
    return IntStream.range(0, all.size()).filter(i -> i % step == 0).mapToObj(all::get).toList();
  }

  /** The mean squared error, over all numbers. */
  @Override
  public double loss() {
    return mean(NumberFigures::mse);
  }

  @Override
  public double accuracy() {
    return Double.NaN;
  }

  /** Mean absolute error, over all numbers. */
  public double mae() {
    return mean(NumberFigures::mae);
  }

  /** The root of each number's mean squared error, averaged over the numbers. */
  public double rmse() {
    return mean(NumberFigures::rmse);
  }

  /** Share of the variance that is explained, averaged over the numbers. */
  public double r2() {
    return mean(NumberFigures::r2);
  }

  private double mean(ToDoubleFunction<NumberFigures> figure) {
    return figures.stream().mapToDouble(figure).sum() / figures.size();
  }

  @Override
  public List<String> labels() {
    return figures.stream().map(NumberFigures::label).toList();
  }

  @Override
  public String summary() {
    return String.format(
        Locale.ROOT,
        "MAE %.6g, RMSE %.6g, R² %s, %d examples, %d numbers",
        mae(),
        rmse(),
        Figures.text(r2()),
        examples,
        figures.size());
  }

  @Override
  public String describe() {
    int width = figures.stream().mapToInt(one -> one.label().length()).max().orElse(0);
    String first = "%-" + Math.max(width, "number".length()) + "s  ";
    StringBuilder text = new StringBuilder(summary());
    text.append(
        String.format(
            Locale.ROOT, "\n\n" + first + "%12s  %12s  %9s\n", "number", "MAE", "RMSE", "R²"));
    for (NumberFigures one : figures) {
      text.append(
          String.format(
              Locale.ROOT,
              first + "%12.6g  %12.6g  %9s\n",
              one.label(),
              one.mae(),
              one.rmse(),
              Figures.text(one.r2())));
    }
    return text.toString();
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
    map.put("loss", Figures.finite(loss()));
    map.put("mae", Figures.finite(mae()));
    map.put("rmse", Figures.finite(rmse()));
    map.put("r2", Figures.finite(r2()));
    map.put("numbers", figures.stream().map(NumberFigures::toMap).toList());
    map.put("worst", worst.stream().map(Miss::toMap).toList());
    return map;
  }
}
