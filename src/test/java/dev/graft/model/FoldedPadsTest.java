package dev.graft.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.tensor.Arithmetic;
import dev.graft.tensor.HostTensor;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tensorflow.Graph;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.types.TFloat32;

class FoldedPadsTest {
  private static final int CHANNELS = 24;

  /** As Keras pads before a depthwise convolution of stride 2, for even and odd sizes. */
  @ParameterizedTest
  @CsvSource({"16, 0, 1, 3, 2", "15, 1, 1, 3, 2", "14, 1, 2, 5, 2", "13, 1, 1, 3, 1"})
  void aConvolutionPadsByItselfAndNoBitChanges(
      int size, int before, int after, int kernel, int stride) {
    GraphDef graph = graph(size, before, after, kernel, stride);
    GraphDef folded = FoldedPads.fold(graph, List.of("images"));
    assertThat(convolution(folded).getInput(0)).isEqualTo("images");
    assertThat(convolution(folded).getAttrOrThrow("padding").getS().toStringUtf8())
        .isEqualTo("SAME");
    assertThat(run(folded, size)).isEqualTo(run(graph, size)).doesNotContain(0);
  }

  @Test
  void otherZerosStay() {
    GraphDef graph = graph(16, 1, 1, 3, 2);
    assertThat(FoldedPads.fold(graph, List.of("images"))).isEqualTo(graph);
  }

  @Test
  void zerosOfAnotherTypeStay() {
    GraphDef.Builder graph = graph(16, 0, 1, 3, 2).toBuilder();
    graph.getNodeBuilderList().stream()
        .filter(node -> node.getOp().equals("Const"))
        .filter(node -> node.getAttrOrThrow("dtype").getType() == DataType.DT_INT32)
        .forEach(
            node -> {
              HostTensor zeros = HostTensor.of(new long[] {0, 0, 0, 1, 0, 1, 0, 0}, 4, 2);
              node.mergeFrom(ConstantVariables.constant(node.getName(), zeros));
            });
    GraphDef wide = graph.build();
    assertThat(FoldedPads.fold(wide, List.of("images"))).isEqualTo(wide);
  }

  private static GraphDef graph(int size, int before, int after, int kernel, long stride) {
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      var images =
          tf.withName("images")
              .placeholder(TFloat32.class, Placeholder.shape(Shape.of(-1, size, size, CHANNELS)));
      var zeros = tf.constant(new int[][] {{0, 0}, {before, after}, {before, after}, {0, 0}});
      var weights =
          tf.constant(
              Shape.of(kernel, kernel, CHANNELS, 1),
              DataBuffers.of(noise(kernel * kernel * CHANNELS)));
      tf.withName("out")
          .nn
          .depthwiseConv2dNative(
              tf.pad(images, zeros, tf.constant(0f)),
              weights,
              List.of(1L, stride, stride, 1L),
              "VALID");
      GraphDef.Builder built = graph.toGraphDef().toBuilder();
      built.getNodeBuilderList().forEach(FoldedPadsTest::asKerasWrites);
      return built.build();
    }
  }

  private static void asKerasWrites(NodeDef.Builder node) {
    if (node.getOp().equals("PadV2")) {
      String images = node.getInput(0);
      String zeros = node.getInput(1);
      node.setOp("Pad").clearInput().addInput(images).addInput(zeros);
    }
  }

  private static NodeDef convolution(GraphDef graph) {
    return graph.getNodeList().stream()
        .filter(node -> node.getName().equals("out"))
        .findFirst()
        .orElseThrow();
  }

  private static float[] run(GraphDef graph, int size) {
    try (FrozenGraph frozen =
        FrozenGraph.open(
            Arithmetic.AS_BUILT, graph, Map.of(), List.of("images"), List.of("out:0"))) {
      HostTensor images = HostTensor.of(noise(3 * size * size * CHANNELS), 3, size, size, CHANNELS);
      return frozen.run(List.of(images)).get(0).floats();
    }
  }

  private static float[] noise(int count) {
    Random random = new Random(6);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }
}
