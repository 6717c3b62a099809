package dev.graft.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.model.WinogradConvolutions.Filtered;
import dev.graft.tensor.Arithmetic;
import dev.graft.tensor.HostTensor;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tensorflow.Graph;
import org.tensorflow.Output;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.nn.Conv2d;
import org.tensorflow.proto.GraphDef;
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
    assertThat(WinogradConvolutions.replace(graph, List.of("images")).kernels().values())
        .extracting(HostTensor::shape)
        .containsExactly(List.of(places, (long) CHANNELS, (long) out));
    float[] images = noise(3 * height * width * CHANNELS, 1);
    HostTensor truth = run(Arithmetic.FUSED, graph, images, 3, height, width);
    HostTensor answer = run(Arithmetic.WINOGRAD, graph, images, 3, height, width);
    assertThat(answer.shape()).isEqualTo(truth.shape());
    assertThat(largest(truth.floats())).isGreaterThan(1);
    assertThat(difference(answer.floats(), truth.floats()))
        .isPositive()
        .isLessThan(5e-6f * largest(truth.floats()));
  }

  @Test
  void anImageHasTheSameBitsBesideAnyNumberOfOthers() {
    for (int size : new int[] {10, 15, 24}) {
      GraphDef graph = graph(size, size, CHANNELS, CHANNELS, "SAME", 1, 1);
      int row = size * size * CHANNELS;
      float[] images = noise(17 * row, 2);
      float[] among = run(Arithmetic.WINOGRAD, graph, images, 17, size, size).floats();
      for (int rows : new int[] {1, 2, 3, 4, 5, 8, 11, 16}) {
        int from = 17 - rows;
        float[] some = Arrays.copyOfRange(images, from * row, 17 * row);
        assertThat(run(Arithmetic.WINOGRAD, graph, some, rows, size, size).floats())
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
                assertThat(WinogradConvolutions.replace(graph, List.of("images")).graph())
                    .isSameAs(graph));
  }

  @Test
  void kernelsThatWouldTakeTooMuchMemoryStay() {
    GraphDef graph = graph(24, 24, CHANNELS, CHANNELS, "SAME", 1, 1);
    long bytes = 36L * CHANNELS * CHANNELS * Float.BYTES;
    List<String> images = List.of("images");
    assertThat(WinogradConvolutions.replace(graph, images, bytes - 1).kernels()).isEmpty();
    assertThat(WinogradConvolutions.replace(graph, images, bytes).kernels()).hasSize(1);
  }

  @Test
  void eachConvolutionHasItsOwnKernel() {
    GraphDef graph = twice(graph(24, 24, CHANNELS, CHANNELS, "SAME", 1, 1));
    float[] images = noise(2 * 24 * 24 * CHANNELS, 6);
    HostTensor truth = run(Arithmetic.FUSED, graph, images, 2, 24, 24);
    HostTensor answer = run(Arithmetic.WINOGRAD, graph, images, 2, 24, 24);
    assertThat(difference(answer.floats(), truth.floats()))
        .isPositive()
        .isLessThan(1e-5f * largest(truth.floats()));
  }

  @Test
  void graphsThatAreOpenAtOnceKeepTheirKernels() {
    GraphDef one = graph(24, 24, CHANNELS, CHANNELS, "SAME", 1, 1);
    GraphDef other = graph(24, 24, CHANNELS, 130, "SAME", 1, 1);
    float[] images = noise(2 * 24 * 24 * CHANNELS, 7);
    HostTensor alone = run(Arithmetic.WINOGRAD, one, images, 2, 24, 24);
    try (FrozenGraph open =
        FrozenGraph.open(Arithmetic.WINOGRAD, one, Map.of(), List.of("images"), List.of("out:0"))) {
      run(Arithmetic.WINOGRAD, other, images, 2, 24, 24);
      HostTensor again = open.run(List.of(HostTensor.of(images, 2, 24, 24, CHANNELS))).get(0);
      assertThat(again).isEqualTo(alone);
    }
  }

  /** A convolution and, of its outputs, another. */
  private static GraphDef twice(GraphDef once) {
    try (Graph graph = new Graph()) {
      graph.importGraphDef(once);
      float[] kernel = noise(9 * CHANNELS * CHANNELS, 5);
      Output<TFloat32> first = graph.operationOrThrow("conv").output(0);
      Ops tf = Ops.create(graph);
      tf.withName("second")
          .nn
          .conv2d(
              first,
              tf.constant(Shape.of(3, 3, CHANNELS, CHANNELS), DataBuffers.of(kernel)),
              List.of(1L, 1L, 1L, 1L),
              "SAME");
      return graph.toGraphDef();
    }
  }

  /** TensorFlow would keep several copies of a constant. */
  @Test
  void noKernelIsAConstantOfTheGraph() {
    GraphDef graph = graph(24, 24, CHANNELS, CHANNELS, "SAME", 1, 1);
    Filtered filtered = WinogradConvolutions.replace(graph, List.of("images"));
    Set<String> wanted = new HashSet<>(filtered.kernels().keySet());
    wanted.addAll(List.of("images", "out"));
    int plain = 9 * CHANNELS * CHANNELS * Float.BYTES;
    assertThat(graph.getSerializedSize()).isGreaterThan(plain);
    assertThat(PrunedGraph.of(filtered.graph(), wanted).getSerializedSize()).isLessThan(plain / 4);
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

  private static HostTensor run(
      Arithmetic arithmetic, GraphDef graph, float[] images, int rows, int height, int width) {
    String last = graph.getNode(graph.getNodeCount() - 1).getName();
    try (FrozenGraph frozen =
        FrozenGraph.open(arithmetic, graph, Map.of(), List.of("images"), List.of(last + ":0"))) {
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
