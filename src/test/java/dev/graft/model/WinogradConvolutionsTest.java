package dev.graft.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.tensor.Arithmetic;
import dev.graft.tensor.HostTensor;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.tensorflow.Graph;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.nn.Conv2d;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.types.TFloat32;

class WinogradConvolutionsTest {
  private static final int CHANNELS = 128;

  /** Sizes for tiles of 2, 3 and 4, whole ones and cut ones, not square. */
  @ParameterizedTest
  @CsvSource({
    "24, 24, SAME, 128, 36",
    "23, 29, SAME, 130, 36",
    "26, 30, VALID, 128, 36",
    "15, 15, SAME, 128, 25",
    "17, 14, VALID, 144, 25",
    "10, 10, SAME, 128, 16",
    "12, 12, VALID, 128, 16"
  })
  void outputsEqualTheConvolutionsToAFewMillionths(
      int height, int width, String padding, int out, long places) {
    GraphDef graph = graph(height, width, CHANNELS, out, padding, 1, 1);
    GraphDef replaced = WinogradConvolutions.replace(graph, List.of("images"));
    assertThat(kernelShape(replaced)).containsExactly(places, (long) CHANNELS, (long) out);
    float[] images = noise(3 * height * width * CHANNELS, 1);
    HostTensor truth = run(graph, images, 3, height, width);
    HostTensor answer = run(replaced, images, 3, height, width);
    assertThat(answer.shape()).isEqualTo(truth.shape());
    assertThat(largest(truth.floats())).isGreaterThan(1);
    assertThat(difference(answer.floats(), truth.floats()))
        .isPositive()
        .isLessThan(5e-6f * largest(truth.floats()));
  }

  @Test
  void anImageHasTheSameBitsBesideAnyNumberOfOthers() {
    for (int size : new int[] {10, 15, 24}) {
      GraphDef graph =
          WinogradConvolutions.replace(
              graph(size, size, CHANNELS, CHANNELS, "SAME", 1, 1), List.of("images"));
      int row = size * size * CHANNELS;
      float[] images = noise(17 * row, 2);
      float[] among = run(graph, images, 17, size, size).floats();
      for (int rows : new int[] {1, 2, 3, 4, 5, 8, 11, 16}) {
        int from = 17 - rows;
        float[] some = Arrays.copyOfRange(images, from * row, 17 * row);
        assertThat(run(graph, some, rows, size, size).floats())
            .as("%d rows of %d×%d", rows, size, size)
            .isEqualTo(Arrays.copyOfRange(among, from * row, 17 * row));
      }
    }
  }

  @Test
  void convolutionsThatWouldGainNothingStay() {
    Stream.of(
            graph(24, 24, 64, 128, "SAME", 1, 1),
            graph(24, 24, 128, 64, "SAME", 1, 1),
            graph(24, 24, 128, 128, "SAME", 2, 1),
            graph(24, 24, 128, 128, "SAME", 1, 2),
            graph(4, 4, 128, 128, "SAME", 1, 1))
        .forEach(
            graph ->
                assertThat(WinogradConvolutions.replace(graph, List.of("images"))).isSameAs(graph));
  }

  @Test
  void kernelsThatWouldTakeTooMuchMemoryStay() {
    GraphDef graph = graph(24, 24, CHANNELS, CHANNELS, "SAME", 1, 1);
    long bytes = 36L * CHANNELS * CHANNELS * Float.BYTES;
    assertThat(WinogradConvolutions.replace(graph, List.of("images"), bytes - 1)).isSameAs(graph);
    assertThat(WinogradConvolutions.replace(graph, List.of("images"), bytes)).isNotEqualTo(graph);
  }

  /** Of a kernel and what it was transformed to, a graph with its weights holds one. */
  @ParameterizedTest
  @EnumSource(names = {"FUSED", "WINOGRAD"})
  void aKernelIsHeldOnce(Arithmetic arithmetic) throws IOException {
    GraphDef graph = graph(24, 24, CHANNELS, CHANNELS, "SAME", 1, 1);
    ByteArrayOutputStream written = new ByteArrayOutputStream();
    try (FrozenGraph frozen =
        FrozenGraph.open(arithmetic, graph, Map.of(), List.of("images"), List.of("out:0"))) {
      frozen.write(written);
    }
    int plain = 9 * CHANNELS * CHANNELS * Float.BYTES;
    boolean filters = arithmetic == Arithmetic.WINOGRAD && FrozenGraph.X86;
    assertThat(written.size())
        .isBetween(filters ? 4 * plain : plain, filters ? 5 * plain - 1 : 2 * plain - 1);
  }

  @ParameterizedTest
  @CsvSource({"2", "3", "4"})
  void minimalFilteringIsAConvolution(int outputs) {
    MinimalFiltering filtering = new MinimalFiltering(outputs);
    double[] inputs = new Random(3).doubles(filtering.inputs(), -1, 1).toArray();
    double[] kernel = {0.3, -0.7, 1.1};
    double[] transformed = product(filtering.ofInput(), inputs);
    double[] weights = product(filtering.ofKernel(), kernel);
    double[] products = new double[inputs.length];
    Arrays.setAll(products, i -> transformed[i] * weights[i]);
    double[] answers = product(filtering.ofOutput(), products);
    assertThat(answers).hasSize(outputs);
    for (int i = 0; i < outputs; i++) {
      double expected =
          inputs[i] * kernel[0] + inputs[i + 1] * kernel[1] + inputs[i + 2] * kernel[2];
      assertThat(answers[i]).isCloseTo(expected, Offset.offset(1e-14));
    }
  }

  private static double[] product(double[][] matrix, double[] vector) {
    return Arrays.stream(matrix)
        .mapToDouble(
            row -> {
              double sum = 0;
              for (int i = 0; i < row.length; i++) {
                sum += row[i] * vector[i];
              }
              return sum;
            })
        .toArray();
  }

  private static GraphDef graph(
      int height, int width, int in, int out, String padding, long stride, long dilation) {
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      var images =
          tf.withName("images")
              .placeholder(TFloat32.class, Placeholder.shape(Shape.of(-1, height, width, in)));
      var kernel =
          tf.identity(tf.constant(Shape.of(3, 3, in, out), DataBuffers.of(noise(9 * in * out, 4))));
      var convolved =
          tf.withName("conv")
              .nn
              .conv2d(
                  images,
                  kernel,
                  List.of(1L, stride, stride, 1L),
                  padding,
                  Conv2d.dilations(1L, dilation, dilation, 1L));
      tf.withName("out").nn.relu(convolved);
      return graph.toGraphDef();
    }
  }

  private static List<Long> kernelShape(GraphDef graph) {
    NodeDef product =
        graph.getNodeList().stream()
            .filter(node -> node.getOp().equals("BatchMatMulV2"))
            .findFirst()
            .orElseThrow();
    return graph.getNodeList().stream()
        .filter(node -> node.getName().equals(product.getInput(1)))
        .flatMap(
            node -> node.getAttrOrThrow("value").getTensor().getTensorShape().getDimList().stream())
        .map(dimension -> dimension.getSize())
        .toList();
  }

  private static HostTensor run(GraphDef graph, float[] images, int rows, int height, int width) {
    try (FrozenGraph frozen =
        FrozenGraph.open(Arithmetic.FUSED, graph, Map.of(), List.of("images"), List.of("out:0"))) {
      long channels = images.length / rows / height / width;
      return frozen.run(List.of(HostTensor.of(images, rows, height, width, channels))).get(0);
    }
  }

  private static float largest(float[] values) {
    float largest = 0;
    for (float value : values) {
      largest = Math.max(largest, Math.abs(value));
    }
    return largest;
  }

  private static float difference(float[] some, float[] others) {
    float[] differences = new float[some.length];
    for (int i = 0; i < some.length; i++) {
      differences[i] = some[i] - others[i];
    }
    return largest(differences);
  }

  private static float[] noise(int count, int seed) {
    Random random = new Random(seed);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian() / 3;
    }
    return values;
  }
}
