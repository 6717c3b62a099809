package dev.graft.savedmodel;

import dev.graft.tensor.HostTensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.tensorflow.Graph;
import org.tensorflow.Output;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.OpDef;

/** One op with random inputs, whose gradient is compared with finite differences. */
final class OpCase {
  private final NodeDef.Builder op;
  private final List<HostTensor> inputs = new ArrayList<>();
  private final List<Boolean> variable = new ArrayList<>();
  private final Random random = new Random(7);
  private DataType type = DataType.DT_DOUBLE;
  private double low = 0.15;
  private double high = 0.85;
  private String output = "op:0";

  OpCase(String type) {
    op = Nodes.node(type, "op");
  }

  /** Inputs that follow are float32, for ops that know nothing else. */
  OpCase floats() {
    type = DataType.DT_FLOAT;
    return this;
  }

  /** Values of the inputs that follow; 0.15 to 0.85 otherwise. */
  OpCase between(double from, double to) {
    low = from;
    high = to;
    return this;
  }

  /** A random input that the gradient is asked for. */
  OpCase x(long... shape) {
    return add(random(shape), true);
  }

  /** A constant random input. */
  OpCase fixed(long... shape) {
    return add(random(shape), false);
  }

  /** A constant int32 vector. */
  OpCase ints(int... values) {
    return add(HostTensor.of(values, values.length), false);
  }

  /** A constant int32 scalar. */
  OpCase number(int value) {
    return add(HostTensor.of(new int[] {value}), false);
  }

  /** A constant int32 tensor. */
  OpCase tensor(HostTensor value) {
    return add(value, false);
  }

  OpCase with(String attribute, org.tensorflow.proto.AttrValue value) {
    op.putAttr(attribute, value);
    return this;
  }

  OpCase with(String attribute, String text) {
    return with(attribute, Nodes.text(text));
  }

  OpCase with(String attribute, int number) {
    return with(attribute, Nodes.number(number));
  }

  OpCase with(String attribute, boolean truth) {
    return with(attribute, org.tensorflow.proto.AttrValue.newBuilder().setB(truth).build());
  }

  OpCase with(String attribute, float number) {
    return with(attribute, org.tensorflow.proto.AttrValue.newBuilder().setF(number).build());
  }

  OpCase list(String attribute, long... numbers) {
    return with(attribute, Nodes.numbers(java.util.Arrays.stream(numbers).boxed().toList()));
  }

  /** Which output is looked at; the first otherwise. */
  OpCase output(int index) {
    output = "op:" + index;
    return this;
  }

  private OpCase add(HostTensor value, boolean varies) {
    op.addInput((varies ? "x" : "k") + inputs.size());
    inputs.add(value);
    variable.add(varies);
    return this;
  }

  private HostTensor random(long... shape) {
    int size = 1;
    for (long axis : shape) {
      size *= (int) axis;
    }
    double[] values = new double[size];
    for (int i = 0; i < size; i++) {
      values[i] = low + random.nextDouble() * (high - low);
    }
    return tensor(type, values, shape);
  }

  private static HostTensor tensor(DataType type, double[] values, long... shape) {
    int width = type == DataType.DT_FLOAT ? Float.BYTES : Double.BYTES;
    ByteBuffer bytes = ByteBuffer.allocate(values.length * width).order(ByteOrder.LITTLE_ENDIAN);
    for (double value : values) {
      if (type == DataType.DT_FLOAT) {
        bytes.putFloat((float) value);
      } else {
        bytes.putDouble(value);
      }
    }
    return HostTensor.wrap(type, bytes.array(), shape);
  }

  private static double[] doubles(HostTensor tensor) {
    double[] values = new double[(int) tensor.size()];
    ByteBuffer bytes = tensor.bytes();
    for (int i = 0; i < values.length; i++) {
      values[i] = tensor.dtype() == DataType.DT_FLOAT ? bytes.getFloat() : bytes.getDouble();
    }
    return values;
  }

  /** The node with its type attributes filled in from its inputs. */
  NodeDef node() {
    NodeDef.Builder node = op.clone();
    OpDef definition = Ops.get(op.getOp());
    int next = 0;
    for (OpDef.ArgDef argument : definition.getInputArgList()) {
      int width = argument.getNumberAttr().isEmpty() ? 1 : (int) count(argument, next);
      if (!argument.getNumberAttr().isEmpty()) {
        node.putAttr(argument.getNumberAttr(), Nodes.number(width));
      }
      if (!argument.getTypeAttr().isEmpty() && !node.containsAttr(argument.getTypeAttr())) {
        node.putAttr(argument.getTypeAttr(), Nodes.type(inputs.get(next).dtype()));
      }
      next += width;
    }
    return node.build();
  }

  private long count(OpDef.ArgDef argument, int from) {
    OpDef definition = Ops.get(op.getOp());
    int others = definition.getInputArgCount() - 1;
    return inputs.size() - others;
  }

  /** Whether it is computed in float32. */
  boolean isSingle() {
    return type == DataType.DT_FLOAT;
  }

  @Override
  public String toString() {
    NodeDef node = node();
    List<String> shapes =
        inputs.stream().map(input -> input.dtype().name() + input.shape()).toList();
    List<String> settings = new ArrayList<>();
    new java.util.TreeMap<>(node.getAttrMap())
        .forEach(
            (name, value) ->
                settings.add(name + "=" + value.toString().replaceAll("\\s+", " ").strip()));
    return node.getOp() + " of " + shapes + " " + settings;
  }

  GraphDef graph() {
    GraphDef.Builder graph = GraphDef.newBuilder();
    for (int i = 0; i < inputs.size(); i++) {
      HostTensor value = inputs.get(i);
      graph.addNode(
          variable.get(i)
              ? FlatRun.placeholder("x" + i, value.dtype(), value.shape())
              : Nodes.constant("k" + i, value));
    }
    return graph.addNode(node()).build();
  }

  /**
   * Largest difference between gradient and finite difference along a random direction, relative to
   * the larger of the two, over the inputs.
   */
  double error() {
    double worst = 0;
    try (Graph graph = new Graph()) {
      graph.importGraphDef(graph());
      Ref wanted = Ref.parse(output);
      Output<?> y = graph.operation("op").output(wanted.index());
      List<String> names = new ArrayList<>();
      for (int i = 0; i < inputs.size(); i++) {
        if (variable.get(i)) {
          names.add("x" + i);
        }
      }
      HostTensor seed;
      try (Session session = new Session(graph)) {
        HostTensor value = run(session, List.of(output), Map.of()).get(0);
        between(-1, 1);
        seed = random(value.shape().stream().mapToLong(n -> n).toArray());
      }
      graph.importGraphDef(GraphDef.newBuilder().addNode(Nodes.constant("seed", seed)).build());
      Output<?>[] x = names.stream().map(n -> graph.operation(n).output(0)).toArray(Output[]::new);
      Output<?>[] gradients =
          graph.addGradients(
              "gradients",
              new Output<?>[] {y},
              x,
              new Output<?>[] {graph.operation("seed").output(0)});
      try (Session session = new Session(graph)) {
        for (int i = 0; i < names.size(); i++) {
          String tensor = gradients[i].op().name() + ":" + gradients[i].index();
          worst = Math.max(worst, error(session, names.get(i), tensor, doubles(seed)));
        }
      }
    }
    return worst;
  }

  private double error(Session session, String name, String gradient, double[] seed) {
    int index = Integer.parseInt(name.substring(1));
    HostTensor at = inputs.get(index);
    double[] slope = doubles(run(session, List.of(gradient), Map.of()).get(0));
    double worst = 0;
    for (int trial = 0; trial < 3; trial++) {
      between(-1, 1);
      long[] shape = at.shape().stream().mapToLong(n -> n).toArray();
      double[] direction = doubles(random(shape));
      double h = at.dtype() == DataType.DT_FLOAT ? 1e-2 : 1e-5;
      double up = loss(session, name, moved(at, direction, h), seed);
      double down = loss(session, name, moved(at, direction, -h), seed);
      double expected = (up - down) / (2 * h);
      double received = 0;
      for (int i = 0; i < direction.length; i++) {
        received += slope.length == direction.length ? slope[i] * direction[i] : Double.NaN;
      }
      double size = Math.max(Math.max(Math.abs(expected), Math.abs(received)), 1e-2);
      double error = Math.abs(expected - received) / size;
      worst = Double.isNaN(error) ? Double.NaN : Math.max(worst, error);
    }
    return worst;
  }

  private static HostTensor moved(HostTensor at, double[] direction, double step) {
    double[] values = doubles(at);
    for (int i = 0; i < values.length; i++) {
      values[i] += step * direction[i];
    }
    return tensor(at.dtype(), values, at.shape().stream().mapToLong(n -> n).toArray());
  }

  private double loss(Session session, String name, HostTensor value, double[] seed) {
    double[] y = doubles(run(session, List.of(output), Map.of(name, value)).get(0));
    double sum = 0;
    for (int i = 0; i < y.length; i++) {
      sum += y[i] * seed[i];
    }
    return sum;
  }

  private List<HostTensor> run(
      Session session, List<String> tensors, Map<String, HostTensor> changed) {
    Session.Runner runner = session.runner();
    List<Tensor> fed = new ArrayList<>();
    for (int i = 0; i < inputs.size(); i++) {
      if (variable.get(i)) {
        Tensor tensor = changed.getOrDefault("x" + i, inputs.get(i)).toNative();
        fed.add(tensor);
        runner.feed("x" + i, tensor);
      }
    }
    tensors.forEach(runner::fetch);
    try (Result result = runner.run()) {
      List<HostTensor> results = new ArrayList<>();
      for (int i = 0; i < tensors.size(); i++) {
        results.add(HostTensor.fromNative(result.get(i)));
      }
      return results;
    } finally {
      fed.forEach(Tensor::close);
    }
  }
}
