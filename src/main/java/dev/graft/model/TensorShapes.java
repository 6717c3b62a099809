package dev.graft.model;

import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import org.tensorflow.Graph;
import org.tensorflow.GraphOperation;
import org.tensorflow.Output;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.TensorShapeProto;

/**
 * The shapes that TensorFlow infers for a graph's tensors, asked with two batch sizes: a tensor has
 * a row an image exactly when its first axis follows the batch and nothing else does.
 */
final class TensorShapes {
  // Two sizes that no model has by chance; what differs between them is the batch.
  private static final long FIRST_BATCH = 1009;
  private static final long SECOND_BATCH = 1013;

  private final Map<TensorName, Inferred> first;
  private final Map<TensorName, Inferred> second;

  /** What is known of a tensor. */
  record Inferred(Shape shape, DataType dtype) {
    /** Number of elements, or -1 where it is not known. */
    long size() {
      return shape.isUnknown() || shape.hasUnknownDimension() ? -1 : shape.size();
    }
  }

  private TensorShapes(Map<TensorName, Inferred> first, Map<TensorName, Inferred> second) {
    this.first = first;
    this.second = second;
  }

  /**
   * @param graph a flat graph
   * @param inputs its placeholders whose first axis is the batch
   */
  static TensorShapes of(GraphDef graph, Collection<String> inputs) {
    return new TensorShapes(infer(graph, inputs, FIRST_BATCH), infer(graph, inputs, SECOND_BATCH));
  }

  /**
   * The tensors of a graph for a single example.
   *
   * @param graph a flat graph
   * @param inputs its placeholders whose first axis is the batch
   */
  static Map<TensorName, Inferred> ofOne(GraphDef graph, Collection<String> inputs) {
    return infer(graph, inputs, 1);
  }

  /** Whether the tensor is float32 of known size with one row an image. */
  boolean isStorable(TensorName tensor) {
    if (!first.containsKey(tensor) || first.get(tensor).dtype() != DataType.DT_FLOAT) {
      return false;
    }
    Shape one = first.get(tensor).shape();
    Shape two = second.get(tensor).shape();
    if (one.isUnknown() || one.numDimensions() == 0 || one.hasUnknownDimension()) {
      return false;
    }
    return one.get(0) == FIRST_BATCH && two.equals(Shape.of(SECOND_BATCH).append(tail(one)));
  }

  /** Whether the tensor has the same shape for any number of images; its values may be of all. */
  boolean isOfWholeBatch(TensorName tensor) {
    Inferred one = first.get(tensor);
    if (one == null || one.dtype() == DataType.DT_VARIANT || one.dtype() == DataType.DT_RESOURCE) {
      return false;
    }
    Shape shape = one.shape();
    return !shape.isUnknown()
        && !shape.hasUnknownDimension()
        && shape.equals(second.get(tensor).shape());
  }

  /**
   * Number of axes.
   *
   * @throws IllegalArgumentException when it is not known
   */
  int rank(TensorName tensor) {
    Inferred inferred = first.get(tensor);
    if (inferred == null || inferred.shape().isUnknown()) {
      throw new IllegalArgumentException(
          "The shape of \"" + tensor + "\" is not known: give the input size (--input-size).");
    }
    return inferred.shape().numDimensions();
  }

  int[] rowShape(TensorName tensor) {
    Shape row = tail(first.get(tensor).shape());
    int[] shape = new int[row.numDimensions()];
    for (int axis = 0; axis < shape.length; axis++) {
      shape[axis] = Math.toIntExact(row.get(axis));
    }
    return shape;
  }

  String describe(TensorName tensor) {
    return first.get(tensor).toString().replace(String.valueOf(FIRST_BATCH), "?");
  }

  private static Shape tail(Shape shape) {
    return shape.numDimensions() == 1 ? Shape.scalar() : shape.tail();
  }

  private static Map<TensorName, Inferred> infer(
      GraphDef graph, Collection<String> inputs, long batch) {
    Map<TensorName, Inferred> shapes = new HashMap<>();
    try (Graph sized = new Graph()) {
      sized.importGraphDef(withBatch(graph, inputs, batch));
      sized.operations().forEachRemaining(operation -> collect(operation, shapes));
    }
    return shapes;
  }

  private static void collect(GraphOperation operation, Map<TensorName, Inferred> shapes) {
    for (int index = 0; index < operation.numOutputs(); index++) {
      Output<?> output = operation.output(index);
      shapes.put(
          new TensorName(operation.name(), index), new Inferred(output.shape(), output.dataType()));
    }
  }

  private static GraphDef withBatch(GraphDef graph, Collection<String> inputs, long batch) {
    GraphDef.Builder sized = graph.toBuilder().clearNode();
    for (NodeDef node : graph.getNodeList()) {
      sized.addNode(inputs.contains(node.getName()) ? withBatch(node, batch) : node);
    }
    return sized.build();
  }

  private static NodeDef withBatch(NodeDef input, long batch) {
    TensorShapeProto shape = input.getAttrOrThrow("shape").getShape();
    if (shape.getDimCount() == 0) {
      return input;
    }
    TensorShapeProto sized =
        shape.toBuilder().setDim(0, TensorShapeProto.Dim.newBuilder().setSize(batch)).build();
    return input.toBuilder()
        .putAttr("shape", AttrValue.newBuilder().setShape(sized).build())
        .build();
  }
}
