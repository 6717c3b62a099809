package dev.graft.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

/** Figures equal scikit-learn's, which {@code src/test/python/scikit_metrics.py} recorded. */
class ScikitMetricsTest {
  private static final Offset<Double> ROUNDING = within(1e-12);

  /** Scores are floats in Java: 0.1f is not 0.1. */
  private static final Offset<Double> FLOAT = within(2e-7);

  private static JsonNode recorded(String kind) throws IOException {
    try (InputStream in = ScikitMetricsTest.class.getResourceAsStream("scikit.json")) {
      return new ObjectMapper().readTree(in).get(kind);
    }
  }

  private static float[] floats(JsonNode row) {
    float[] values = new float[row.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) row.get(i).asDouble();
    }
    return values;
  }

  private static List<Double> doubles(JsonNode row) {
    List<Double> values = new ArrayList<>();
    row.forEach(value -> values.add(value.asDouble()));
    return values;
  }

  private static void assertAll(List<Double> received, JsonNode expected, Offset<Double> off) {
    assertThat(received).hasSize(expected.size());
    for (int i = 0; i < received.size(); i++) {
      assertThat(received.get(i)).isCloseTo(expected.get(i).asDouble(), off);
    }
  }

  private static void assertAverage(ClassFigures received, JsonNode expected) {
    assertAll(List.of(received.precision(), received.recall(), received.f1()), expected, ROUNDING);
  }

  private static ClassEvaluation classes(JsonNode json) {
    List<ClassPrediction> predictions = new ArrayList<>();
    for (int i = 0; i < json.get("truth").size(); i++) {
      predictions.add(
          new ClassPrediction(
              "" + i, json.get("truth").get(i).asInt(), floats(json.get("scores").get(i))));
    }
    return ClassEvaluation.of(List.of("a", "b", "c", "d"), predictions);
  }

  @Test
  void classesAreEvaluatedAsScikitLearnDoes() throws Exception {
    JsonNode json = recorded("classes");
    ClassEvaluation evaluation = classes(json);
    assertThat(evaluation.accuracy()).isCloseTo(json.get("accuracy").asDouble(), ROUNDING);
    assertAll(
        List.of(evaluation.topAccuracy(1), evaluation.topAccuracy(2), evaluation.topAccuracy(3)),
        json.get("top"),
        ROUNDING);
    assertThat(evaluation.topAccuracy(4)).isEqualTo(1);
    assertAverage(evaluation.confusion().microAverage(), json.get("micro"));
    assertAverage(evaluation.confusion().macroAverage(), json.get("macro"));
    assertThat(evaluation.loss()).isCloseTo(json.get("loss").asDouble(), FLOAT);
    assertThat(evaluation.rocAuc()).isCloseTo(json.get("rocAuc").asDouble(), ROUNDING);
    assertThat(evaluation.averagePrecision())
        .isCloseTo(json.get("averagePrecision").asDouble(), ROUNDING);
    assertAll(
        evaluation.curves().stream().map(ScoreCurve::rocAuc).toList(),
        json.get("rocAucs"),
        ROUNDING);
    assertAll(
        evaluation.curves().stream().map(ScoreCurve::averagePrecision).toList(),
        json.get("averagePrecisions"),
        ROUNDING);
    assertCalibration(evaluation.calibration(), json.get("calibration"));
  }

  private static void assertCalibration(Calibration calibration, JsonNode json) {
    List<Calibration.Bin> filled =
        calibration.bins().stream().filter(bin -> bin.count() > 0).toList();
    assertAll(
        filled.stream().map(bin -> (double) bin.count()).toList(), json.get("counts"), ROUNDING);
    assertAll(
        filled.stream().map(Calibration.Bin::accuracy).toList(), json.get("accuracy"), ROUNDING);
    assertAll(
        filled.stream().map(Calibration.Bin::confidence).toList(), json.get("confidence"), FLOAT);
    assertThat(calibration.error()).isCloseTo(json.get("error").asDouble(), FLOAT);
  }

  @Test
  void curvesHaveScikitLearnsPoints() throws Exception {
    JsonNode json = recorded("classes");
    ScoreCurve curve = classes(json).curves().get(1);
    assertAll(curve.roc().stream().map(ScoreCurve.Point::x).toList(), json.at("/roc/0"), ROUNDING);
    assertAll(curve.roc().stream().map(ScoreCurve.Point::y).toList(), json.at("/roc/1"), ROUNDING);
    List<ScoreCurve.Point> found = curve.precisionRecall();
    // scikit-learn ends where everything is found; the last ones here add only false positives.
    int end = json.at("/precisionRecall/0").size();
    assertThat(found.size()).isGreaterThanOrEqualTo(end);
    assertAll(
        found.subList(0, end).stream().map(ScoreCurve.Point::x).toList(),
        json.at("/precisionRecall/0"),
        ROUNDING);
    assertAll(
        found.subList(0, end).stream().map(ScoreCurve.Point::y).toList(),
        json.at("/precisionRecall/1"),
        ROUNDING);
  }

  @Test
  void aCurveOfManyScoresKeepsItsEndsAndItsAreas() {
    List<ScoreCurve.Scored> scored = new ArrayList<>();
    for (int i = 0; i < 10_000; i++) {
      scored.add(new ScoreCurve.Scored(i / 10_000f, i % 3 == 0 || i > 8_000));
    }
    ScoreCurve whole = ScoreCurve.of("a", scored, Integer.MAX_VALUE);
    ScoreCurve thin = ScoreCurve.of("a", scored, 50);
    assertThat(whole.thresholds()).hasSize(10_000);
    assertThat(thin.thresholds()).hasSize(50);
    assertThat(thin.rocAuc()).isEqualTo(whole.rocAuc());
    assertThat(thin.averagePrecision()).isEqualTo(whole.averagePrecision());
    assertThat(thin.roc().get(50)).isEqualTo(new ScoreCurve.Point(1, 1));
  }

  @Test
  void labelsAreEvaluatedAsScikitLearnDoes() throws Exception {
    JsonNode json = recorded("labels");
    List<LabelPrediction> predictions = new ArrayList<>();
    for (int i = 0; i < json.get("truth").size(); i++) {
      JsonNode truth = json.get("truth").get(i);
      boolean[] actual = new boolean[truth.size()];
      for (int label = 0; label < actual.length; label++) {
        actual[label] = truth.get(label).asInt() == 1;
      }
      predictions.add(new LabelPrediction("" + i, actual, floats(json.get("scores").get(i))));
    }
    LabelEvaluation evaluation = LabelEvaluation.of(List.of("x", "y", "z"), predictions);
    assertThat(evaluation.accuracy()).isCloseTo(json.get("accuracy").asDouble(), ROUNDING);
    assertThat(evaluation.exactMatch()).isCloseTo(json.get("exactMatch").asDouble(), ROUNDING);
    assertThat(evaluation.loss()).isCloseTo(json.get("loss").asDouble(), FLOAT);
    assertThat(evaluation.rocAuc()).isCloseTo(json.get("rocAuc").asDouble(), ROUNDING);
    assertThat(evaluation.averagePrecision())
        .isCloseTo(json.get("averagePrecision").asDouble(), ROUNDING);
    assertAverage(evaluation.micro(), json.get("micro"));
    assertAverage(evaluation.macro(), json.get("macro"));
    assertAverage(evaluation.weighted(), json.get("weighted"));
    List<ClassFigures> each = evaluation.figures();
    assertAll(each.stream().map(ClassFigures::precision).toList(), json.at("/figures/0"), ROUNDING);
    assertAll(each.stream().map(ClassFigures::recall).toList(), json.at("/figures/1"), ROUNDING);
    assertAll(each.stream().map(ClassFigures::f1).toList(), json.at("/figures/2"), ROUNDING);
    assertAll(
        each.stream().map(one -> (double) one.support()).toList(), json.at("/figures/3"), ROUNDING);
    assertCalibration(evaluation.calibration(), json.get("calibration"));
    assertThat(evaluation.describe()).contains("exact match 0.5667").contains("micro average");
    assertThat(new ObjectMapper().valueToTree(evaluation.toMap()).at("/labels/2/f1").asDouble())
        .isCloseTo(json.at("/figures/2/2").asDouble(), ROUNDING);
  }

  @Test
  void numbersAreEvaluatedAsScikitLearnDoes() throws Exception {
    JsonNode json = recorded("numbers");
    List<NumberPrediction> predictions = new ArrayList<>();
    for (int i = 0; i < json.get("truth").size(); i++) {
      predictions.add(
          new NumberPrediction(
              "" + i, floats(json.get("truth").get(i)), floats(json.get("predicted").get(i))));
    }
    NumberEvaluation evaluation = NumberEvaluation.of(List.of("x", "y"), predictions);
    Offset<Double> off = within(1e-5); // float32 of values about 100
    assertThat(evaluation.mae()).isCloseTo(json.get("mae").asDouble(), off);
    assertThat(evaluation.rmse()).isCloseTo(json.get("rmse").asDouble(), off);
    assertThat(evaluation.loss()).isCloseTo(json.get("mse").asDouble(), within(1e-3));
    assertThat(evaluation.r2()).isCloseTo(json.get("r2").asDouble(), off);
    List<NumberEvaluation.NumberFigures> each = evaluation.figures();
    assertAll(
        each.stream().map(NumberEvaluation.NumberFigures::mae).toList(), json.get("maes"), off);
    assertAll(
        each.stream().map(NumberEvaluation.NumberFigures::rmse).toList(), json.get("rmses"), off);
    assertAll(each.stream().map(NumberEvaluation.NumberFigures::r2).toList(), json.get("r2s"), off);
    assertThat(evaluation.accuracy()).isNaN();
    assertThat(evaluation.worst().get(0).label()).isEqualTo("y");
  }

  @Test
  void numbersThatAreAllTheSameHaveScikitLearnsR2() {
    assertThat(constant(3, 3).r2()).isEqualTo(1);
    assertThat(constant(3, 4).r2()).isEqualTo(0);
    NumberPrediction alone = new NumberPrediction("a", new float[] {1}, new float[] {2});
    assertThat(NumberEvaluation.of(List.of("n"), List.of(alone)).r2()).isNaN();
  }

  private static NumberEvaluation constant(float actual, float predicted) {
    NumberPrediction one = new NumberPrediction("a", new float[] {actual}, new float[] {predicted});
    return NumberEvaluation.of(List.of("n"), List.of(one, one));
  }

  @Test
  void aDivergedModelIsRefusedBySentence() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new NumberPrediction("a.png", new float[] {1}, new float[] {Float.NaN}))
        .withMessageContaining("predicted number of a.png is NaN");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new LabelPrediction("a.png", new boolean[2], new float[] {1}))
        .withMessageContaining("1 probabilities for 2 labels");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                Evaluation.of(
                    List.of("a", "b"),
                    List.of(
                        ClassPrediction.binary("x", 0, 1),
                        new LabelPrediction("y", new boolean[2], new float[2]))))
        .withMessageContaining("of one kind");
  }
}
