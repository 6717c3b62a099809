package dev.graft.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.graft.tensor.HostTensor;
import java.io.IOException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

/** Heads on the model {@code pool}, whose output is [batch, 4, 4, 8]. */
class HeadTest {
  private static final GoldenModel POOL = new GoldenModel("pool");

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "gap, dense(softmax) | 3 | dense/kernel[8, 3] dense/bias[3]",
        "gmp, dense(3, softmax) | 3 | dense/kernel[8, 3] dense/bias[3]",
        "flatten, dense(16, relu), dropout(0.5), dense(softmax) | 4"
            + " | dense/kernel[128, 16] dense/bias[16] dense_1/kernel[16, 4] dense_1/bias[4]",
        "gap, dense(sigmoid) | 2 | dense/kernel[8, 1] dense/bias[1]",
        "gap, batchnorm, dense(softmax) | 2"
            + " | batch_normalization/gamma[8] batch_normalization/beta[8]"
            + " batch_normalization/moving_mean[8] batch_normalization/moving_variance[8]"
            + " dense/kernel[8, 2] dense/bias[2]",
      })
  void variablesAreNamedAndShapedAsInKeras(String head, int classes, String variables)
      throws IOException {
    String made =
        POOL.join(head, classes).weights().stream()
            .filter(JoinedModel.Weight::head)
            .map(weight -> weight.name() + weight.value().shape())
            .collect(Collectors.joining(" "));
    assertThat(made).isEqualTo(variables);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "gap, dense(softmax) | 3 | 3",
        "gap, dense(softmax) | 2 | 2",
        "gmp, dense(sigmoid) | 2 | 1",
        "flatten, batchnorm, dense(5, silu), dense(1, sigmoid) | 2 | 1",
      })
  void probabilitiesOfEachImageSumToOne(String head, int classes, long units) throws IOException {
    try (FrozenGraph graph = POOL.join(head, classes).open()) {
      List<HostTensor> answers = graph.run(List.of(POOL.inputs()));
      assertThat(answers.get(0).shape()).containsExactly(3L, units);
      assertThat(answers.get(1).shape()).containsExactly(3L, (long) classes);
      float[] probabilities = answers.get(1).floats();
      for (int row = 0; row < 3; row++) {
        double sum = 0;
        for (int label = 0; label < classes; label++) {
          sum += probabilities[row * classes + label];
        }
        assertThat(sum).isCloseTo(1, within(1e-6));
      }
    }
  }

  @Test
  void aSigmoidIsTheProbabilityOfTheSecondClass() throws IOException {
    try (FrozenGraph graph = POOL.join("gap, dense(sigmoid)", 2).open()) {
      List<HostTensor> answers = graph.run(List.of(POOL.inputs()));
      for (int row = 0; row < 3; row++) {
        double second = 1 / (1 + Math.exp(-answers.get(0).floats()[row]));
        assertThat((double) answers.get(1).floats()[2 * row + 1]).isCloseTo(second, within(1e-6));
      }
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "pool | dense(softmax) | 3 | \"dense(softmax)\" needs an input of [batch, features]",
        "pool | batchnorm, dense(4), gap, dense(softmax) | 3 | put gap, gmp or flatten before it",
        "vector | gap, dense(softmax) | 3 | \"gap\" needs an input of [batch, height, width,",
        "nested | gmp, dense(softmax) | 3 | \"gmp\" needs an input of [batch, height, width,",
        "pool | gap, flatten, gap, dense(softmax) | 3 | leave it out",
        "pool | gap, dense(sigmoid) | 3 | the data has 3 classes (sigmoid tells two classes apart)",
        "pool | gap, dense(4, softmax) | 3 | answers 4 values but the data needs 3: write dense(softmax)",
        "pool | gap, dense(2, sigmoid) | 2 | answers 2 values but the data needs 1: write dense(sigmoid)",
      })
  void aHeadThatDoesNotFitSaysWhatIsWrong(String model, String head, int classes, String why) {
    assertThatThrownBy(() -> new GoldenModel(model).join(head, classes))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(why);
  }

  @Test
  void aHeadOfOnesOwnMustAnswerOneLogitAClassAndHaveAVariable() {
    assertThatThrownBy(() -> POOL.join((scope, features) -> features, 3))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("must answer [batch, 3] for 3 classes");
    Head constant =
        (scope, features) -> {
          Ops tf = scope.tf();
          return tf.slice(
              tf.math.mean(features, tf.constant(new int[] {1, 2})),
              tf.constant(new int[] {0, 0}),
              tf.constant(new int[] {-1, 3}));
        };
    assertThatThrownBy(() -> POOL.join(constant, 3))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("no variable to train");
  }

  @Test
  void aVariableIsNotMadeTwiceInTwoShapes() {
    Head confused =
        (scope, features) -> {
          scope.variable("kernel", Initializer.zeros(), scope.isTraining() ? 2 : 1);
          return new SeededSum().logits(scope, features);
        };
    assertThatThrownBy(() -> POOL.join(confused, 128))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("\"head/kernel\" was made as [1] and is asked for as [2]");
  }

  @Test
  void theInferencePathIsNotRandomAndUpdatesNothing() {
    Head random = (scope, features) -> scope.uniform(scope.tf().shape(features));
    assertThatThrownBy(() -> POOL.join(random, 3))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("training path only");
  }

  @Test
  void dropoutIsAtWorkOnTheTrainingPathOnlyAndTheSameForTheSameSeed() throws IOException {
    String head = "gap, dropout(0.5), dense(softmax)";
    try (FrozenGraph whole = POOL.join(head, 3).open();
        CutModel first = POOL.join(head, 3).cut(FreezePlan.allFrozen());
        CutModel second = POOL.join(head, 3).cut(FreezePlan.allFrozen())) {
      HostTensor expected = whole.run(List.of(POOL.inputs())).get(1);
      List<HostTensor> once = probabilities(first);
      assertThat(Difference.relative(once.get(0), expected)).isLessThan(1e-6);
      assertThat(Difference.relative(once.get(1), expected)).isGreaterThan(1e-3);
      assertThat(probabilities(second)).isEqualTo(once);
    }
  }

  private static List<HostTensor> probabilities(CutModel cut) throws IOException {
    Graft graft = cut.graft();
    return GraftRun.fetch(
        cut,
        POOL.inputs(),
        GraftRun.oneHot(3, 3),
        1,
        List.of(graft.probabilities(), graft.trainingProbabilities()));
  }

  @Test
  void aDropoutOfAHalfKeepsHalfAndDoublesIt() throws IOException {
    // Logits that are the features themselves: with dropout they are zero or twice as much.
    Head head =
        new Head() {
          @Override
          public Operand<TFloat32> logits(HeadScope scope, Operand<TFloat32> features) {
            var sums = new SeededSum().logits(scope, features);
            return new HeadLayer.Dropout(0.5).apply(scope, sums);
          }

          @Override
          public Optional<Loss> loss() {
            return Optional.of(
                (tf, logits, labels) -> tf.reduceSum(tf.math.mul(logits, labels), tf.constant(1)));
          }
        };
    float[] ones = new float[3 * 128];
    Arrays.fill(ones, 1);
    try (CutModel cut = POOL.join(head, 128).cut(FreezePlan.allFrozen())) {
      // The gradient with respect to each value's factor is the sum over the images.
      List<HostTensor> sums =
          GraftRun.fetch(
              cut,
              POOL.inputs(),
              HostTensor.of(ones, 3, 128),
              3,
              List.of(cut.graft().gradients().get(0)));
      float[] features = GraftRun.features(cut, POOL.inputs()).get(0).floats();
      int dropped = 0;
      for (int value = 0; value < 128; value++) {
        double left = sums.get(0).floats()[value] / 2;
        int subset = subsetWithSum(left, features, value);
        assertThat(subset).as("value %d", value).isNotNegative();
        dropped += 3 - Integer.bitCount(subset);
      }
      assertThat(dropped).isBetween(384 / 2 - 50, 384 / 2 + 50);
    }
  }

  /** Which of the three images' values make the sum, as bits; -1 when none do. */
  private static int subsetWithSum(double sum, float[] features, int value) {
    for (int subset = 0; subset < 8; subset++) {
      double made = 0;
      for (int image = 0; image < 3; image++) {
        made += (subset >> image & 1) == 1 ? features[image * 128 + value] : 0;
      }
      if (Math.abs(made - sum) <= 1e-5 * Math.max(1, Math.abs(sum))) {
        return subset;
      }
    }
    return -1;
  }

  /**
   * The head's own statistics after one step and after two, and what it answers while training,
   * from Keras 3.15:
   *
   * <pre>
   * features = numpy.load("testdata/models/pool/golden/features.npy").mean((1, 2))
   * layer = keras.layers.BatchNormalization()
   * trained = layer(features, training=True)
   * print(layer.moving_mean, layer.moving_variance)
   * layer(features, training=True)
   * print(layer.moving_mean, layer.moving_variance)
   * print(keras.ops.softmax(trained), keras.ops.softmax(layer(features, training=False)))
   * </pre>
   */
  @Test
  void batchnormNormalisesAndKeepsItsStatisticsAsKerasDoes() throws IOException {
    try (CutModel cut =
        POOL.join("gap, batchnorm, dense(softmax)", 2).cut(FreezePlan.allFrozen())) {
      HostTensor labels = GraftRun.oneHot(3, 2);
      GraftRun.update(cut, POOL.inputs(), labels);
      Map<String, float[]> once = byName(cut);
      assertThat(Difference.relative(once.get("moving_mean"), MEAN_ONCE)).isLessThan(1e-6);
      assertThat(Difference.relative(once.get("moving_variance"), VARIANCE_ONCE)).isLessThan(1e-6);
      GraftRun.update(cut, POOL.inputs(), labels);
      Map<String, float[]> twice = byName(cut);
      assertThat(Difference.relative(twice.get("moving_mean"), MEAN_TWICE)).isLessThan(1e-6);
      assertThat(Difference.relative(twice.get("moving_variance"), VARIANCE_TWICE))
          .isLessThan(1e-6);
    }
  }

  @Test
  void batchnormTrainsOnItsBatchAndAnswersWithItsStatistics() throws IOException {
    Head head =
        (scope, features) -> {
          Ops tf = scope.tf();
          var pooled = tf.math.mean(features, tf.constant(new int[] {1, 2}));
          var scaled = tf.math.mul(pooled, scope.variable("scale", Initializer.ones(), 8));
          return new HeadLayer.BatchNorm().apply(scope, scaled);
        };
    try (CutModel cut = POOL.join(head, 8).cut(FreezePlan.allFrozen())) {
      HostTensor labels = GraftRun.oneHot(3, 8);
      GraftRun.update(cut, POOL.inputs(), labels);
      GraftRun.update(cut, POOL.inputs(), labels);
      List<HostTensor> answers =
          GraftRun.fetch(
              cut,
              POOL.inputs(),
              labels,
              1,
              List.of(cut.graft().trainingProbabilities(), cut.graft().probabilities()));
      assertThat(Difference.relative(answers.get(0).floats(), TRAINED_SOFTMAX)).isLessThan(1e-5);
      assertThat(Difference.relative(answers.get(1).floats(), INFERRED_SOFTMAX)).isLessThan(1e-5);
    }
  }

  private static Map<String, float[]> byName(CutModel cut) {
    Map<String, HostTensor> values = cut.graft().values();
    Map<String, float[]> byName = new LinkedHashMap<>();
    for (Graft.Variable variable : cut.graft().variables()) {
      String name = variable.name().substring(variable.name().indexOf('/') + 1);
      byName.put(name, values.get(variable.node()).floats());
    }
    return byName;
  }

  private static final float[] MEAN_ONCE = {
    0.012237792f, 0.014342411f, 0.014722467f, 0.012994972f,
    0.010475316f, 0.011913772f, 0.017362284f, 0.01489647f,
  };

  private static final float[] VARIANCE_ONCE = {
    0.9900275f, 0.9900592f, 0.9902077f, 0.99001956f,
    0.9917889f, 0.99057f, 0.9900347f, 0.9900012f,
  };

  private static final float[] MEAN_TWICE = {
    0.024353206f, 0.0285414f, 0.02929771f, 0.025859995f,
    0.020845879f, 0.023708407f, 0.034550942f, 0.029643975f,
  };

  private static final float[] VARIANCE_TWICE = {
    0.9801547f, 0.9802178f, 0.9805133f, 0.9801389f,
    0.98366f, 0.9812343f, 0.98016906f, 0.9801024f,
  };

  private static final float[] TRAINED_SOFTMAX = {
    0.25986332f, 0.07289739f, 0.08388599f, 0.12707289f,
    0.15270865f, 0.06615991f, 0.1753949f, 0.062017024f,
    0.08413506f, 0.050565243f, 0.044273656f, 0.29178762f,
    0.3159367f, 0.049248744f, 0.044769954f, 0.11928301f,
    0.038006704f, 0.2254338f, 0.2237426f, 0.02241115f,
    0.017223412f, 0.25503093f, 0.10582286f, 0.1123286f,
  };

  private static final float[] INFERRED_SOFTMAX = {
    0.10994213f, 0.12499539f, 0.1319797f, 0.11298542f,
    0.11433901f, 0.09503052f, 0.17899844f, 0.13172935f,
    0.107497536f, 0.12518129f, 0.118610695f, 0.124553114f,
    0.12776826f, 0.082047686f, 0.17046623f, 0.14387512f,
    0.099639505f, 0.14054677f, 0.15715614f, 0.10477157f,
    0.04750719f, 0.13691436f, 0.17665261f, 0.1368118f,
  };
}
