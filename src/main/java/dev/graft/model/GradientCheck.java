package dev.graft.model;

import dev.graft.data.Preparation;
import dev.graft.savedmodel.FlatInput;
import dev.graft.savedmodel.FlatVariable;
import dev.graft.tensor.HostTensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.DoubleSupplier;
import java.util.function.UnaryOperator;
import java.util.stream.DoubleStream;
import org.tensorflow.Graph;
import org.tensorflow.Operation;
import org.tensorflow.Output;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.types.TFloat32;

/**
 * A spot check of a backbone's gradients against finite differences, for what no table covers: two
 * random inputs, the sum of output × a random tensor, and for each trainable variable a few random
 * directions in which it is moved. All in float32, so that agreement is to a per cent or so.
 *
 * <p>Where the loss has a kink, as at the zeros of a fresh PReLU before a max pooling, it falls by
 * one slope ahead and by another back, and each implementation may take its own gradient in
 * between, window by window. Such a variable is compared again with all weights moved a little, off
 * the kink, where there is one right gradient.
 */
public final class GradientCheck {
  private static final int ROWS = 2;
  private static final int DIRECTIONS = 3;
  private static final double[] STEPS = {3e-3, 3e-4};
  private static final double TOLERANCE = 0.1;

  /** Of the largest gradient: below, a gradient is as good as zero in float32. */
  private static final double NOISE = 1e-5;

  /** Size of a weight for steps in a variable that is zero or nearly so. */
  private static final double FLOOR = 0.1;

  /** How far the weights are moved off a kink, in parts of their size; ten steps and more. */
  private static final double BESIDE = 0.03;

  private GradientCheck() {}

  /**
   * How well the gradient of a variable agrees.
   *
   * @param variable its name
   * @param error of the middle one of the directions: difference between gradient and finite
   *     difference, over the size that either has in a random direction; beside the kink where
   *     there is one
   */
  public record Agreement(String variable, double error) {
    /** Whether the gradient may be called right. */
    public boolean isRight() {
      return error <= TOLERANCE;
    }
  }

  /**
   * Checks every trainable variable that {@link Preflight} lets train.
   *
   * @param seed of everything random
   * @throws IllegalArgumentException when the model's inputs have unknown sizes or are no numbers
   * @throws IOException when the weights can't be read
   */
  public static List<Agreement> of(Backbone backbone, long seed) throws IOException {
    return of(backbone, seed, UnaryOperator.identity());
  }

  /** The same for gradients that were changed, which proves that a wrong one is found. */
  static List<Agreement> of(Backbone backbone, long seed, UnaryOperator<float[]> change)
      throws IOException {
    Preflight preflight = Preflight.of(backbone);
    List<FlatVariable> variables =
        backbone.flat().variables().stream()
            .filter(FlatVariable::trainable)
            .filter(variable -> variable.dtype() == DataType.DT_FLOAT)
            .filter(
                variable ->
                    preflight
                        .verdict(backbone.layerOf(variable))
                        .map(Preflight.Verdict::canTrain)
                        .orElse(false))
            .toList();
    try (Graph graph = new Graph()) {
      return new Check(backbone, variables, graph, new Random(seed)).run(change);
    }
  }

  /**
   * A gradient beside finite differences.
   *
   * @param error see {@link Agreement#error}; no number where the gradient is none
   * @param bend difference between the slopes ahead and back at the smallest step, in the same unit
   */
  private record Comparison(double error, double bend) {
    /** Whether the gradient differs as one may that is right on one side of a kink. */
    boolean isKink() {
      return error > TOLERANCE && bend > TOLERANCE;
    }
  }

  /** A graph with live variables and what is fed to it. */
  private static final class Check {
    private static final String SEED = "seed";

    private final Backbone backbone;
    private final List<FlatVariable> variables;
    private final Graph graph;
    private final Random random;
    private final Map<String, HostTensor> values;
    private final Map<String, HostTensor> live;
    private final Map<String, HostTensor> inputs = new LinkedHashMap<>();
    private final Map<String, Operation> assigns = new HashMap<>();
    private final Map<String, Output<?>> fed = new HashMap<>();

    Check(Backbone backbone, List<FlatVariable> variables, Graph graph, Random random)
        throws IOException {
      this.backbone = backbone;
      this.variables = variables;
      this.graph = graph;
      this.random = random;
      this.values = backbone.values();
      Map<String, HostTensor> frozen = new HashMap<>(values);
      variables.forEach(variable -> frozen.remove(variable.node()));
      GraphNodes nodes = new GraphNodes(backbone.flat().graph());
      Set<String> needed = nodes.ancestors(List.of(TensorName.parse(backbone.output()).node()));
      GraphDef kept = nodes.keep(needed).build();
      this.live = ConstantVariables.live(kept, frozen);
      graph.importGraphDef(ConstantVariables.fill(kept, frozen));
      backbone.flat().inputs().stream()
          .filter(input -> needed.contains(input.node()))
          .forEach(input -> inputs.put(input.node(), input(input)));
    }

    List<Agreement> run(UnaryOperator<float[]> change) {
      if (variables.isEmpty()) {
        return List.of();
      }
      Ops tf = Ops.create(graph).withSubScope("check");
      variables.forEach(variable -> addAssign(tf, variable));
      try (Session session = new Session(graph, false)) {
        variables.forEach(variable -> live.put(variable.node(), values.get(variable.node())));
        VariableValues.assign(graph, session, live);
        Output<?>[] differentiated = addGradients(tf);
        HostTensor seed = random(output(session).shape(), () -> random.nextGaussian());
        Loss loss = new Loss(session, differentiated, seed, change);
        Point own = new Point(loss, values);
        List<Comparison> found = new ArrayList<>();
        variables.forEach(variable -> found.add(own.compare(variable)));
        if (found.stream().anyMatch(Comparison::isKink)) {
          Point beside = new Point(loss, beside());
          for (int i = 0; i < found.size(); i++) {
            if (found.get(i).isKink()) {
              found.set(i, beside.compare(variables.get(i)));
            }
          }
        }
        List<Agreement> agreements = new ArrayList<>();
        for (int i = 0; i < found.size(); i++) {
          agreements.add(new Agreement(variables.get(i).name(), found.get(i).error()));
        }
        return agreements;
      }
    }

    /** The weights, those that train moved a little at random. */
    private Map<String, HostTensor> beside() {
      Map<String, HostTensor> moved = new HashMap<>(values);
      for (FlatVariable variable : variables) {
        HostTensor at = values.get(variable.node());
        float[] direction = random(at.shape(), () -> random.nextGaussian()).floats();
        moved.put(variable.node(), moved(at, direction, BESIDE * length(at, direction)));
      }
      return moved;
    }

    private void addAssign(Ops tf, FlatVariable variable) {
      long[] shape = variable.shape().stream().mapToLong(Long::longValue).toArray();
      Placeholder<TFloat32> value =
          tf.placeholder(TFloat32.class, Placeholder.shape(Shape.of(shape)));
      fed.put(variable.node(), value.asOutput());
      Output<?> handle = graph.operationOrThrow(variable.node()).output(0);
      assigns.put(variable.node(), tf.assignVariableOp(handle, value).op());
    }

    private void assign(Session session, FlatVariable variable, HostTensor value) {
      try (Tensor tensor = value.toNative()) {
        session
            .runner()
            .feed(fed.get(variable.node()), tensor)
            .addTarget(assigns.get(variable.node()))
            .run()
            .close();
      }
    }

    private Output<?>[] addGradients(Ops tf) {
      Placeholder<TFloat32> seed = tf.placeholder(TFloat32.class);
      fed.put(SEED, seed.asOutput());
      Output<?>[] handles =
          variables.stream()
              .map(variable -> graph.operationOrThrow(variable.node()).output(0))
              .toArray(Output<?>[]::new);
      Output<?> output = graph.outputOrThrow(backbone.output());
      return graph.addGradients(
          "gradients", new Output<?>[] {output}, handles, new Output<?>[] {seed.asOutput()});
    }

    private HostTensor output(Session session) {
      return fetch(session.runner().fetch(graph.outputOrThrow(backbone.output()))).get(0);
    }

    private List<HostTensor> fetch(Session.Runner runner) {
      List<Tensor> tensors = new ArrayList<>();
      try {
        inputs.forEach(
            (node, value) -> {
              Tensor tensor = value.toNative();
              tensors.add(tensor);
              runner.feed(node, tensor);
            });
        List<HostTensor> results = new ArrayList<>();
        try (Result result = runner.run()) {
          result.forEach(entry -> results.add(HostTensor.fromNative(entry.getValue())));
        }
        return results;
      } finally {
        tensors.forEach(Tensor::close);
      }
    }

    /** The sum of output × seed, and its gradients by the graph. */
    private record Loss(
        Session session, Output<?>[] gradients, HostTensor seed, UnaryOperator<float[]> change) {}

    /** One set of values of the variables, which the session has while it is in use. */
    private final class Point {
      private final Loss loss;
      private final Map<String, HostTensor> at;
      private final Map<String, float[]> gradients = new HashMap<>();
      private final double noise;
      private final double here;

      Point(Loss loss, Map<String, HostTensor> at) {
        this.loss = loss;
        this.at = at;
        variables.forEach(variable -> assign(variable, at.get(variable.node())));
        List<float[]> found = gradients();
        for (int i = 0; i < found.size(); i++) {
          gradients.put(variables.get(i).node(), loss.change().apply(found.get(i)));
        }
        noise =
            NOISE
                * gradients.values().stream()
                    .mapToDouble(Check::norm)
                    .filter(Double::isFinite)
                    .max()
                    .orElse(0);
        here = value();
      }

      private void assign(FlatVariable variable, HostTensor value) {
        Check.this.assign(loss.session(), variable, value);
      }

      private List<float[]> gradients() {
        try (Tensor seed = loss.seed().toNative()) {
          Session.Runner runner = loss.session().runner().feed(fed.get(SEED), seed);
          for (Output<?> gradient : loss.gradients()) {
            runner.fetch(gradient);
          }
          return fetch(runner).stream().map(HostTensor::floats).toList();
        }
      }

      private double value() {
        return dot(output(loss.session()).floats(), loss.seed().floats());
      }

      /** The middle of the directions, each with the step that suits it best. */
      Comparison compare(FlatVariable variable) {
        List<Comparison> found = new ArrayList<>();
        HostTensor value = at.get(variable.node());
        for (int i = 0; i < DIRECTIONS; i++) {
          float[] direction = random(value.shape(), () -> random.nextGaussian()).floats();
          found.add(compare(variable, direction));
        }
        assign(variable, value);
        return new Comparison(
            middle(found.stream().mapToDouble(Comparison::error)),
            middle(found.stream().mapToDouble(Comparison::bend)));
      }

      private Comparison compare(FlatVariable variable, float[] direction) {
        float[] gradient = gradients.get(variable.node());
        double length = length(at.get(variable.node()), direction);
        double expected = length * dot(gradient, direction);
        double size = length * (norm(gradient) + noise);
        double error = Double.POSITIVE_INFINITY;
        double bend = 0;
        for (double step : STEPS) {
          double ahead = (moved(variable, direction, step * length) - here) / step;
          double back = (here - moved(variable, direction, -step * length)) / step;
          double slope = (ahead + back) / 2;
          double larger = Math.max(size, Math.abs(slope));
          error = Math.min(error, Math.abs(slope - expected) / larger);
          bend = Math.abs(ahead - back) / larger; // of the smallest step in the end
        }
        return new Comparison(error, bend);
      }

      private double moved(FlatVariable variable, float[] direction, double step) {
        assign(variable, Check.moved(at.get(variable.node()), direction, step));
        return value();
      }
    }

    private static double middle(DoubleStream values) {
      return values.sorted().toArray()[DIRECTIONS / 2];
    }

    /** How far a step of 1 goes in a direction: as far as the weights are from zero. */
    private static double length(HostTensor at, float[] direction) {
      return Math.max(norm(at.floats()), FLOOR * norm(direction)) / norm(direction);
    }

    private static HostTensor moved(HostTensor at, float[] direction, double step) {
      float[] values = at.floats();
      for (int i = 0; i < values.length; i++) {
        values[i] += (float) (step * direction[i]);
      }
      return HostTensor.of(values, at.shape().stream().mapToLong(Long::longValue).toArray());
    }

    private HostTensor input(FlatInput input) {
      if (input.shape() == null || input.shape().stream().skip(1).anyMatch(size -> size < 0)) {
        throw new IllegalArgumentException(
            "Input \""
                + input.key()
                + "\" has the shape "
                + input.shape()
                + ", expected known sizes to check gradients.");
      }
      List<Long> shape = new ArrayList<>(input.shape());
      if (!shape.isEmpty()) {
        shape.set(0, (long) ROWS);
      }
      boolean raw = backbone.preparation().map(Preparation::inGraph).orElse(false);
      return switch (input.dtype()) {
        case DT_FLOAT ->
            random(shape, () -> raw ? 255 * random.nextDouble() : 2 * random.nextDouble() - 1);
        case DT_INT32, DT_INT64 -> indices(input.dtype(), shape);
        default ->
            throw new IllegalArgumentException(
                "Input \""
                    + input.key()
                    + "\" is "
                    + input.dtype()
                    + ", expected float32 or integers to check gradients.");
      };
    }

    private HostTensor indices(DataType dtype, List<Long> shape) {
      long[] sizes = shape.stream().mapToLong(Long::longValue).toArray();
      int count = Math.toIntExact(Shape.of(sizes).size());
      return dtype == DataType.DT_INT64
          ? HostTensor.of(random.longs(count, 0, 2).toArray(), sizes)
          : HostTensor.of(random.ints(count, 0, 2).toArray(), sizes);
    }

    private HostTensor random(List<Long> shape, DoubleSupplier next) {
      long[] sizes = shape.stream().mapToLong(Long::longValue).toArray();
      int count = Math.toIntExact(Shape.of(sizes).size());
      ByteBuffer bytes =
          ByteBuffer.allocate(Math.multiplyExact(count, Float.BYTES))
              .order(ByteOrder.LITTLE_ENDIAN);
      for (int i = 0; i < count; i++) {
        bytes.putFloat((float) next.getAsDouble());
      }
      return HostTensor.wrapFloats(bytes.array(), sizes);
    }

    private static double norm(float[] values) {
      return Math.sqrt(dot(values, values));
    }

    private static double dot(float[] a, float[] b) {
      double sum = 0;
      for (int i = 0; i < a.length; i++) {
        sum += (double) a[i] * b[i];
      }
      return sum;
    }
  }
}
