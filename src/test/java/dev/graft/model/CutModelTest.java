package dev.graft.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.savedmodel.FlatVariable;
import dev.graft.tensor.Arithmetic;
import dev.graft.tensor.HostTensor;
import dev.graft.tensor.Precision;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;

/** Trunk and graft together are the model, and the trunk is all of it that never changes. */
class CutModelTest {
  private static final double OUTPUT_TOLERANCE = 1e-6;
  private static final double GRADIENT_TOLERANCE = 1e-5;
  private static final String DENSE = "dense(softmax)";
  private static final String GAP_DENSE = "gap, dense(softmax)";

  private static final Map<String, JoinedModel> JOINED = new ConcurrentHashMap<>();

  static Stream<Arguments> plans() {
    return Stream.of(
        Arguments.of("residual", FreezePlan.allFrozen()),
        Arguments.of("residual", FreezePlan.unfreeze("block2_*")),
        Arguments.of("residual", FreezePlan.unfreeze("stem_conv")),
        Arguments.of("residual", FreezePlan.unfreeze("shared_conv")),
        Arguments.of("residual", FreezePlan.unfreezeLast(5)),
        Arguments.of("residual", FreezePlan.unfreeze("*")),
        Arguments.of("nested", FreezePlan.allFrozen()),
        Arguments.of("nested", FreezePlan.unfreeze("predictions")),
        Arguments.of("nested", FreezePlan.unfreezeFrom("backbone/bn1")),
        Arguments.of("dilated", FreezePlan.allFrozen()),
        Arguments.of("dilated", FreezePlan.unfreeze("raw_*")),
        Arguments.of("dilated", FreezePlan.unfreezeFrom("images")));
  }

  @ParameterizedTest
  @MethodSource("plans")
  void trunkAndGraftAnswerAsTheWholeModel(String name, FreezePlan plan) throws IOException {
    JoinedModel model = joined(name);
    HostTensor images = new GoldenModel(name).inputs();
    try (FrozenGraph whole = model.open();
        CutModel cut = model.cut(plan)) {
      HostTensor expected = whole.run(List.of(images)).get(1);
      HostTensor labels = GraftRun.oneHot(3, 3);
      List<Output<?>> fetched =
          List.of(cut.graft().probabilities(), cut.graft().trainingProbabilities());
      List<HostTensor> actual = GraftRun.fetch(cut, images, labels, 1, fetched);
      assertThat(Difference.relative(actual.get(0), expected)).isLessThan(OUTPUT_TOLERANCE);
      assertThat(Difference.relative(actual.get(1), expected)).isLessThan(OUTPUT_TOLERANCE);
    }
  }

  @ParameterizedTest
  @EnumSource
  void theTrunkComputesAsAsked(Precision precision) throws IOException {
    try (CutModel cut = joined("pool").cut(FreezePlan.allFrozen(), precision)) {
      assertThat(cut.trunk().arithmetic()).isEqualTo(precision.arithmetic());
    }
    try (CutModel cut = joined("pool").cut(FreezePlan.allFrozen())) {
      assertThat(cut.trunk().arithmetic()).isEqualTo(Arithmetic.FUSED);
    }
  }

  @ParameterizedTest
  @MethodSource("plans")
  void whatTrainsIsNotInTheTrunk(String name, FreezePlan plan) throws IOException {
    JoinedModel model = joined(name);
    HostTensor images = new GoldenModel(name).inputs();
    try (CutModel cut = model.cut(plan)) {
      Map<String, HostTensor> shifted = new LinkedHashMap<>();
      cut.graft().values().forEach((node, value) -> shifted.put(node, plusOne(value)));
      try (CutModel other = model.with(shifted).cut(plan)) {
        assertThat(other.trunkHash()).isEqualTo(cut.trunkHash());
        assertThat(GraftRun.features(other, images)).isEqualTo(GraftRun.features(cut, images));
        assertThat(other.graft().values()).isEqualTo(shifted);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("plans")
  void exactlyThePlansVariablesTrain(String name, FreezePlan plan) throws IOException {
    Backbone backbone = joined(name).backbone();
    Set<String> unfrozen = plan.unfrozen(backbone.layerNames());
    List<String> expected = new ArrayList<>(List.of("dense/kernel", "dense/bias"));
    for (BackboneLayer layer : backbone.layers()) {
      if (unfrozen.contains(layer.name())) {
        layer.variables().stream()
            .map(FlatVariable::name)
            .filter(variable -> !variable.contains("moving_"))
            .forEach(expected::add);
      }
    }
    try (CutModel cut = joined(name).cut(plan)) {
      assertThat(cut.graft().variables().stream().map(Graft.Variable::name))
          .containsExactlyInAnyOrderElementsOf(expected);
      assertThat(cut.graft().variables()).allMatch(Graft.Variable::trainable);
      assertThat(cut.unfrozen()).isEqualTo(unfrozen);
    }
  }

  static Stream<Arguments> plansWithGoldenGradients() throws IOException {
    List<Arguments> plans = new ArrayList<>();
    for (String name : List.of("residual", "dilated", "vector", "keras3-saved")) {
      plans.add(Arguments.of(name, FreezePlan.unfreeze("*")));
      for (BackboneLayer layer : new GoldenModel(name).backbone().layers()) {
        if (layer.variables().stream().anyMatch(FlatVariable::trainable)) {
          plans.add(Arguments.of(name, FreezePlan.unfreeze(layer.name())));
        }
      }
    }
    plans.add(Arguments.of("residual", FreezePlan.unfreeze("block2_*")));
    return plans.stream();
  }

  @ParameterizedTest
  @MethodSource("plansWithGoldenGradients")
  void theGraftsGradientsArePythons(String name, FreezePlan plan) throws IOException {
    GoldenModel golden = new GoldenModel(name);
    HostTensor seed = golden.seed();
    int rows = Math.toIntExact(seed.shape().get(0));
    int values = Math.toIntExact(seed.size() / rows);
    HostTensor labels = HostTensor.of(seed.floats(), rows, values);
    try (CutModel cut = seeded(name, values).cut(plan)) {
      List<Graft.Variable> variables = cut.graft().variables();
      List<Output<?>> gradients = new ArrayList<>(cut.graft().gradients());
      // Weighted by the number of rows, the mean over the batch is the sum.
      List<HostTensor> actual = GraftRun.fetch(cut, golden.inputs(), labels, rows, gradients);
      assertThat(variables).hasSizeGreaterThan(1).last().extracting("name").isEqualTo("head/scale");
      for (int i = 0; i < variables.size() - 1; i++) {
        String variable = variables.get(i).name();
        assertThat(Difference.relative(actual.get(i), golden.gradient(variable)))
            .as(variable)
            .isLessThan(GRADIENT_TOLERANCE);
      }
    }
  }

  private static JoinedModel joined(String name) {
    return JOINED.computeIfAbsent(
        name, unused -> join(name, Head.parse(name.equals("nested") ? DENSE : GAP_DENSE), 3));
  }

  private static JoinedModel seeded(String name, int values) {
    return JOINED.computeIfAbsent(name + " seeded", unused -> join(name, new SeededSum(), values));
  }

  private static JoinedModel join(String name, Head head, int classes) {
    try {
      return new GoldenModel(name).join(head, classes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "residual | gap, dropout(0.2), dense(softmax) | 8",
        "residual | gap, dropout(0.2), dense(16, relu), dropout(0.5), dense(softmax) | 8",
        "residual | gmp, batchnorm, dense(softmax) | 8",
        "residual | flatten, dense(softmax) | 960",
        "dilated | gap, dense(softmax) | 8",
        "nested | dense(softmax) | 5",
      })
  void aHeadAloneIsCutBehindItsLastOpWithoutVariables(String name, String head, int size)
      throws IOException {
    try (CutModel cut = new GoldenModel(name).join(head, 3).cut(FreezePlan.allFrozen())) {
      assertThat(cut.tensors()).singleElement().extracting(CutTensor::rowSize).isEqualTo(size);
      assertThat(cut.unfrozen()).isEmpty();
    }
  }

  @ParameterizedTest
  @CsvSource({"residual,24,20", "dilated,24,24"})
  void whenTheFirstLayerTrainsThePixelsAreTheFeatures(String name, int height, int width)
      throws IOException {
    HostTensor images = new GoldenModel(name).inputs();
    try (CutModel cut = joined(name).cut(FreezePlan.unfreezeFrom("images"))) {
      assertThat(cut.tensors())
          .singleElement()
          .extracting(CutTensor::rowShape)
          .isEqualTo(new int[] {height, width, 3});
      boolean untouched = GraftRun.features(cut, images).get(0).equals(images);
      assertThat(untouched)
          .as("no op lies before the first layer")
          .isEqualTo(name.equals("residual"));
    }
  }

  @Test
  void aShortcutAroundTheUnfrozenBlockIsStoredBesideItsInput() throws IOException {
    try (CutModel cut = joined("residual").cut(FreezePlan.unfreeze("block2_project"))) {
      assertThat(cut.tensors()).hasSize(2);
      assertThat(cut.tensors()).allMatch(t -> Arrays.equals(t.rowShape(), new int[] {12, 10, 8}));
    }
  }

  @Test
  void whatHasNoRowAnImageIsComputedAgain() throws IOException {
    GoldenModel golden = new GoldenModel("pool");
    try (FrozenGraph whole = golden.join(CutModelTest::shapedByShape, 3).open();
        CutModel cut = golden.join(CutModelTest::shapedByShape, 3).cut(FreezePlan.allFrozen())) {
      assertThat(cut.tensors())
          .singleElement()
          .extracting(CutTensor::rowShape)
          .isEqualTo(new int[] {128});
      for (int rows : new int[] {2, 3}) {
        HostTensor images = firstRows(golden.inputs(), rows);
        List<HostTensor> actual =
            GraftRun.fetch(
                cut, images, GraftRun.oneHot(rows, 3), 1, List.of(cut.graft().probabilities()));
        assertThat(Difference.relative(actual.get(0), whole.run(List.of(images)).get(1)))
            .isLessThan(OUTPUT_TOLERANCE);
      }
    }
  }

  /** Reads the shape and the mean of the whole batch, which no image has a row of. */
  private static Operand<TFloat32> shapedByShape(HeadScope scope, Operand<TFloat32> features) {
    Ops tf = scope.tf();
    Operand<TFloat32> kernel = scope.variable("kernel", Initializer.glorotUniform(), 128, 3);
    Operand<TFloat32> flat = tf.reshape(features, tf.constant(new int[] {-1, 128}));
    Operand<TInt32> rows =
        tf.stridedSlice(
            tf.shape(flat),
            tf.constant(new int[] {0}),
            tf.constant(new int[] {1}),
            tf.constant(new int[] {1}));
    Operand<TInt32> shape = tf.concat(List.of(rows, tf.constant(new int[] {3})), tf.constant(0));
    Operand<TFloat32> level = tf.math.mean(flat, tf.constant(new int[] {0, 1}));
    Operand<TFloat32> product = tf.linalg.matMul(tf.math.sub(flat, level), kernel);
    return tf.reshape(product, shape);
  }

  @Test
  void equalGraphsWithOtherTensorsOfTheCutAreOtherTrunks() throws IOException {
    GoldenModel golden = new GoldenModel("pool");
    try (CutModel meanFirst = golden.join(pooled(true), 3).cut(FreezePlan.allFrozen());
        CutModel maxFirst = golden.join(pooled(false), 3).cut(FreezePlan.allFrozen())) {
      HostTensor mean = GraftRun.features(meanFirst, golden.inputs()).get(0);
      HostTensor max = GraftRun.features(maxFirst, golden.inputs()).get(0);
      assertThat(mean.shape()).isEqualTo(max.shape());
      assertThat(mean).isNotEqualTo(max);
      assertThat(meanFirst.trunkHash()).isNotEqualTo(maxFirst.trunkHash());
    }
  }

  private static Head pooled(boolean meanFirst) {
    return (scope, features) -> {
      Ops tf = scope.tf();
      Operand<TFloat32> mean = tf.math.mean(features, tf.constant(new int[] {1, 2}));
      Operand<TFloat32> max = tf.reduceMax(features, tf.constant(new int[] {1, 2}));
      Operand<TFloat32> first = scope.variable("first", Initializer.glorotUniform(), 8, 3);
      Operand<TFloat32> second = scope.variable("second", Initializer.glorotUniform(), 8, 3);
      return tf.math.add(
          tf.linalg.matMul(meanFirst ? mean : max, first),
          tf.linalg.matMul(meanFirst ? max : mean, second));
    };
  }

  @Test
  void theTrunksHashFollowsItsWeights() throws IOException {
    JoinedModel model = joined("pool");
    String kernel = node(model, "block1_conv/kernel");
    HostTensor value = model.weights().get(0).value();
    try (CutModel cut = model.cut(FreezePlan.allFrozen());
        CutModel same = model.cut(FreezePlan.allFrozen());
        CutModel other = model.with(Map.of(kernel, plusOne(value))).cut(FreezePlan.allFrozen())) {
      assertThat(same.trunkHash()).isEqualTo(cut.trunkHash());
      assertThat(other.trunkHash()).isNotEqualTo(cut.trunkHash());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"backbone/conv1", "backbone/*", "*"})
  void aLayerThatKerasHadFrozenIsNotUnfrozenInSilence(String pattern) throws IOException {
    JoinedModel model = joined("nested");
    assertThatThrownBy(() -> model.cut(FreezePlan.unfreeze(pattern)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("\"backbone/conv1\"")
        .hasMessageContaining("trainable = True");
  }

  @Test
  void layersWithoutWeightsHaveNothingToTrain() throws IOException {
    JoinedModel model = joined("residual");
    assertThatThrownBy(() -> model.cut(FreezePlan.unfreezeLast(1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("\"top\"");
  }

  @Test
  void layersBehindTheHeadCannotTrain() throws IOException {
    Backbone backbone = new GoldenModel("residual").backbone().withOutput("block1_add");
    JoinedModel model = JoinedModel.join(backbone, Head.parse(GAP_DENSE), GoldenModel.labels(3), 1);
    assertThatThrownBy(() -> model.cut(FreezePlan.unfreeze("block2_project")).close())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("block2_project/kernel");
  }

  private static String node(JoinedModel model, String name) {
    return model.weights().stream()
        .filter(weight -> weight.name().equals(name))
        .findFirst()
        .orElseThrow()
        .node();
  }

  private static HostTensor plusOne(HostTensor tensor) {
    float[] values = tensor.floats().clone();
    for (int i = 0; i < values.length; i++) {
      values[i] += 1;
    }
    return HostTensor.of(values, tensor.shape().stream().mapToLong(Long::longValue).toArray());
  }

  private static HostTensor firstRows(HostTensor batch, int rows) {
    long[] shape = batch.shape().stream().mapToLong(Long::longValue).toArray();
    int row = Math.toIntExact(batch.size() / shape[0]);
    shape[0] = rows;
    return HostTensor.of(Arrays.copyOf(batch.floats(), rows * row), shape);
  }
}
