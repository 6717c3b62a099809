package dev.graft.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.tensor.Arithmetic;
import dev.graft.tensor.HostTensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.ndarray.buffer.FloatDataBuffer;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.types.TFloat32;

class Bfloat16GraphTest {
  private static final List<Long> STEPS = List.of(1L, 1L, 1L, 1L);
  private static final List<Long> TWO = List.of(1L, 2L, 2L, 1L);

  /** What a step makes of what a convolution has made, [batch, 6, 6, 4]. */
  private static Operand<TFloat32> step(Ops tf, String op, Operand<TFloat32> x) {
    Operand<TFloat32> channels = tf.constant(noise(4));
    return switch (op) {
      case "Add", "AddV2" -> tf.math.add(x, channels);
      case "AvgPool", "MaxPool" -> tf.nn.avgPool(x, TWO, TWO, "VALID");
      case "BiasAdd" -> tf.nn.biasAdd(x, channels);
      case "Identity" -> tf.identity(x);
      case "LeakyRelu" -> tf.nn.leakyRelu(x);
      case "Mul" -> tf.math.mul(x, tf.math.sigmoid(x));
      case "Pad" ->
          tf.pad(x, tf.constant(new int[][] {{0, 0}, {1, 1}, {0, 1}, {0, 0}}), tf.constant(0f));
      case "Relu" -> tf.nn.relu(x);
      case "Relu6" -> tf.nn.relu6(x);
      case "Reshape" -> tf.reshape(x, tf.constant(new int[] {-1, 36, 4}));
      case "Squeeze" -> tf.squeeze(tf.reshape(x, tf.constant(new int[] {-1, 1, 144})));
      default -> throw new IllegalArgumentException(op);
    };
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Add",
        "AddV2",
        "AvgPool",
        "BiasAdd",
        "Identity",
        "LeakyRelu",
        "MaxPool",
        "Mul",
        "Pad",
        "Relu",
        "Relu6",
        "Reshape",
        "Squeeze"
      })
  void whatFollowsAConvolutionIsComputedInBfloat16AndNothingBehindTheFeatures(String op) {
    GraphDef graph = chain(op);
    GraphDef made = Bfloat16Graph.of(graph, "features:0", List.of("out:0"));
    assertThat(ofType(made, DataType.DT_BFLOAT16)).containsKeys("Conv2D", op);
    assertThat(ofType(made, DataType.DT_FLOAT)).doesNotContainKeys("Conv2D").containsKey("Neg");
    float[] expected = answer(graph);
    float[] received = answer(made);
    float largest = 0;
    float difference = 0;
    for (int i = 0; i < expected.length; i++) {
      largest = Math.max(largest, Math.abs(expected[i]));
      difference = Math.max(difference, Math.abs(expected[i] - received[i]));
    }
    // Eight significant bits: rounded once each of the input, the kernel and two results.
    assertThat(difference).isLessThan(4 * largest / 256).isGreaterThan(largest / 100_000);
  }

  @Test
  void everyConvolutionOfARealBackboneIsCastOnceAndItsWeightsAreStoredSo() throws IOException {
    Backbone backbone = Backbone.load(Path.of("savedmodels", "efficientnet-lite0"));
    GraphDef filled = ConstantVariables.fill(backbone.flat().graph(), backbone.values());
    GraphDef made = Bfloat16Graph.of(filled, backbone.output(), List.of());
    Map<String, Long> cast = ofType(made, DataType.DT_BFLOAT16);
    assertThat(cast.get("Conv2D") + cast.get("DepthwiseConv2dNative")).isEqualTo(49);
    assertThat(cast.get("BiasAdd")).isEqualTo(49);
    assertThat(ofType(made, DataType.DT_FLOAT))
        .doesNotContainKeys("Conv2D", "DepthwiseConv2dNative", "BiasAdd", "Relu6", "AddV2");
    // Into bfloat16 at the stem, back at the end.
    assertThat(made.getNodeList().stream().filter(node -> node.getOp().equals("Cast"))).hasSize(2);
    assertThat(made.getSerializedSize()).isLessThan(filled.getSerializedSize() * 53 / 100);
    assertThat(names(made)).contains(TensorName.parse(backbone.output()).node());
  }

  @Test
  void whereThereIsNothingToCastThatIsSaid() {
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      var image = tf.withName("image").placeholder(TFloat32.class);
      tf.withName("features").nn.relu(image);
      GraphDef plain = graph.toGraphDef();
      assertThatThrownBy(() -> Bfloat16Graph.of(plain, "features:0", List.of()))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("no convolution or matrix product of constant weights");
    }
  }

  private static GraphDef chain(String op) {
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      var image =
          tf.withName("image")
              .placeholder(TFloat32.class, Placeholder.shape(Shape.of(-1, 6, 6, 3)));
      var scaled = tf.math.mul(image, tf.constant(0.7f));
      var kernel = tf.withName("kernel").constant(Shape.of(3, 3, 3, 4), floats(noise(108)));
      var conv = tf.nn.conv2d(scaled, tf.identity(kernel), STEPS, "SAME");
      tf.withName("features").identity(step(tf, op, conv));
      var features = graph.operation("features").<TFloat32>output(0);
      tf.withName("out").math.neg(features);
      return as(op, graph.toGraphDef());
    }
  }

  /** The graph with the ops that Keras writes, where TensorFlow Java builds newer ones. */
  private static GraphDef as(String op, GraphDef graph) {
    GraphDef.Builder other = graph.toBuilder().clearNode();
    for (NodeDef node : graph.getNodeList()) {
      switch (op + " " + node.getOp()) {
        case "MaxPool AvgPool", "AddV2 Add" -> other.addNode(node.toBuilder().setOp(op));
        case "Pad PadV2" ->
            other.addNode(
                node.toBuilder()
                    .setOp(op)
                    .clearInput()
                    .addAllInput(node.getInputList().subList(0, 2)));
        default -> other.addNode(node);
      }
    }
    return other.build();
  }

  private static FloatDataBuffer floats(float[] values) {
    return DataBuffers.of(values);
  }

  private static float[] answer(GraphDef graph) {
    try (FrozenGraph frozen =
        FrozenGraph.open(
            Arithmetic.AS_BUILT, graph, Map.of(), List.of("image"), List.of("out:0"))) {
      HostTensor images = HostTensor.of(noise(2 * 6 * 6 * 3), 2, 6, 6, 3);
      return frozen.run(List.of(images)).get(0).floats();
    }
  }

  /** How many nodes there are of each op that computes in a type. */
  private static Map<String, Long> ofType(GraphDef graph, DataType type) {
    return graph.getNodeList().stream()
        .filter(node -> node.containsAttr("T") && node.getAttrOrThrow("T").getType() == type)
        .collect(Collectors.groupingBy(NodeDef::getOp, TreeMap::new, Collectors.counting()));
  }

  private static List<String> names(GraphDef graph) {
    return graph.getNodeList().stream().map(NodeDef::getName).toList();
  }

  private static float[] noise(int count) {
    Random random = new Random(3);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = random.nextFloat() * 2 - 1;
    }
    return values;
  }
}
