package dev.graft.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class MetricsPropertiesTest {
  private static List<String> labels(int classes) {
    return IntStream.range(0, classes).mapToObj(i -> "class " + i).toList();
  }

  /** Coarse probabilities, so that ties are frequent. */
  @Provide
  Arbitrary<List<ClassPrediction>> predictions() {
    return Arbitraries.integers()
        .between(2, 5)
        .flatMap(
            classes ->
                Combinators.combine(
                        Arbitraries.integers().between(0, classes - 1),
                        Arbitraries.integers().between(0, 4).list().ofSize(classes))
                    .as(MetricsPropertiesTest::prediction)
                    .list()
                    .ofMinSize(1)
                    .ofMaxSize(40));
  }

  private static ClassPrediction prediction(int actual, List<Integer> quarters) {
    float[] probabilities = new float[quarters.size()];
    for (int i = 0; i < probabilities.length; i++) {
      probabilities[i] = quarters.get(i) / 4f;
    }
    return new ClassPrediction("image " + quarters, actual, probabilities);
  }

  private static ClassEvaluation evaluate(List<ClassPrediction> predictions) {
    return ClassEvaluation.of(labels(predictions.get(0).classes()), predictions, Integer.MAX_VALUE);
  }

  @Property(tries = 200)
  void weightedRecallIsAccuracyAndMistakesAreTheRest(
      @ForAll("predictions") List<ClassPrediction> predictions) {
    ClassEvaluation evaluation = evaluate(predictions);
    assertThat(evaluation.confusion().weightedAverage().recall())
        .isCloseTo(evaluation.accuracy(), within(1e-12));
    assertThat(evaluation.worstMistakes().size())
        .isEqualTo(Math.round((1 - evaluation.accuracy()) * evaluation.examples()));
    assertThat(evaluation.loss()).isBetween(0.0, 16.2);
  }

  @Property(tries = 200)
  void rocAucIsTheShareOfPairsInTheRightOrder(
      @ForAll("predictions") List<ClassPrediction> predictions) {
    int classes = predictions.get(0).classes();
    double expected =
        classes == 2
            ? pairs(predictions, 1)
            : IntStream.range(0, classes).mapToDouble(i -> pairs(predictions, i)).sum() / classes;
    double actual = evaluate(predictions).rocAuc();
    if (Double.isNaN(expected)) {
      assertThat(actual).isNaN();
    } else {
      assertThat(actual).isCloseTo(expected, within(1e-12));
    }
  }

  private static double pairs(List<ClassPrediction> predictions, int positive) {
    double wins = 0;
    int pairs = 0;
    for (ClassPrediction one : predictions) {
      for (ClassPrediction other : predictions) {
        if (one.actual() == positive && other.actual() != positive) {
          wins += (Float.compare(one.probability(positive), other.probability(positive)) + 1) / 2.0;
          pairs++;
        }
      }
    }
    return pairs == 0 ? Double.NaN : wins / pairs;
  }

  @Property(tries = 100)
  void orderOfExamplesDoesNotMatter(
      @ForAll("predictions") List<ClassPrediction> predictions, @ForAll long seed) {
    List<ClassPrediction> shuffled = new ArrayList<>(predictions);
    Collections.shuffle(shuffled, new Random(seed));
    ClassEvaluation one = evaluate(predictions);
    ClassEvaluation other = evaluate(shuffled);
    assertThat(other.confusion()).isEqualTo(one.confusion());
    assertThat(Double.compare(other.rocAuc(), one.rocAuc())).isZero(); // NaN is NaN
    assertThat(other.loss()).isCloseTo(one.loss(), within(1e-12));
    assertThat(other.worstMistakes())
        .extracting(Mistake::probability)
        .isEqualTo(one.worstMistakes().stream().map(Mistake::probability).toList());
  }

  @Property(tries = 500)
  void historyIsReadBackExactly(@ForAll double loss, @ForAll double accuracy) {
    History history = History.empty().with(new Epoch(1, "head", 1e-3, loss, accuracy, 0.1, 1e-5));
    String csv = history.toCsv();
    History back = History.parse(csv);
    assertThat(back.epochs().get(0).loss()).isEqualTo(loss + 0.0);
    assertThat(back.toCsv()).isEqualTo(csv);
  }

  @Property(tries = 500)
  void numbersAreNoLongerThanJavas(@ForAll double value) {
    String csv = History.empty().with(new Epoch(1, "head", value, 0, 0, 0, 0)).toCsv();
    String digits = csv.lines().toList().get(1).split(",")[2].split("E")[0];
    assertThat(significant(digits))
        .isLessThanOrEqualTo(significant(Double.toString(value).split("E")[0]));
  }

  private static int significant(String digits) {
    return digits.replaceAll("[-.]", "").replaceAll("^0+|0+$", "").length();
  }
}
