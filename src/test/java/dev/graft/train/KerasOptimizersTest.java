package dev.graft.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.graft.model.CutModel;
import dev.graft.model.Difference;
import dev.graft.model.FreezePlan;
import dev.graft.model.GoldenModel;
import dev.graft.model.Graft;
import dev.graft.model.Head;
import dev.graft.model.HeadScope;
import dev.graft.model.Loss;
import dev.graft.tensor.HostTensor;
import java.io.IOException;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tensorflow.Operand;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

/** Five steps of each rule, with gradients and a learning rate that change, against Keras 3. */
class KerasOptimizersTest {
  private static final float[] START = {1, -2, 0.5f, 3};
  private static final float[] GRADIENT = {0.1f, -0.4f, 2, 0.003f};

  /**
   * The weights from Keras 3.15, for each optimizer {@code o}:
   *
   * <pre>
   * v = keras.Variable(numpy.array([1.0, -2.0, 0.5, 3.0], "float32"))
   * o.build([v])
   * g = numpy.array([0.1, -0.4, 2.0, 0.003], "float32")
   * for step in range(5):
   *     if step == 3: o.learning_rate = 0.005
   *     o.apply([g * numpy.float32((-1) ** step * (step + 1))], [v])
   * print(v)
   * </pre>
   */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "sgd(0.05) | 0.9895 | -1.9580001 | 0.29000002 | 2.999685",
        "sgd(0.05, momentum=0.9) | 0.9745645 | -1.8982581 | -0.008709982 | 2.999237",
        "sgd(0.05, momentum=0.9, nesterov) | 0.96660805 | -1.8664323 | -0.16783893 | 2.9989982",
        "rmsprop(0.05) | 0.8560047 | -1.8559982 | 0.35599774 | 2.863041",
        "rmsprop(0.05, rho=0.8, momentum=0.5) | 0.8157922 | -1.8157879 | 0.3157874 | 2.8208115",
        "adam(0.05) | 0.95119333 | -1.9511923 | 0.45119193 | 2.951241",
        "adam(0.05, beta1=0.7, beta2=0.95) | 0.9523123 | -1.9523122 | 0.45231208 | 2.9523187",
        "adagrad(0.05) | 0.9801871 | -1.9639792 | 0.45544976 | 2.999005",
      })
  void fiveStepsEndWhereKerasEnds(String optimizer, float a, float b, float c, float d)
      throws IOException {
    float[] ended = fiveSteps(Optimizer.parse(optimizer));
    assertThat(Difference.relative(ended, new float[] {a, b, c, d})).isLessThan(1e-6);
    assertThat(ended[0]).isCloseTo(a, within(1e-6f));
    assertThat(ended[2]).isCloseTo(c, within(1e-6f));
  }

  private static float[] fiveSteps(Optimizer optimizer) throws IOException {
    try (CutModel cut =
        new GoldenModel("vector").join(new Labelled(), 4).cut(FreezePlan.allFrozen())) {
      Graft graft = cut.graft();
      UpdateRule.Inputs inputs = UpdateRule.Inputs.add(graft);
      UpdateRule.Updates updates = UpdateRule.addAll(optimizer, graft, inputs);
      Session.Runner initialize = graft.session().runner();
      updates.initialize().forEach(initialize::addTarget);
      if (!updates.initialize().isEmpty()) {
        initialize.run().close();
      }
      for (int step = 0; step < 5; step++) {
        float rate = step < 3 ? (float) optimizer.learningRate() : 0.005f;
        step(graft, inputs, updates, step, rate);
      }
      Map<String, HostTensor> values = graft.values();
      return values.get(graft.variables().get(0).node()).floats();
    }
  }

  private static void step(
      Graft graft, UpdateRule.Inputs inputs, UpdateRule.Updates updates, int step, float rate) {
    float[] gradient = GRADIENT.clone();
    for (int i = 0; i < gradient.length; i++) {
      gradient[i] *= (step % 2 == 0 ? 1 : -1) * (step + 1);
    }
    int size = graft.inputs().get(0).rowSize();
    try (Tensor features = HostTensor.of(new float[size], 1, size).toNative();
        Tensor labels = HostTensor.of(gradient, 1, 4).toNative();
        Tensor weights = HostTensor.of(new float[] {1}, 1).toNative();
        Tensor number = HostTensor.of(new long[] {step}).toNative();
        Tensor learningRate = HostTensor.of(new float[] {rate}).toNative()) {
      Session.Runner runner =
          graft
              .session()
              .runner()
              .feed(graft.inputs().get(0).placeholder(), features)
              .feed(graft.labels(), labels)
              .feed(graft.weights(), weights)
              .feed(graft.step(), number)
              .feed(inputs.learningRate(), learningRate);
      for (Op update : updates.apply()) {
        runner.addTarget(update);
      }
      runner.run().close();
    }
  }

  /** One variable of four values, whose gradient is the labels. */
  private static final class Labelled implements Head {
    @Override
    public Operand<TFloat32> logits(HeadScope scope, Operand<TFloat32> features) {
      Ops tf = scope.tf();
      Operand<TFloat32> weights = scope.variable("weights", (shape, random) -> START.clone(), 4);
      Operand<TFloat32> nothing =
          tf.math.mul(
              tf.slice(features, tf.constant(new int[] {0, 0}), tf.constant(new int[] {-1, 1})),
              tf.constant(0f));
      return tf.math.add(nothing, weights);
    }

    @Override
    public Loss loss() {
      return (tf, logits, labels) -> tf.reduceSum(tf.math.mul(logits, labels), tf.constant(1));
    }
  }
}
