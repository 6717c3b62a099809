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

  private GradientCheck() {}

  /**
   * How well the gradient of a variable agrees.
   *
   * @param variable its name
   * @param error of the middle one of the directions: difference between gradient and finite
   *     difference, over the size that either has in a random direction
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

  /** A graph with live variables and what is fed to it. */
  private static final class Check {
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
        HostTensor seed = random(output(session).shape(), () -> random.nextGaussian());
        List<float[]> gradients = gradients(session, tf, seed).stream().map(change).toList();
        double largest = gradients.stream().mapToDouble(Check::norm).max().orElse(0);
        List<Agreement> agreements = new ArrayList<>();
        for (int i = 0; i < variables.size(); i++) {
          double error =
              error(session, variables.get(i), gradients.get(i), seed.floats(), largest * NOISE);
          agreements.add(new Agreement(variables.get(i).name(), error));
        }
        return agreements;
      }
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

    private List<float[]> gradients(Session session, Ops tf, HostTensor seed) {
      Placeholder<TFloat32> fedSeed = tf.placeholder(TFloat32.class);
      Output<?>[] handles =
          variables.stream()
              .map(variable -> graph.operationOrThrow(variable.node()).output(0))
              .toArray(Output<?>[]::new);
      Output<?> output = graph.outputOrThrow(backbone.output());
      Output<?>[] gradients =
          graph.addGradients(
              "gradients", new Output<?>[] {output}, handles, new Output<?>[] {fedSeed.asOutput()});
      try (Tensor tensor = seed.toNative()) {
        Session.Runner runner = session.runner().feed(fedSeed, tensor);
        for (Output<?> gradient : gradients) {
          runner.fetch(gradient);
        }
        return fetch(runner).stream().map(HostTensor::floats).toList();
      }
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

    /** The middle of the errors over the directions, each with the step that suits it best. */
    private double error(
        Session session, FlatVariable variable, float[] gradient, float[] seed, double noise) {
      HostTensor at = values.get(variable.node());
      double[] errors = new double[DIRECTIONS];
      for (int i = 0; i < DIRECTIONS; i++) {
        float[] direction = random(at.shape(), () -> random.nextGaussian()).floats();
        double length = Math.max(norm(at.floats()), FLOOR * norm(direction)) / norm(direction);
        double expected = length * dot(gradient, direction);
        double size = length * (norm(gradient) + noise);
        errors[i] = Double.POSITIVE_INFINITY;
        for (double step : STEPS) {
          double slope = slope(session, variable, direction, step * length, seed) / step;
          double larger = Math.max(size, Math.abs(slope));
          errors[i] = Math.min(errors[i], Math.abs(slope - expected) / larger);
        }
      }
      java.util.Arrays.sort(errors);
      return errors[DIRECTIONS / 2];
    }

    /** Half the change of the loss between a step ahead and a step back. */
    private double slope(
        Session session, FlatVariable variable, float[] direction, double step, float[] seed) {
      HostTensor at = values.get(variable.node());
      assign(session, variable, moved(at, direction, step));
      float[] ahead = output(session).floats();
      assign(session, variable, moved(at, direction, -step));
      float[] back = output(session).floats();
      assign(session, variable, at);
      double change = 0;
      for (int i = 0; i < seed.length; i++) {
        change += ((double) ahead[i] - back[i]) * seed[i];
      }
      return change / 2;
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
