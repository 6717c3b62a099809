package dev.graft.savedmodel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.tensor.HostTensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.DoubleBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;

class RewritesTest {
  private static final DataType DOUBLE = DataType.DT_DOUBLE;

  @Test
  void identityNKeepsEachOutputAndGetsAGradient() {
    NodeDef.Builder split =
        Nodes.node("IdentityN", "scope/id", "x", "x")
            .putAttr("T", Nodes.types(List.of(DOUBLE, DOUBLE)));
    NodeDef.Builder product = unary("Mul", "product", "scope/id:1").addInput("scope/id");
    Case rewritten = new Case(List.of(split, product), "product", input(2, 3)).check(1e-12);
    assertThat(rewritten.ops()).contains("Identity").doesNotContain("IdentityN");
    assertThat(rewritten.names()).contains("scope/id", "scope/id/output_1");
  }

  @Test
  void anOutputThatIsASecondTensorOfIdentityNIsFollowed() {
    NodeDef.Builder split =
        Nodes.node("IdentityN", "id", "x", "x").putAttr("T", Nodes.types(List.of(DOUBLE, DOUBLE)));
    Case rewritten = new Case(List.of(split), "id:1", input(2)).check(1e-12);
    assertThat(rewritten.after.outputs().get(0).tensor()).isEqualTo("id/output_1:0");
  }

  @Test
  void opsThatHandOnTheirInputGetAGradient() {
    NodeDef.Builder ensured =
        unary("EnsureShape", "a", "x").putAttr("shape", Nodes.shape(List.of(-1L, 3L)));
    NodeDef.Builder prevented = unary("PreventGradient", "b", "a");
    NodeDef.Builder snapshot = unary("Snapshot", "c", "b");
    NodeDef.Builder square = unary("Square", "y", "c");
    Case rewritten =
        new Case(List.of(ensured, prevented, snapshot, square), "y", input(2, 3)).check(1e-12);
    assertThat(rewritten.ops()).doesNotContain("EnsureShape", "PreventGradient", "Snapshot");
  }

  @Test
  void gatherGetsAGradient() {
    NodeDef.Builder indices = constant("indices", HostTensor.of(new int[] {2, 0, 2}, 3));
    NodeDef.Builder gather =
        Nodes.node("Gather", "y", "x", "indices")
            .putAttr("Tparams", Nodes.type(DOUBLE))
            .putAttr("Tindices", Nodes.type(DataType.DT_INT32));
    new Case(List.of(indices, gather), "y", input(4, 2)).check(1e-12);
  }

  @ParameterizedTest
  @CsvSource({"-1, true", "-2, false"})
  void gatherFromTheBackGetsAGradient(int axis, boolean wide) {
    NodeDef.Builder indices = constant("indices", HostTensor.of(new int[] {2, 0, 2}, 3));
    NodeDef.Builder from =
        constant("from", wide ? HostTensor.of(new long[] {axis}) : HostTensor.of(new int[] {axis}));
    NodeDef.Builder gather =
        Nodes.node("GatherV2", "y", "x", "indices", "from")
            .putAttr("Tparams", Nodes.type(DOUBLE))
            .putAttr("Tindices", Nodes.type(DataType.DT_INT32))
            .putAttr("Taxis", Nodes.type(wide ? DataType.DT_INT64 : DataType.DT_INT32));
    new Case(List.of(indices, from, gather), "y", input(2, 4, 5)).check(1e-12);
  }

  @Test
  void concatGetsAGradient() {
    NodeDef.Builder axis = constant("axis", HostTensor.of(new int[] {1}));
    NodeDef.Builder square = unary("Square", "square", "x");
    NodeDef.Builder concat =
        Nodes.node("Concat", "y", "axis", "x", "square")
            .putAttr("N", Nodes.number(2))
            .putAttr("T", Nodes.type(DOUBLE));
    new Case(List.of(axis, square, concat), "y", input(2, 3)).check(1e-12);
  }

  @Test
  void onesLikeDoesNotStopTheGradientBesideIt() {
    NodeDef.Builder ones = unary("OnesLike", "ones", "x");
    NodeDef.Builder sum = unary("AddV2", "y", "ones").addInput("square");
    new Case(List.of(unary("Square", "square", "x"), ones, sum), "y", input(2, 3)).check(1e-12);
  }

  @Test
  void erfcGetsAGradient() {
    new Case(List.of(unary("Erfc", "y", "x")), "y", input(3, 2)).check(1e-12);
  }

  @ParameterizedTest
  @CsvSource({"2, 3, 4", "2, 3, 0", "5, 0, 0"})
  void logSoftmaxOfAnyRankHasTheRightGradient(long first, long second, long third) {
    long[] shape = Stream.of(first, second, third).filter(n -> n > 0).mapToLong(n -> n).toArray();
    new Case(List.of(unary("LogSoftmax", "y", "x")), "y", input(shape)).check(1e-12);
  }

  @Test
  void logSoftmaxOverTwoDimensionsStaysAsItIs() {
    FlatModel model = new Case(List.of(unary("LogSoftmax", "y", "x")), "y", input(2, 3)).before;
    assertThat(Rewrites.forGradients(model)).isSameAs(model);
  }

  @ParameterizedTest(name = "{0} {1} of {2}, dilated by {3} and {4}, size known: {5}")
  @CsvSource({
    "Conv2D, SAME, 3, 2, 2, true",
    "Conv2D, SAME, 3, 2, 3, false",
    "Conv2D, SAME, 2, 3, 2, true",
    "Conv2D, VALID, 3, 2, 2, true",
    "Conv2D, VALID, 2, 1, 3, false",
  })
  void dilatedConvolutionsHaveTheRightGradient(
      String op, String padding, int size, int rows, int columns, boolean known) {
    NodeDef.Builder convolution =
        convolution(op, padding)
            .putAttr("dilations", Nodes.numbers(List.of(1L, (long) rows, (long) columns, 1L)));
    Case rewritten =
        new Case(
                List.of(convolution, unary("Tanh", "y", "convolution")),
                "y",
                input(2, 7, 8, 2),
                kernel(size, size, 2, 2),
                known)
            .check(1e-10);
    assertThat(rewritten.ops()).contains("SpaceToBatchND", "BatchToSpaceND");
  }

  /** TensorFlow cannot run these as they are in float64, so a kernel with holes is the measure. */
  @ParameterizedTest(name = "{0} of {1}, dilated by {2}, size known: {3}")
  @CsvSource({"SAME, 3, 2, true", "VALID, 3, 2, true", "SAME, 2, 3, false", "VALID, 2, 2, false"})
  void dilatedDepthwiseConvolutionsEqualPlainOnesWithHolesInTheKernel(
      String padding, int size, int dilation, boolean known) {
    NodeDef.Builder dilated =
        convolution("DepthwiseConv2dNative", padding)
            .putAttr("dilations", Nodes.numbers(List.of(1L, (long) dilation, (long) dilation, 1L)));
    List<NodeDef.Builder> plain = new ArrayList<>(holes(size, dilation, 2, 3));
    plain.add(convolution("DepthwiseConv2dNative", padding).setInput(1, "holes"));
    HostTensor x = input(2, 7, 8, 2);
    HostTensor w = kernel(size, size, 2, 3);
    Case expected = new Case(plain, "convolution", x, w, known);
    Case rewritten = new Case(List.of(dilated), "convolution", x, w, known);
    assertThat(rewritten.ops()).contains("SpaceToBatchND", "BatchToSpaceND");
    new Case(expected.before, rewritten.after, expected.inputs).check(1e-12);
  }

  /** Nodes that put rows and columns of zeros between those of the kernel w. */
  private static List<NodeDef.Builder> holes(int size, int dilation, int channels, int multiplier) {
    int reach = (size - 1) * dilation + 1;
    int wide = size * dilation;
    int[] pads = {0, 0, 0, dilation - 1, 0, 0, 0, dilation - 1, 0, 0, 0, 0};
    return List.of(
        ints("apart_shape", size, 1, size, 1, channels, multiplier),
        reshape("apart", "w", "apart_shape"),
        constant("pads", HostTensor.of(pads, 6, 2)),
        unary("Pad", "padded", "apart")
            .addInput("pads")
            .putAttr("Tpaddings", Nodes.type(DataType.DT_INT32)),
        ints("wide_shape", wide, wide, channels, multiplier),
        reshape("wide", "padded", "wide_shape"),
        ints("begin", 0, 0, 0, 0),
        ints("size", reach, reach, channels, multiplier),
        unary("Slice", "holes", "wide")
            .addInput("begin")
            .addInput("size")
            .putAttr("Index", Nodes.type(DataType.DT_INT32)));
  }

  private static NodeDef.Builder ints(String name, int... values) {
    return constant(name, HostTensor.of(values, values.length));
  }

  private static NodeDef.Builder reshape(String name, String input, String shape) {
    return unary("Reshape", name, input)
        .addInput(shape)
        .putAttr("Tshape", Nodes.type(DataType.DT_INT32));
  }

  @ParameterizedTest
  @CsvSource({"Conv2D, 1", "DepthwiseConv2dNative, 1", "Conv2D, 2"})
  void convolutionsWithExplicitPaddingHaveTheRightGradient(String op, long dilation) {
    NodeDef.Builder convolution =
        convolution(op, "EXPLICIT")
            .putAttr("dilations", Nodes.numbers(List.of(1L, dilation, dilation, 1L)))
            .putAttr("explicit_paddings", Nodes.numbers(List.of(0L, 0L, 1L, 0L, 2L, 1L, 0L, 0L)));
    new Case(List.of(convolution), "convolution", input(1, 5, 6, 2), kernel(3, 2, 2, 3), true)
        .check(1e-10);
  }

  @ParameterizedTest
  @CsvSource({"FusedBatchNorm", "FusedBatchNormV2"})
  void oldBatchNormGetsAGradient(String op) {
    HostTensor x = floats(2, 2, 2, 3);
    NodeDef.Builder norm =
        Nodes.node(op, "norm", "x", "scale", "offset", "mean", "variance")
            .putAttr("T", Nodes.type(DataType.DT_FLOAT))
            .putAttr("is_training", org.tensorflow.proto.AttrValue.newBuilder().setB(false).build())
            .putAttr("epsilon", org.tensorflow.proto.AttrValue.newBuilder().setF(0.1f).build());
    if (op.endsWith("V2")) {
      norm.putAttr("U", Nodes.type(DataType.DT_FLOAT));
    }
    HostTensor scale = HostTensor.of(new float[] {1.5f, -2, 0.5f}, 3);
    HostTensor variance = HostTensor.of(new float[] {1, 0.5f, 2}, 3);
    List<NodeDef.Builder> nodes =
        List.of(
            constant("scale", scale),
            constant("offset", HostTensor.of(new float[] {0, 1, 2}, 3)),
            constant("mean", HostTensor.of(new float[] {0.1f, -0.2f, 0}, 3)),
            constant("variance", variance),
            norm);
    Case made = new Case(nodes, "norm", x);
    assertThat(made.output(made.after)).isEqualTo(made.output(made.before));
    float[] gradient = made.gradients(made.after, ones(x)).get(0).floats();
    for (int i = 0; i < gradient.length; i++) {
      double expected = scale.floats()[i % 3] / Math.sqrt(variance.floats()[i % 3] + 0.1);
      assertThat((double) gradient[i])
          .isCloseTo(expected, org.assertj.core.data.Offset.offset(1e-6));
    }
  }

  @Test
  void embeddingsReadTheirVariableAndGetADenseGradient() {
    NodeDef.Builder handle =
        Nodes.node("VarHandleOp", "table")
            .putAttr("dtype", Nodes.type(DOUBLE))
            .putAttr("shape", Nodes.shape(List.of(4L, 2L)))
            .putAttr("shared_name", Nodes.text("table"));
    NodeDef.Builder gather =
        Nodes.node("ResourceGather", "y", "table", "x")
            .putAttr("dtype", Nodes.type(DOUBLE))
            .putAttr("Tindices", Nodes.type(DataType.DT_INT32));
    FlatModel model =
        new FlatModel(
            GraphDef.newBuilder()
                .addNode(FlatRun.placeholder("x", DataType.DT_INT32, List.of(3L)))
                .addNode(handle)
                .addNode(gather)
                .build(),
            List.of(new FlatInput("x", "x", DataType.DT_INT32, List.of(3L))),
            List.of(new FlatOutput("y", "y:0", DOUBLE, List.of(3L, 2L))),
            List.of(),
            Path.of("made"));
    Map<String, HostTensor> values = Map.of("table", input(4, 2));
    Map<String, HostTensor> inputs = Map.of("x", HostTensor.of(new int[] {3, 1, 3}, 3));
    FlatModel rewritten = Rewrites.forGradients(model);
    assertThat(FlatRun.outputs(rewritten, values, inputs))
        .isEqualTo(FlatRun.outputs(model, values, inputs));
    assertThat(
            rewritten.graph().getNodeList().stream()
                .map(NodeDef::getOp)
                .collect(Collectors.toSet()))
        .contains("GatherV2")
        .doesNotContain("ResourceGather");
    HostTensor seed = doubles(new double[] {1, 2, 3, 4, 5, 6}, 3, 2);
    HostTensor gradient =
        FlatRun.gradients(rewritten, values, inputs, seed, List.of("table")).get(0);
    assertThat(values(gradient)).containsExactly(0, 0, 3, 4, 0, 0, 6, 8);
  }

  private static NodeDef.Builder convolution(String op, String padding) {
    return Nodes.node(op, "convolution", "x", "w")
        .putAttr("T", Nodes.type(DOUBLE))
        .putAttr("padding", Nodes.text(padding))
        .putAttr("strides", Nodes.numbers(List.of(1L, 1L, 1L, 1L)));
  }

  private static NodeDef.Builder unary(String op, String name, String input) {
    return Nodes.node(op, name, input).putAttr("T", Nodes.type(DOUBLE));
  }

  private static NodeDef.Builder constant(String name, HostTensor value) {
    return Nodes.constant(name, value).toBuilder();
  }

  private static HostTensor input(long... shape) {
    return doubles(new Random(1), shape);
  }

  private static HostTensor kernel(long... shape) {
    return doubles(new Random(2), shape);
  }

  private static HostTensor doubles(Random random, long... shape) {
    long count = java.util.Arrays.stream(shape).reduce(1, (a, b) -> a * b);
    return doubles(random.doubles(count, -1, 1).toArray(), shape);
  }

  private static HostTensor doubles(double[] values, long... shape) {
    ByteBuffer bytes = ByteBuffer.allocate(values.length * 8).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asDoubleBuffer().put(values);
    return HostTensor.wrap(DOUBLE, bytes.array(), shape);
  }

  private static HostTensor floats(long... shape) {
    Random random = new Random(3);
    int count = (int) java.util.Arrays.stream(shape).reduce(1, (a, b) -> a * b);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = random.nextFloat() - 0.5f;
    }
    return HostTensor.of(values, shape);
  }

  private static HostTensor ones(HostTensor like) {
    float[] ones = new float[(int) like.size()];
    java.util.Arrays.fill(ones, 1);
    return HostTensor.of(ones, longs(like.shape()));
  }

  private static long[] longs(List<Long> shape) {
    return shape.stream().mapToLong(Long::longValue).toArray();
  }

  private static double[] values(HostTensor tensor) {
    DoubleBuffer buffer = tensor.bytes().asDoubleBuffer();
    double[] values = new double[buffer.remaining()];
    buffer.get(values);
    return values;
  }

  /** A graph over an input x and perhaps a kernel w, before and after. */
  private static final class Case {
    final FlatModel before;
    final FlatModel after;
    final Map<String, HostTensor> inputs = new TreeMap<>();

    Case(FlatModel before, FlatModel after, Map<String, HostTensor> inputs) {
      this.before = before;
      this.after = after;
      this.inputs.putAll(inputs);
    }

    Case(List<NodeDef.Builder> nodes, String output, HostTensor x) {
      this(nodes, output, x, null, true);
    }

    Case(List<NodeDef.Builder> nodes, String output, HostTensor x, HostTensor w, boolean known) {
      inputs.put("x", x);
      if (w != null) {
        inputs.put("w", w);
      }
      GraphDef.Builder graph = GraphDef.newBuilder();
      List<FlatInput> flatInputs = new ArrayList<>();
      inputs.forEach(
          (key, value) -> {
            List<Long> shape = value.shape();
            if (key.equals("x") && !known) {
              shape = List.of(-1L, -1L, -1L, value.shape().get(3));
            }
            graph.addNode(FlatRun.placeholder(key, value.dtype(), shape));
            flatInputs.add(new FlatInput(key, key, value.dtype(), shape));
          });
      nodes.forEach(graph::addNode);
      String tensor = Ref.parse(output).toString();
      before =
          new FlatModel(
              graph.build(),
              flatInputs,
              List.of(new FlatOutput("y", tensor, x.dtype(), null)),
              List.of(),
              Path.of("made"));
      after = Rewrites.forGradients(before);
    }

    HostTensor output(FlatModel model) {
      return FlatRun.outputs(model, Map.of(), inputs).get("y");
    }

    List<HostTensor> gradients(FlatModel model, HostTensor seed) {
      return FlatRun.gradients(model, Map.of(), inputs, seed, List.copyOf(inputs.keySet()));
    }

    Set<String> ops() {
      return after.graph().getNodeList().stream().map(NodeDef::getOp).collect(Collectors.toSet());
    }

    Set<String> names() {
      return after.graph().getNodeList().stream().map(NodeDef::getName).collect(Collectors.toSet());
    }

    /** Same outputs as before, and gradients equal to differences of the graph as it was. */
    Case check(double tolerance) {
      HostTensor expected = output(before);
      assertThat(values(output(after)))
          .containsExactly(values(expected), org.assertj.core.data.Offset.offset(tolerance));
      HostTensor seed = doubles(new Random(4), longs(expected.shape()));
      List<HostTensor> gradients = gradients(after, seed);
      int index = 0;
      for (String key : List.copyOf(inputs.keySet())) {
        double[] numerical = differences(key, seed);
        assertThat(java.util.Arrays.stream(numerical).map(Math::abs).max().orElse(0))
            .as("the gradient says something")
            .isGreaterThan(1e-3);
        assertThat(values(gradients.get(index++)))
            .containsExactly(numerical, org.assertj.core.data.Offset.offset(1e-7));
      }
      return this;
    }

    private double[] differences(String key, HostTensor seed) {
      double[] point = values(inputs.get(key));
      double[] gradient = new double[point.length];
      double step = 1e-5;
      try (FlatRun.Open open = new FlatRun.Open(before, Map.of())) {
        for (int i = 0; i < gradient.length; i++) {
          gradient[i] =
              (loss(open, key, moved(point, i, step), seed)
                      - loss(open, key, moved(point, i, -step), seed))
                  / (2 * step);
        }
      }
      return gradient;
    }

    private static double[] moved(double[] point, int index, double step) {
      double[] moved = point.clone();
      moved[index] += step;
      return moved;
    }

    private double loss(FlatRun.Open open, String key, double[] point, HostTensor seed) {
      Map<String, HostTensor> fed = new TreeMap<>(inputs);
      fed.put(key, doubles(point, longs(inputs.get(key).shape())));
      double[] outputs = values(open.outputs(fed).get("y"));
      double[] weights = values(seed);
      double loss = 0;
      for (int i = 0; i < outputs.length; i++) {
        loss += outputs[i] * weights[i];
      }
      return loss;
    }
  }
}
