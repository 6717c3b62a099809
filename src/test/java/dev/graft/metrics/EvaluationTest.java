package dev.graft.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

/**
 * The expected figures come from scikit-learn 1.x:
 *
 * <pre>
 * a = [0, 0, 1, 1, 2, 2, 2, 3, 0, 1]
 * p = np.array(PROBABILITIES, dtype=np.float32); y = p.argmax(1)
 * confusion_matrix(a, y, labels=range(4)).tolist()
 * precision_recall_fscore_support(a, y, labels=range(4), average=avg, zero_division=0)
 * np.mean([roc_auc_score(np.array(a) == i, p[:, i]) for i in range(4)])
 * q = np.clip(p.astype(np.float64), 1e-7, 1 - 1e-7); -np.log(q[np.arange(10), a]).mean()
 *
 * b = [0, 1, 1, 0, 1, 0, 0, 1]; s = np.array([.1, .4, .35, .8, .8, .4, 0, 1], dtype=np.float32)
 * roc_auc_score(b, s); log_loss(b, np.clip(s.astype(float), 1e-7, 1 - 1e-7))
 * accuracy_score(b, s > .5)
 * </pre>
 */
class EvaluationTest {
  private static final List<String> LABELS = List.of("ant", "bee", "cat", "dog");
  private static final int[] ACTUAL = {0, 0, 1, 1, 2, 2, 2, 3, 0, 1};
  private static final float[][] PROBABILITIES = {
    {.7f, .1f, .1f, .1f},
    {.2f, .5f, .2f, .1f},
    {.1f, .8f, .05f, .05f},
    {.4f, .4f, .1f, .1f},
    {.1f, .2f, .6f, .1f},
    {.05f, .9f, .05f, 0},
    {.3f, .3f, .3f, .1f},
    {.25f, .25f, .25f, .25f},
    {.9f, .05f, .03f, .02f},
    {0, 1, 0, 0}
  };
  private static final Offset<Double> ROUNDING = within(1e-12);

  private final ClassEvaluation evaluation = ClassEvaluation.of(LABELS, predictions());

  private static List<ClassPrediction> predictions() {
    List<ClassPrediction> predictions = new ArrayList<>();
    for (int i = 0; i < ACTUAL.length; i++) {
      predictions.add(new ClassPrediction(i + ".jpg", ACTUAL[i], PROBABILITIES[i]));
    }
    return predictions;
  }

  @Test
  void equalsScikitLearnForManyClasses() {
    assertThat(evaluation.confusion().counts())
        .isDeepEqualTo(new int[][] {{2, 1, 0, 0}, {1, 2, 0, 0}, {1, 1, 1, 0}, {1, 0, 0, 0}});
    assertThat(evaluation.examples()).isEqualTo(10);
    assertThat(evaluation.accuracy()).isEqualTo(0.5);
    assertThat(evaluation.loss()).isCloseTo(0.9307732722428188, ROUNDING);
    assertThat(evaluation.rocAuc()).isCloseTo(0.875, ROUNDING);
  }

  @Test
  void figuresOfEachClassEqualScikitLearn() {
    assertFigures(evaluation.figures().get(0), 0.4, 0.6666666666666666, 0.5, 3);
    assertFigures(evaluation.figures().get(1), 0.5, 0.6666666666666666, 0.5714285714285714, 3);
    assertFigures(evaluation.figures().get(2), 1.0, 0.3333333333333333, 0.5, 3);
    assertFigures(evaluation.figures().get(3), 0, 0, 0, 1);
  }

  @Test
  void averagesEqualScikitLearn() {
    assertFigures(
        evaluation.confusion().macroAverage(), 0.475, 0.41666666666666663, 0.39285714285714285, 10);
    assertFigures(
        evaluation.confusion().weightedAverage(), 0.5700000000000001, 0.5, 0.4714285714285714, 10);
  }

  private static void assertFigures(
      ClassFigures figures, double precision, double recall, double f1, int support) {
    assertThat(figures.precision()).isCloseTo(precision, ROUNDING);
    assertThat(figures.recall()).isCloseTo(recall, ROUNDING);
    assertThat(figures.f1()).isCloseTo(f1, ROUNDING);
    assertThat(figures.support()).isEqualTo(support);
  }

  @Test
  void equalsScikitLearnForTwoClassesWithOneSigmoid() {
    int[] actual = {0, 1, 1, 0, 1, 0, 0, 1};
    float[] score = {.1f, .4f, .35f, .8f, .8f, .4f, 0, 1};
    List<ClassPrediction> predictions = new ArrayList<>();
    for (int i = 0; i < actual.length; i++) {
      predictions.add(ClassPrediction.binary("" + i, actual[i], score[i]));
    }
    ClassEvaluation binary = ClassEvaluation.of(List.of("cat", "dog"), predictions);
    assertThat(binary.rocAuc()).isCloseTo(0.75, ROUNDING);
    assertThat(binary.accuracy()).isEqualTo(0.625);
    assertThat(binary.loss()).isCloseTo(0.5518600897458732, within(1e-7)); // 1 − p is a float
  }

  @Test
  void lossStaysFiniteForACertainMistake() {
    ClassEvaluation wrong =
        ClassEvaluation.of(List.of("a", "b"), List.of(ClassPrediction.binary("x", 0, 1)));
    assertThat(wrong.loss()).isCloseTo(16.11809565095832, ROUNDING); // −ln(1e-7)
  }

  @Test
  void equalProbabilitiesGoToTheFirstClass() {
    assertThat(new ClassPrediction("x", 3, new float[] {.1f, .4f, .4f, .1f}).predicted())
        .isEqualTo(1);
  }

  @Test
  void mistakesAreSortedByConfidenceThenPath() {
    assertThat(evaluation.worstMistakes())
        .extracting(Mistake::path)
        .containsExactly("5.jpg", "1.jpg", "3.jpg", "6.jpg", "7.jpg");
    assertThat(evaluation.worstMistakes().get(0))
        .isEqualTo(new Mistake("5.jpg", "cat", "bee", .9f));
  }

  @Test
  void keepsNoMoreMistakesThanAsked() {
    assertThat(ClassEvaluation.of(LABELS, predictions(), 2).worstMistakes()).hasSize(2);
  }

  @Test
  void rocAucIsUndefinedWhenAClassIsMissing() {
    ClassEvaluation one = ClassEvaluation.of(LABELS, predictions().subList(0, 7));
    assertThat(one.rocAuc()).isNaN();
    assertThat(one.describe()).contains("ROC AUC undefined");
    assertThat(one.toMap()).containsEntry("rocAuc", null);
  }

  @Test
  void jsonHoldsEveryFigure() throws Exception {
    ObjectMapper mapper = new ObjectMapper();
    JsonNode json = mapper.readTree(mapper.writeValueAsString(evaluation.toMap()));
    assertThat(json.fieldNames())
        .toIterable()
        .containsExactly(
            "examples",
            "loss",
            "accuracy",
            "top5Accuracy",
            "rocAuc",
            "averagePrecision",
            "calibration",
            "classes",
            "microAverage",
            "macroAverage",
            "weightedAverage",
            "confusion",
            "curves",
            "worstMistakes");
    assertThat(json.at("/classes/1/label").asText()).isEqualTo("bee");
    assertThat(json.at("/classes/1/f1").asDouble()).isCloseTo(4 / 7.0, ROUNDING);
    assertThat(json.at("/confusion/2/1").asInt()).isEqualTo(1);
    assertThat(json.at("/worstMistakes/0/predicted").asText()).isEqualTo("bee");
  }

  @Test
  void describesItselfAsATable() {
    assertThat(evaluation.toString())
        .isEqualTo(
            """
            accuracy 0.5000, loss 0.9308, ROC AUC 0.8750, PR AUC 0.8451, calibration error 0.3150, 10 examples, 4 classes

            class             precision  recall      F1  support
            ant                  0.4000  0.6667  0.5000        3
            bee                  0.5000  0.6667  0.5714        3
            cat                  1.0000  0.3333  0.5000        3
            dog                  0.0000  0.0000  0.0000        1
            macro average        0.4750  0.4167  0.3929       10
            weighted average     0.5700  0.5000  0.4714       10
            """);
  }

  @Test
  void refusesPredictionsThatDoNotFit() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ClassEvaluation.of(LABELS, List.of()))
        .withMessageContaining("nothing to evaluate");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ClassEvaluation.of(List.of("a", "b", "c"), predictions()))
        .withMessageContaining("0.jpg has 4 probabilities, but there are 3 labels");
  }

  @Test
  void refusesProbabilitiesThatAreNone() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new ClassPrediction("x.jpg", 0, new float[] {Float.NaN, 1}))
        .withMessageContaining("x.jpg is NaN");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new ClassPrediction("x.jpg", 0, new float[] {-.1f, 1.1f}))
        .withMessageContaining("-0.1");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new ClassPrediction("x.jpg", 2, new float[] {0, 1}))
        .withMessageContaining("expected 0 to 1");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new ClassPrediction("x.jpg", 0, new float[] {1}))
        .withMessageContaining("ClassPrediction.binary");
  }

  @Test
  void predictionsCannotBeChangedFromOutside() {
    float[] probabilities = {.9f, .1f};
    ClassPrediction prediction = new ClassPrediction("x", 0, probabilities);
    probabilities[0] = 0;
    prediction.probabilities()[0] = 0;
    assertThat(prediction.probability(0)).isEqualTo(.9f);
  }
}
