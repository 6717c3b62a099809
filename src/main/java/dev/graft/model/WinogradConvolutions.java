package dev.graft.model;

import dev.graft.tensor.HostTensor;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.tensorflow.Graph;
import org.tensorflow.GraphOperationBuilder;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.VarHandleOp;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.TensorShapeProto;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;

/**
 * Computes 3×3 convolutions of many channels by {@link MinimalFiltering}, where that takes well
 * fewer multiplications: VGG16 at 150×150 takes two thirds of the time. It pays for several images
 * a run, as the transformed kernels, two to four times as large, are read in each. A result moves
 * by a few millionths.
 *
 * <p>An output is cut into tiles of m×m, whose inputs overlap:
 *
 * <pre>
 * images   [batch, height, width, in]
 * patches  [(m+2)², batch · tiles, in]     gathered, zeros where the image is padded
 * inputs   [(m+2)², batch · tiles, in]     patches, transformed
 * products [(m+2)², batch · tiles, out]    a matrix product with the transformed kernel for each place
 * outputs  [m², batch · tiles, out]        products, transformed
 * result   [batch, height, width, out]     gathered
 * </pre>
 */
final class WinogradConvolutions {
  /** With fewer, the transforms take what the products save. */
  private static final int LEAST_CHANNELS = 128;

  /** Of all transformed kernels together: what may be spent on speed. */
  private static final long MOST_BYTES = 1L << 30;

  private static final String SCOPE = "graft_winograd/";
  private static final String KERNEL = "kernel";

  private WinogradConvolutions() {}

  /**
   * A graph with some of its convolutions replaced.
   *
   * @param kernels the transformed ones, {@code [places, in, out]}, by the variables that hold
   *     them: as constants they took several times their size
   */
  record Filtered(GraphDef graph, Map<String, HostTensor> kernels) {}

  /** A convolution of stride 1 and its channels. */
  private record Convolution(
      NodeDef node, TensorName kernel, int in, int out, WinogradTiles tiles) {
    /** Of the transformed kernel. */
    long bytes() {
      return (long) tiles.places() * in * out * Float.BYTES;
    }

    /** Of the nodes in its place. */
    String scope() {
      return node.getName() + "/" + SCOPE;
    }
  }

  /**
   * Replaces all that are worth it.
   *
   * @param graph whose variables are constants
   * @param inputs its placeholders whose first axis is the batch
   */
  static Filtered replace(GraphDef graph, List<String> inputs) {
    return replace(graph, inputs, MOST_BYTES);
  }

  /**
   * As the other {@code replace}, as far as memory goes.
   *
   * @param most bytes of the transformed kernels; later convolutions stay
   */
  static Filtered replace(GraphDef graph, List<String> inputs, long most) {
    Map<String, Convolution> chosen = choose(graph, inputs, most);
    if (chosen.isEmpty()) {
      return new Filtered(graph, Map.of());
    }
    GraphDef.Builder replaced = graph.toBuilder().clearNode();
    for (NodeDef node : graph.getNodeList()) {
      Convolution convolution = chosen.get(node.getName());
      if (convolution == null) {
        replaced.addNode(node);
      } else {
        replaced.addAllNode(nodes(convolution));
      }
    }
    chosen.values().stream()
        .map(Convolution::tiles)
        .distinct()
        .forEach(tiles -> replaced.addAllNode(nodes(tiles, inputs.get(0))));
    return new Filtered(replaced.build(), kernels(graph, chosen.values()));
  }

  private static Map<String, HostTensor> kernels(GraphDef graph, Collection<Convolution> chosen) {
    List<String> names = chosen.stream().map(one -> one.kernel().toString()).distinct().toList();
    Map<String, HostTensor> values = ConstantValues.of(graph, names);
    Map<String, HostTensor> kernels = new LinkedHashMap<>();
    for (Convolution one : chosen) {
      kernels.put(
          one.scope() + KERNEL, transformed(one, values.get(one.kernel().toString()).floats()));
    }
    return kernels;
  }

  /** Whether a node is one of those in place of a convolution, with the same bits for any batch. */
  static boolean made(NodeDef node) {
    return node.getName().contains(SCOPE);
  }

  private static Map<String, Convolution> choose(GraphDef graph, List<String> inputs, long most) {
    GraphNodes nodes = new GraphNodes(graph);
    List<NodeDef> candidates =
        graph.getNodeList().stream().filter(node -> isCandidate(node, nodes)).toList();
    Map<String, Convolution> chosen = new LinkedHashMap<>();
    if (candidates.isEmpty()) {
      return chosen;
    }
    TensorShapes shapes = TensorShapes.of(graph, inputs);
    long bytes = 0;
    for (NodeDef node : candidates) {
      Optional<Convolution> found = convolution(node, kernel(nodes, node).orElseThrow(), shapes);
      bytes += found.map(Convolution::bytes).orElse(0L);
      if (found.isPresent() && bytes <= most) {
        chosen.put(node.getName(), found.get());
      }
    }
    return chosen;
  }

  private static boolean isCandidate(NodeDef node, GraphNodes nodes) {
    return node.getOp().equals("Conv2D")
        && node.getAttrOrThrow("T").getType() == DataType.DT_FLOAT
        && text(node, "data_format", "NHWC").equals("NHWC")
        && List.of("SAME", "VALID").contains(text(node, "padding", ""))
        && isAllOnes(node, "strides")
        && isAllOnes(node, "dilations")
        && kernel(nodes, node).filter(WinogradConvolutions::isLarge).isPresent();
  }

  /** The shape of a kernel that is a constant. */
  private static Optional<TensorShapeProto> kernel(GraphNodes nodes, NodeDef convolution) {
    return nodes
        .constant(GraphNodes.inputs(convolution).get(1))
        .map(kernel -> kernel.getAttrOrThrow("value").getTensor().getTensorShape());
  }

  private static String text(NodeDef node, String attribute, String otherwise) {
    return node.containsAttr(attribute)
        ? node.getAttrOrThrow(attribute).getS().toStringUtf8()
        : otherwise;
  }

  private static boolean isAllOnes(NodeDef node, String attribute) {
    return !node.containsAttr(attribute)
        || node.getAttrOrThrow(attribute).getList().getIList().stream().allMatch(one -> one == 1);
  }

  /** Of a kernel {@code [height, width, in, out]}. */
  private static boolean isLarge(TensorShapeProto kernel) {
    return kernel.getDimCount() == 4
        && kernel.getDim(0).getSize() == MinimalFiltering.KERNEL
        && kernel.getDim(1).getSize() == MinimalFiltering.KERNEL
        && kernel.getDim(2).getSize() >= LEAST_CHANNELS
        && kernel.getDim(3).getSize() >= LEAST_CHANNELS;
  }

  /** With its tiles, where they are worth it and the images' size is known. */
  private static Optional<Convolution> convolution(
      NodeDef node, TensorShapeProto kernel, TensorShapes shapes) {
    List<TensorName> inputs = GraphNodes.inputs(node);
    if (!shapes.isStorable(inputs.get(0))) {
      return Optional.empty();
    }
    int[] image = shapes.rowShape(inputs.get(0)); // [height, width, in]
    int in = (int) kernel.getDim(2).getSize();
    int out = (int) kernel.getDim(3).getSize();
    boolean grouped = in != image[2];
    return WinogradTiles.cheapest(
            image[0], image[1], text(node, "padding", "").equals("SAME") ? 1 : 0)
        .filter(tiles -> !grouped)
        .map(tiles -> new Convolution(node, inputs.get(1), in, out, tiles));
  }

  /** The nodes in place of a convolution, the last one under its name. */
  private static List<NodeDef> nodes(Convolution convolution) {
    NodeDef replaced = convolution.node();
    String scope = convolution.scope();
    Map<String, String> given =
        Map.of(
            "images", replaced.getInput(0),
            "patches", scope(convolution.tiles()) + "patches",
            "pixels", scope(convolution.tiles()) + "pixels");
    List<NodeDef> nodes = nodes(scope, given, tf -> build(tf, convolution));
    nodes.add(
        NodeDef.newBuilder()
            .setName(replaced.getName())
            .setOp("Identity")
            .addInput(scope + "result")
            .putAttr("T", replaced.getAttrOrThrow("T"))
            .build());
    return nodes;
  }

  private static String scope(WinogradTiles tiles) {
    return SCOPE
        + "%dx%d_%d_%d/"
            .formatted(tiles.height(), tiles.width(), tiles.pad(), tiles.filtering().outputs());
  }

  /** The nodes that convolutions with the same tiles share. */
  private static List<NodeDef> nodes(WinogradTiles tiles, String input) {
    return nodes(scope(tiles), Map.of("images", input), tf -> build(tf, tiles));
  }

  /**
   * What is built, under names that begin with a scope.
   *
   * @param given what stands for its placeholders in the graph that it becomes a part of
   */
  private static List<NodeDef> nodes(String scope, Map<String, String> given, Consumer<Ops> build) {
    GraphDef built;
    try (Graph graph = new Graph()) {
      build.accept(Ops.create(graph));
      built = graph.toGraphDef();
    }
    List<NodeDef> nodes = new ArrayList<>();
    for (NodeDef node : built.getNodeList()) {
      if (!given.containsKey(node.getName())) {
        NodeDef.Builder named = node.toBuilder().setName(scope + node.getName()).clearInput();
        node.getInputList()
            .forEach(input -> named.addInput(given.getOrDefault(input, scope + input)));
        nodes.add(named.build());
      }
    }
    return nodes;
  }

  /** The indices of the rows that make patches and pixels, for any number of images. */
  private static void build(Ops tf, WinogradTiles tiles) {
    Operand<TFloat32> images = tf.withName("images").placeholder(TFloat32.class);
    Operand<TInt32> zero = tf.constant(0);
    Operand<TInt32> batch = tf.gather(tf.shape(images), zero, zero); // []
    Operand<TInt32> size = tf.constant(tiles.height() * tiles.width());
    Operand<TInt32> rows = tf.math.mul(batch, size);
    Operand<TInt32> ofWinogradTiles = ints(tf, tiles.patches(), tiles.places(), 1, tiles.count());
    tf.withName("patches")
        .math
        .minimum(
            tf.math.add(ofWinogradTiles, starts(tf, rows, size, 1, -1, 1)),
            rows); // [places, batch, tiles]

    Operand<TInt32> count = tf.constant(tiles.count());
    Operand<TInt32> all = tf.math.mul(batch, count);
    int[] shape = {1, tiles.outputHeight(), tiles.outputWidth()};
    Operand<TInt32> ofImage =
        tf.math.add(
            tf.math.mul(ints(tf, tiles.placesOfOutput(), shape), all),
            ints(tf, tiles.tilesOfOutput(), shape));
    tf.withName("pixels")
        .math
        .add(ofImage, starts(tf, all, count, -1, 1, 1)); // [batch, height, width]
  }

  /** The first index of each image. */
  private static Operand<TInt32> starts(
      Ops tf, Operand<TInt32> end, Operand<TInt32> step, int... shape) {
    return tf.reshape(tf.range(tf.constant(0), end, step), tf.constant(shape));
  }

  private static Operand<TInt32> ints(Ops tf, int[] values, int... shape) {
    return tf.reshape(tf.constant(values), tf.constant(shape));
  }

  private static void build(Ops tf, Convolution of) {
    MinimalFiltering by = of.tiles().filtering();
    Operand<TFloat32> images = tf.withName("images").placeholder(TFloat32.class);
    Operand<TInt32> patches = tf.withName("patches").placeholder(TInt32.class);
    Operand<TInt32> pixels = tf.withName("pixels").placeholder(TInt32.class);
    Operand<TInt32> zero = tf.constant(0);
    Operand<TFloat32> rows =
        tf.concat(
            List.of(
                tf.reshape(images, tf.constant(new int[] {-1, of.in()})),
                tf.zeros(tf.constant(new int[] {1, of.in()}), TFloat32.class)),
            zero); // [batch · height · width + 1, in]
    Operand<TFloat32> inputs =
        transformed(tf, by.ofInput(), tf.gather(rows, patches, zero)); // [places, …]
    int[] shape = {of.tiles().places(), -1, of.in()};
    Operand<TFloat32> products =
        product(
            tf,
            tf.reshape(inputs, tf.constant(shape)),
            kernel(tf, of)); // [places, batch · tiles, out]
    Operand<TFloat32> outputs = transformed(tf, by.ofOutput(), products); // [m², …]
    tf.withName("result")
        .gather(
            tf.reshape(outputs, tf.constant(new int[] {-1, of.out()})),
            pixels,
            zero); // [batch, height, width, out]
  }

  /** Both axes of each place of a tile, which are the first axis: {@code [places, the rest]}. */
  private static Operand<TFloat32> transformed(Ops tf, double[][] axis, Operand<TFloat32> operand) {
    double[][] matrix = MinimalFiltering.ofBothAxes(axis);
    float[] values = new float[matrix.length * matrix[0].length];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) matrix[i / matrix[0].length][i % matrix[0].length];
    }
    Operand<TFloat32> by =
        tf.constant(Shape.of(matrix.length, matrix[0].length), DataBuffers.of(values));
    return tf.linalg.matMul(by, tf.reshape(operand, tf.constant(new int[] {matrix[0].length, -1})));
  }

  /** The transformed kernel, {@code [places, in, out]}. */
  private static Operand<TFloat32> kernel(Ops tf, Convolution of) {
    Shape shape = Shape.of(of.tiles().places(), of.in(), of.out());
    return tf.readVariableOp(
        tf.withName(KERNEL)
            .varHandleOp(
                TFloat32.class,
                shape,
                VarHandleOp.sharedName(of.scope() + KERNEL)), // without it all would be one
        TFloat32.class);
  }

  /**
   * A kernel, transformed to {@code [places, in, out]}.
   *
   * @param weights {@code [9, in · out]}
   */
  private static HostTensor transformed(Convolution of, float[] weights) {
    double[][] matrix = MinimalFiltering.ofBothAxes(of.tiles().filtering().ofKernel());
    int pairs = of.in() * of.out();
    float[] values = new float[matrix.length * pairs];
    IntStream.range(0, matrix.length)
        .parallel()
        .forEach(place -> transform(matrix[place], weights, values, place * pairs, pairs));
    return HostTensor.of(values, matrix.length, of.in(), of.out());
  }

  private static void transform(
      double[] row, float[] weights, float[] values, int from, int pairs) {
    double[] sums = new double[pairs];
    for (int i = 0; i < row.length; i++) {
      for (int pair = 0; pair < pairs; pair++) {
        sums[pair] += row[i] * weights[i * pairs + pair];
      }
    }
    for (int pair = 0; pair < pairs; pair++) {
      values[from + pair] = (float) sums[pair];
    }
  }

  /** A matrix product for each place; not the op's third version, which has no fast kernel. */
  private static Operand<TFloat32> product(
      Ops tf, Operand<TFloat32> left, Operand<TFloat32> right) {
    GraphOperationBuilder builder =
        (GraphOperationBuilder) tf.scope().opBuilder("BatchMatMulV2", "BatchMatMulV2");
    builder.addInput(left.asOutput());
    builder.addInput(right.asOutput());
    Output<TFloat32> product = builder.build().output(0);
    return product;
  }
}
