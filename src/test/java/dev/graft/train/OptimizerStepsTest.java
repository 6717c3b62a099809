package dev.graft.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.graft.tensor.HostTensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.core.VarHandleOp;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;

/** Five steps on two variables under changing rates; expected values are Keras 3.15's. */
class OptimizerStepsTest {
  private static final float[] RATES = {0.01f, 0.01f, 0.003f, 0.02f, 0.001f};

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "'sgd(0.01)' |"
            + " 0.483749986 -1.23599994 1.96724987 -0.727750063 0.103249997 -2.99424982 0.273499995 -0.504000008 1.51049995",
        "'sgd(0.01, momentum=0.9)' |"
            + " 0.490308762 -1.21095753 1.90831125 -0.683089733 0.0639290139 -2.99704432 0.313536435 -0.496305019 1.48144364",
        "'sgd(0.01, momentum=0.9, nesterov, clipnorm=1.0)' |"
            + " 0.487125099 -1.2273531 1.94495618 -0.710887969 0.0889556333 -2.99534822 0.283279181 -0.49646464 1.49892128",
        "'sgd(0.01, weight_decay=0.1, global_clipnorm=2.0)' |"
            + " 0.485158831 -1.23421538 1.96831775 -0.730304182 0.109638669 -2.98355269 0.264714003 -0.500974238 1.5020541",
        "'sgd(0.01, global_clipnorm=100.0)' |"
            + " 0.483749986 -1.23599994 1.96724987 -0.727750063 0.103249997 -2.99424982 0.273499995 -0.504000008 1.51049995",
        "'rmsprop(0.01)' |"
            + " 0.477773964 -1.20843422 1.92851818 -0.669498563 0.0689409003 -2.96865153 0.295440257 -0.493490368 1.50524867",
        "'rmsprop(0.01, momentum=0.5, clipvalue=0.6)' |"
            + " 0.475280941 -1.17202401 1.8697226 -0.593275726 0.0183884762 -2.93208027 0.326046258 -0.502176881 1.46297109",
        "'rmsprop(0.01, momentum=0.9, centered, weight_decay=0.01)' |"
            + " 0.518080115 -1.12258744 1.77657712 -0.463586777 -0.0532021262 -2.91004968 0.387965381 -0.440924972 1.41801059",
        "'rmsprop(0.01, rho=0.8, centered)' |"
            + " 0.484054506 -1.2168653 1.94178033 -0.684042394 0.080945842 -2.9745307 0.288095355 -0.494372845 1.50241435",
        "'adam(0.01, clipnorm=0.5)' |"
            + " 0.51352185 -1.24053311 1.97340918 -0.721799672 0.106508397 -2.99727154 0.26492694 -0.498928934 1.48239493",
        "'adam(0.01, beta1=0.8, beta2=0.99)' |"
            + " 0.510256171 -1.23844385 1.97244215 -0.720641553 0.105279788 -2.99670315 0.268341094 -0.500773132 1.4852525",
        "'adamw(0.01)' |"
            + " 0.512844384 -1.2381084 1.97121775 -0.720205784 0.104238726 -2.99649715 0.268904299 -0.499697089 1.48189664",
        "'adamw(0.01, weight_decay=0.1, global_clipnorm=1.0)' |"
            + " 0.510130227 -1.23414099 1.96432769 -0.718354166 0.106052168 -2.98539519 0.266351968 -0.498160541 1.47649562",
        "'nadam(0.01)' |"
            + " 0.494759351 -1.23595047 1.97470081 -0.721904695 0.105500288 -2.990309 0.266274333 -0.49875924 1.49986064",
        "'nadam(0.01, weight_decay=0.05, clipvalue=0.5)' |"
            + " 0.49388808 -1.23100495 1.96872747 -0.717768729 0.102892525 -2.97920346 0.265787065 -0.503455579 1.49005997",
        "'adagrad(0.01)' |"
            + " 0.494017452 -1.23771405 1.97885907 -0.729286551 0.108494245 -2.9922359 0.263326705 -0.497939616 1.50088203",
        "'adagrad(0.01, weight_decay=0.02)' |"
            + " 0.493572593 -1.23661828 1.97710669 -0.728635192 0.108390078 -2.9895978 0.263102561 -0.497503191 1.49956977",
      })
  void fiveStepsEqualKeras(String optimizer, String weights) {
    double[] expected =
        Arrays.stream(weights.strip().split(" ")).mapToDouble(Double::parseDouble).toArray();

    float[] trained = train(Optimizer.parse(optimizer));

    assertThat(trained).hasSize(expected.length);
    for (int i = 0; i < expected.length; i++) {
      assertThat((double) trained[i]).as("weight %d", i).isCloseTo(expected[i], within(1e-6));
    }
  }

  /** Keras multiplies by the decay, then by the rate; the other way round rounds otherwise. */
  @Test
  void theDecayIsRoundedAsKerasRoundsIt() {
    int size = 100_000;
    float[] weights = new float[size];
    Random random = new Random(1);
    for (int i = 0; i < size; i++) {
      weights[i] = (float) random.nextGaussian();
    }
    float[] trained;
    try (Graph graph = new Graph();
        Session session = new Session(graph, false)) {
      Ops tf = Ops.create(graph);
      Variable kernel = Variable.add(tf, "kernel", 200, size / 200);
      Placeholder<TInt64> step = tf.placeholder(TInt64.class, Placeholder.shape(Shape.scalar()));
      UpdateRule.Inputs inputs = UpdateRule.Inputs.add(graph, step);
      UpdateRule.Updates updates =
          UpdateRule.addAll(
              Optimizer.parse("sgd(0.01, weight_decay=0.1)"),
              tf,
              List.of(kernel.target()),
              List.of(kernel.gradient()),
              inputs);
      kernel.assign(tf, session, weights);
      try (Tensor number = HostTensor.of(new long[] {0}).toNative();
          Tensor rate = HostTensor.of(new float[] {0.01f}).toNative();
          Tensor none = HostTensor.of(new float[size], 200, size / 200).toNative()) {
        Session.Runner runner =
            session
                .runner()
                .feed(step, number)
                .feed(inputs.learningRate(), rate)
                .feed(kernel.gradient(), none);
        updates.apply().forEach(runner::addTarget);
        runner.run().close();
      }
      trained = values(session, kernel.read(tf));
    }
    for (int i = 0; i < size; i++) {
      weights[i] -= weights[i] * 0.1f * 0.01f;
    }
    assertThat(trained).containsExactly(weights);
  }

  private static float[] train(Optimizer optimizer) {
    try (Graph graph = new Graph();
        Session session = new Session(graph, false)) {
      Ops tf = Ops.create(graph);
      Variable kernel = Variable.add(tf, "kernel", 2, 3);
      Variable bias = Variable.add(tf, "bias", 3);
      Placeholder<TInt64> step = tf.placeholder(TInt64.class, Placeholder.shape(Shape.scalar()));
      UpdateRule.Inputs inputs = UpdateRule.Inputs.add(graph, step);
      UpdateRule.Updates updates =
          UpdateRule.addAll(
              optimizer,
              tf,
              List.of(kernel.target(), bias.target()),
              List.of(kernel.gradient(), bias.gradient()),
              inputs);
      run(session, updates.initialize());
      kernel.assign(tf, session, 0.5f, -1.25f, 2, -0.75f, 0.125f, -3);
      bias.assign(tf, session, 0.25f, -0.5f, 1.5f);
      for (int i = 0; i < RATES.length; i++) {
        try (Tensor number = HostTensor.of(new long[] {i}).toNative();
            Tensor rate = HostTensor.of(new float[] {RATES[i]}).toNative();
            Tensor kernelGradient = gradient(7 * i, 5, 11, 4, 2, 3);
            Tensor biasGradient = gradient(5 * i, 3, 7, 2, 3)) {
          Session.Runner runner =
              session
                  .runner()
                  .feed(step, number)
                  .feed(inputs.learningRate(), rate)
                  .feed(kernel.gradient(), kernelGradient)
                  .feed(bias.gradient(), biasGradient);
          updates.apply().forEach(runner::addTarget);
          runner.run().close();
        }
      }
      return values(session, kernel.read(tf), bias.read(tf));
    }
  }

  /** Elements {@code ((start + k·stride) mod modulus − modulus / 2) / divisor}. */
  private static Tensor gradient(int start, int stride, int modulus, int divisor, long... shape) {
    float[] values = new float[(int) Shape.of(shape).size()];
    for (int k = 0; k < values.length; k++) {
      values[k] = ((start + k * stride) % modulus - modulus / 2) / (float) divisor;
    }
    return HostTensor.of(values, shape).toNative();
  }

  private static void run(Session session, List<Op> ops) {
    if (!ops.isEmpty()) {
      Session.Runner runner = session.runner();
      ops.forEach(runner::addTarget);
      runner.run().close();
    }
  }

  private static float[] values(Session session, Output<?>... reads) {
    Session.Runner runner = session.runner();
    Arrays.stream(reads).forEach(runner::fetch);
    List<Float> values = new ArrayList<>();
    try (Result result = runner.run()) {
      for (int i = 0; i < reads.length; i++) {
        for (float value : HostTensor.fromNative(result.get(i)).floats()) {
          values.add(value);
        }
      }
    }
    float[] all = new float[values.size()];
    for (int i = 0; i < all.length; i++) {
      all[i] = values.get(i);
    }
    return all;
  }

  private record Variable(UpdateRule.Target target, Placeholder<TFloat32> gradient) {
    static Variable add(Ops tf, String name, long... sizes) {
      Shape shape = Shape.of(sizes);
      VarHandleOp handle = tf.varHandleOp(TFloat32.class, shape, VarHandleOp.sharedName(name));
      return new Variable(
          new UpdateRule.Target(name, shape, handle.resource()),
          tf.placeholder(TFloat32.class, Placeholder.shape(shape)));
    }

    void assign(Ops tf, Session session, float... values) {
      Operand<TFloat32> value =
          tf.reshape(tf.constant(values), tf.constant(target.shape().asArray()));
      run(session, List.of(tf.assignVariableOp(target.handle(), value)));
    }

    Output<TFloat32> read(Ops tf) {
      return tf.readVariableOp(target.handle(), TFloat32.class).asOutput();
    }
  }
}
