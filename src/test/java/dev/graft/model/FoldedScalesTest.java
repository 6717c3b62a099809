package dev.graft.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.savedmodel.FlatInput;
import dev.graft.tensor.Arithmetic;
import dev.graft.tensor.HostTensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.RunOptions;
import org.tensorflow.types.TFloat32;

class FoldedScalesTest {
  @Test
  void everyBatchNormOfARealBackboneIsFoldedAndItsAnswersStay() throws IOException {
    Backbone backbone = Backbone.load(Path.of("savedmodels", "efficientnet-lite0"));
    Map<String, HostTensor> values = backbone.values();
    GraphDef filled = ConstantVariables.fill(backbone.flat().graph(), values);
    Map<String, Long> before = ops(filled);
    Map<String, Long> after = ops(FoldedScales.fold(filled, List.of(backbone.output())));
    assertThat(before.get("Conv2D") + before.get("DepthwiseConv2dNative")).isEqualTo(49);
    assertThat(after.get("BiasAdd")).isEqualTo(49);
    assertThat(before.get("Mul") - after.get("Mul")).isEqualTo(49);
    float[] image = noise(2 * 224 * 224 * 3);
    float[] truth = run(backbone, values, Arithmetic.AS_BUILT, image);
    float[] folded = run(backbone, values, Arithmetic.FUSED, image);
    float largest = 0;
    for (float value : truth) {
      largest = Math.max(largest, Math.abs(value));
    }
    assertThat(largest).isGreaterThan(0.1f);
    for (int i = 0; i < truth.length; i++) {
      assertThat(folded[i]).isCloseTo(truth[i], Offset.offset(2e-5f * largest));
    }
  }

  @ParameterizedTest
  @EnumSource(value = Arithmetic.class, names = "AS_BUILT", mode = EnumSource.Mode.EXCLUDE)
  void convolutionBiasAndActivationRunAsOneKernel(Arithmetic arithmetic) throws Exception {
    Backbone backbone = Backbone.load(Path.of("savedmodels", "efficientnet-lite0"));
    GraphDef filled = ConstantVariables.fill(backbone.flat().graph(), backbone.values());
    Map<String, Long> run =
        opsRun(
            FoldedScales.fold(filled, List.of(backbone.output())),
            backbone.flat().inputs().get(0).node(),
            HostTensor.of(noise(2 * 224 * 224 * 3), 2, 224, 224, 3),
            backbone.output(),
            arithmetic);
    assertThat(count(run, "FusedConv2D")).isEqualTo(33);
    assertThat(count(run, "FusedDepthwiseConv2dNative")).isEqualTo(16);
    assertThat(run).doesNotContainKeys("Conv2D", "DepthwiseConv2dNative", "BiasAdd", "Relu6");
    assertThat(run).doesNotContainKeys("Mul", "Sub", "Rsqrt", "FusedBatchNormV3");
  }

  /** As in ResNet50, whose blocks end so, after convolutions that are not padded. */
  @ParameterizedTest
  @EnumSource(value = Arithmetic.class, names = "AS_BUILT", mode = EnumSource.Mode.EXCLUDE)
  void aResidualSumAndTheActivationBehindItRunInTheConvolution(Arithmetic arithmetic) {
    GraphDef definition;
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      Operand<TFloat32> images =
          tf.withName("images")
              .placeholder(TFloat32.class, Placeholder.shape(Shape.of(-1, 8, 8, 16)));
      Operand<TFloat32> first = tf.nn.relu(convolved(tf, images, 2));
      Operand<TFloat32> second = convolved(tf, tf.nn.relu(convolved(tf, first, 1)), 1);
      tf.withName("out").identity(tf.nn.relu(tf.math.add(first, second)));
      definition = graph.toGraphDef();
    }
    Map<String, Long> run =
        opsRun(
            definition,
            "images",
            HostTensor.of(noise(2 * 8 * 8 * 16), 2, 8, 8, 16),
            "out:0",
            arithmetic);
    assertThat(count(run, "FusedConv2D")).isEqualTo(3);
    assertThat(run).doesNotContainKeys("Conv2D", "BiasAdd", "AddV2", "Add", "Relu");
  }

  private static Operand<TFloat32> convolved(Ops tf, Operand<TFloat32> images, long stride) {
    return tf.nn.biasAdd(
        tf.nn.conv2d(images, values(tf, 1, 1, 16, 16), List.of(1L, stride, stride, 1L), "VALID"),
        values(tf, 16));
  }

  private static Operand<TFloat32> values(Ops tf, long... shape) {
    Shape of = Shape.of(shape);
    float[] values = noise(Math.toIntExact(of.size()));
    return tf.constant(of, DataBuffers.of(values));
  }

  /** Of the graph that TensorFlow really runs, which it tells after a run. */
  private static Map<String, Long> opsRun(
      GraphDef definition, String input, HostTensor batch, String output, Arithmetic arithmetic) {
    Map<String, Long> run = new TreeMap<>();
    try (Graph graph = new Graph();
        Tensor images = batch.toNative()) {
      graph.importGraphDef(definition);
      try (Session session = new Session(graph, arithmetic.config());
          Result result =
              session
                  .runner()
                  .setOptions(RunOptions.newBuilder().setOutputPartitionGraphs(true).build())
                  .feed(input, images)
                  .fetch(output)
                  .runAndFetchMetadata()) {
        for (GraphDef part : result.getMetadata().orElseThrow().getPartitionGraphsList()) {
          ops(part).forEach((op, count) -> run.merge(op, count, Long::sum));
        }
      }
    }
    return run;
  }

  private static long count(Map<String, Long> ops, String ending) {
    return ops.entrySet().stream()
        .filter(op -> op.getKey().endsWith(ending))
        .mapToLong(Map.Entry::getValue)
        .sum();
  }

  private static float[] run(
      Backbone backbone, Map<String, HostTensor> values, Arithmetic arithmetic, float[] images) {
    try (FrozenGraph graph =
        FrozenGraph.open(
            arithmetic,
            backbone.flat().graph(),
            values,
            backbone.flat().inputs().stream().map(FlatInput::node).toList(),
            List.of(backbone.output()))) {
      return graph.run(List.of(HostTensor.of(images, 2, 224, 224, 3))).get(0).floats();
    }
  }

  @Test
  void biasScaleAndShiftOfPlainAndDepthwiseConvolutionsAreFolded() {
    for (boolean depthwise : new boolean[] {false, true}) {
      GraphDef graph = chain(depthwise, false);
      GraphDef folded = FoldedScales.fold(graph, List.of("out:0"));
      assertThat(ops(folded))
          .doesNotContainKeys("Mul", "AddV2", "Add")
          .containsEntry("BiasAdd", 1L);
      float[] image = noise(2 * 5 * 5 * 3);
      float[] expected = answer(graph, image);
      assertThat(answer(folded, image)).containsExactly(expected, Offset.offset(1e-5f));
      assertThat(expected).doesNotContain(0f);
    }
  }

  @Test
  void whatIsReadElsewhereOrFetchedStays() {
    GraphDef readTwice = chain(false, true);
    assertThat(FoldedScales.fold(readTwice, List.of("out:0"))).isEqualTo(readTwice);
    GraphDef graph = chain(true, false);
    assertThat(FoldedScales.fold(graph, List.of("out:0", "conv:0"))).isEqualTo(graph);
    assertThat(FoldedScales.fold(graph, List.of("product:0"))).isEqualTo(graph);
  }

  /** An image through a convolution to six channels, with bias, scale and shift. */
  private static GraphDef chain(boolean depthwise, boolean readTwice) {
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      var image =
          tf.withName("image")
              .placeholder(TFloat32.class, Placeholder.shape(Shape.of(-1, 5, 5, 3)));
      var kernel =
          tf.reshape(
              tf.constant(noise(depthwise ? 54 : 162)),
              tf.constant(depthwise ? new int[] {3, 3, 3, 2} : new int[] {3, 3, 3, 6}));
      var steps = List.of(1L, 1L, 1L, 1L);
      var conv =
          depthwise
              ? tf.withName("conv").nn.depthwiseConv2dNative(image, kernel, steps, "SAME")
              : tf.withName("conv").nn.conv2d(image, kernel, steps, "SAME");
      var biased = tf.math.add(conv, tf.constant(new float[] {1, 2, 3, -1, -2, -3}));
      var scale = tf.math.sqrt(tf.constant(new float[] {1, 2, 3, 4, 5, 6}));
      var product = tf.withName("product").math.mul(biased, scale);
      var sum = tf.math.add(product, tf.constant(new float[] {6, 5, 4, 3, 2, 1}));
      var out = readTwice ? tf.math.maximum(sum, product) : tf.math.neg(sum);
      tf.withName("out").identity(out);
      return graph.toGraphDef();
    }
  }

  private static float[] answer(GraphDef graph, float[] images) {
    try (FrozenGraph frozen =
        FrozenGraph.open(
            Arithmetic.AS_BUILT, graph, Map.of(), List.of("image"), List.of("out:0"))) {
      return frozen.run(List.of(HostTensor.of(images, 2, 5, 5, 3))).get(0).floats();
    }
  }

  private static Map<String, Long> ops(GraphDef graph) {
    Map<String, Long> ops = new TreeMap<>();
    graph.getNodeList().forEach(node -> ops.merge(node.getOp(), 1L, Long::sum));
    return ops;
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
