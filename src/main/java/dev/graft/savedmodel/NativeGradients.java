package dev.graft.savedmodel;

import dev.graft.savedmodel.OpGradient.Refused;
import dev.graft.savedmodel.OpGradient.Right;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.OpDef;

/**
 * Through which nodes of a graph TensorFlow's native gradients are right.
 *
 * <p>Graphs outside Python use the C++ registry of gradients, which is smaller than Python's and in
 * places wrong. An op counts as right when it is in {@link GradientTable}, whose every entry is
 * compared with finite differences by a test, and in a form for which that held.
 *
 * <p>Owns a native graph once a shape was asked for; close it. Not thread-safe.
 */
public final class NativeGradients implements AutoCloseable {
  private static final String FREEZE = "keep the layers up to it frozen";
  private static final Set<DataType> FLOATS =
      Set.of(DataType.DT_FLOAT, DataType.DT_DOUBLE, DataType.DT_HALF, DataType.DT_BFLOAT16);
  private static final Set<String> CONVOLUTIONS =
      Set.of("Conv2D", "DepthwiseConv2dNative", "Conv2DBackpropInput");
  private static final Set<String> LOOPS =
      Set.of("While", "StatelessWhile", "If", "StatelessIf", "Case", "StatelessCase");

  private final Map<String, NodeDef> nodes = new HashMap<>();
  private final GraphEditor shapes;

  /**
   * @param graph flat; it is not changed
   */
  public NativeGradients(GraphDef graph) {
    graph.getNodeList().forEach(node -> nodes.put(node.getName(), node));
    shapes = new GraphEditor(graph);
  }

  /** What the gradients make of a node of the graph. */
  public OpGradient of(NodeDef node) {
    String op = node.getOp();
    GradientTable.Carried carried = GradientTable.CARRIED.get(op);
    if (LOOPS.contains(op) || op.startsWith("TensorList") || op.startsWith("TensorArray")) {
      return new Refused(
          "TensorFlow has no native gradient of loops and branches, as a recurrent layer is",
          "export it with unroll=True, or " + FREEZE);
    }
    if (carried == null) {
      return new Refused(
          "no gradient of it is known to be right in TensorFlow's native gradients", FREEZE);
    }
    if (isChannelsFirst(node)) {
      return new Refused(
          "its gradient is only known to be right with the channels last, and it has "
              + text(node, "data_format"),
          "build the model with data_format=\"channels_last\", or " + FREEZE);
    }
    String wrong = wrongForm(node);
    if (wrong != null) {
      return new Refused(wrong, FREEZE);
    }
    return new Right(
        carried.of(node.getInputList().stream().filter(input -> !Ref.isControl(input)).toList()));
  }

  /** Why the gradient of an op that has one is wrong for this node, or null. */
  private String wrongForm(NodeDef node) {
    if (text(node, "padding").equals("EXPLICIT")) {
      return "the native gradient of explicit padding fails";
    }
    if (CONVOLUTIONS.contains(node.getOp()) && isDilated(node)) {
      return "the native gradient of a dilated convolution is wrong and can end the process, and"
          + " with strides, channels first or a kernel of unknown size it can't be rewritten";
    }
    return switch (node.getOp()) {
      case "Cast" ->
          FLOATS.contains(type(node, "SrcT")) && !FLOATS.contains(type(node, "DstT"))
              ? "its native gradient passes through " + type(node, "DstT") + ", which is wrong"
              : null;
      case "LogSoftmax" ->
          rank(node) == 2 ? null : "its native gradient is wrong but for two dimensions";
      case "Atan2" ->
          isBroadcast(node) ? "its native gradient is wrong where shapes are broadcast" : null;
      case "LRN" -> hasDefaults(node) ? null : "its native gradient ignores its settings";
      case "GatherV2" ->
          isAxisFromTheFront(node)
              ? null
              : "its native gradient fails for an axis that is negative or not constant";
      default -> null;
    };
  }

  private static boolean isChannelsFirst(NodeDef node) {
    return GradientTable.WITH_LAYOUT.contains(node.getOp())
        && !isChannelsLast(node)
        && !isNormByBatch(node);
  }

  /** Keras 2's LayerNormalization: channels first, and right against Python. */
  private static boolean isNormByBatch(NodeDef node) {
    return node.getOp().equals("FusedBatchNormV3")
        && node.getAttrMap()
            .getOrDefault("is_training", AttrValue.newBuilder().setB(true).build())
            .getB();
  }

  private static boolean isChannelsLast(NodeDef node) {
    String layout = text(node, "data_format");
    return layout.isEmpty() || layout.equals("NHWC") || layout.equals("NDHWC");
  }

  private static boolean isDilated(NodeDef node) {
    return Rewrite.attribute(node, "dilations").getList().getIList().stream()
        .anyMatch(dilation -> dilation > 1);
  }

  private int rank(NodeDef node) {
    List<Long> shape = shapes.shape(node.getInput(0));
    return shape == null ? -1 : shape.size();
  }

  private boolean isBroadcast(NodeDef node) {
    List<Long> first = shapes.shape(node.getInput(0));
    return first == null || !first.equals(shapes.shape(node.getInput(1)));
  }

  private static boolean hasDefaults(NodeDef node) {
    for (OpDef.AttrDef attribute : Ops.get(node.getOp()).getAttrList()) {
      AttrValue given = node.getAttrMap().get(attribute.getName());
      if (given != null
          && !attribute.getType().equals("type")
          && !given.equals(attribute.getDefaultValue())) {
        return false;
      }
    }
    return true;
  }

  private boolean isAxisFromTheFront(NodeDef node) {
    NodeDef axis = nodes.get(Ref.parse(node.getInput(2)).node());
    return axis != null && Nodes.scalar(axis).orElse(-1) >= 0;
  }

  private static String text(NodeDef node, String attribute) {
    return Rewrite.attribute(node, attribute).getS().toStringUtf8();
  }

  private static DataType type(NodeDef node, String attribute) {
    return node.getAttrOrThrow(attribute).getType();
  }

  @Override
  public void close() {
    shapes.close();
  }
}
