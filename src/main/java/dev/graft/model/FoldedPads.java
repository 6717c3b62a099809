package dev.graft.model;

import com.google.protobuf.ByteString;
import dev.graft.tensor.HostTensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;

/**
 * Lets a depthwise convolution pad its images itself where the zeros of a {@code Pad} before it are
 * those of {@code SAME}, as in MobileNetV2 and its like: the padded images are then never written.
 * It does not change a bit. TensorFlow does so for other convolutions.
 */
final class FoldedPads {
  private FoldedPads() {}

  /** A convolution and the zeros before it. */
  private record Padded(NodeDef convolution, NodeDef pad, TensorName zeros) {}

  /**
   * Folds all that there are.
   *
   * @param inputs of the graph, first axis the batch
   */
  static GraphDef fold(GraphDef graph, List<String> inputs) {
    List<Padded> found = find(new GraphNodes(graph));
    if (found.isEmpty()) {
      return graph;
    }
    Map<TensorName, TensorShapes.Inferred> shapes = TensorShapes.ofOne(graph, inputs);
    Map<String, HostTensor> zeros =
        ConstantValues.of(
            graph, found.stream().map(padded -> padded.zeros().toString()).distinct().toList());
    Map<String, NodeDef> folded = new HashMap<>();
    for (Padded padded : found) {
      if (isSame(padded, shapes, zeros.get(padded.zeros().toString()).ints())) {
        folded.put(padded.convolution().getName(), unpadded(padded));
      }
    }
    GraphDef.Builder made = graph.toBuilder().clearNode();
    graph.getNodeList().forEach(node -> made.addNode(folded.getOrDefault(node.getName(), node)));
    return made.build();
  }

  private static List<Padded> find(GraphNodes nodes) {
    List<Padded> found = new ArrayList<>();
    for (NodeDef node : nodes.all()) {
      if (node.getOp().equals("DepthwiseConv2dNative") && isPlain(node)) {
        NodeDef before = nodes.get(GraphNodes.inputs(node).get(0).node());
        if (before.getOp().equals("Pad") && isConstant(GraphNodes.inputs(before).get(1), nodes)) {
          found.add(new Padded(node, before, GraphNodes.inputs(before).get(1)));
        }
      }
    }
    return found;
  }

  private static boolean isConstant(TensorName zeros, GraphNodes nodes) {
    return nodes
        .constant(zeros)
        .filter(node -> node.getAttrOrThrow("dtype").getType() == DataType.DT_INT32)
        .isPresent();
  }

  /** Neither padded by itself, nor dilated, nor channels first. */
  private static boolean isPlain(NodeDef node) {
    AttrValue unset = AttrValue.getDefaultInstance();
    String format = node.getAttrOrDefault("data_format", unset).getS().toStringUtf8();
    return node.getAttrOrThrow("padding").getS().toStringUtf8().equals("VALID")
        && (format.isEmpty() || format.equals("NHWC"))
        && node.getAttrOrDefault("dilations", unset).getList().getIList().stream()
            .allMatch(dilation -> dilation == 1);
  }

  /** Whether the zeros are those that {@code SAME} adds. */
  private static boolean isSame(
      Padded padded, Map<TensorName, TensorShapes.Inferred> shapes, int[] zeros) {
    Shape images = shapes.get(GraphNodes.inputs(padded.pad()).get(0)).shape();
    Shape kernel = shapes.get(GraphNodes.inputs(padded.convolution()).get(1)).shape();
    if (images.isUnknown() || images.hasUnknownDimension() || kernel.hasUnknownDimension()) {
      return false;
    }
    List<Long> strides = padded.convolution().getAttrOrThrow("strides").getList().getIList();
    int[] same = new int[8];
    for (int axis = 1; axis <= 2; axis++) {
      long size = images.get(axis);
      long stride = strides.get(axis);
      long steps = (size + stride - 1) / stride;
      long missing = Math.max((steps - 1) * stride + kernel.get(axis - 1) - size, 0);
      same[2 * axis] = (int) (missing / 2);
      same[2 * axis + 1] = (int) (missing - missing / 2);
    }
    return Arrays.equals(zeros, same);
  }

  private static NodeDef unpadded(Padded padded) {
    return padded.convolution().toBuilder()
        .setInput(0, padded.pad().getInput(0))
        .putAttr(
            "padding",
            padded.convolution().getAttrOrThrow("padding").toBuilder()
                .setS(ByteString.copyFromUtf8("SAME"))
                .build())
        .build();
  }
}
