package dev.graft.model;

import dev.graft.savedmodel.FlatInput;
import dev.graft.savedmodel.FlatModel;
import java.util.List;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.TensorShapeProto;

/** Fixes the size of a model's input where the model leaves it open. */
final class InputSize {
  private InputSize() {}

  /**
   * @param shape {@code [-1, height, width, channels]}
   * @throws IllegalArgumentException when the model has a fixed other size
   */
  static FlatModel set(FlatModel model, FlatInput input, List<Long> shape) {
    requireFit(model, input, shape);
    GraphDef.Builder graph = model.graph().toBuilder().clearNode();
    for (NodeDef node : model.graph().getNodeList()) {
      graph.addNode(node.getName().equals(input.node()) ? sized(node, shape) : node);
    }
    List<FlatInput> inputs =
        model.inputs().stream()
            .map(
                other ->
                    other.equals(input)
                        ? new FlatInput(input.key(), input.node(), input.dtype(), shape)
                        : other)
            .toList();
    return new FlatModel(graph.build(), inputs, model.outputs(), model.variables(), model.source());
  }

  private static void requireFit(FlatModel model, FlatInput input, List<Long> shape) {
    List<Long> known = input.shape();
    boolean fits = known == null || known.size() == shape.size();
    for (int axis = 1; fits && known != null && axis < shape.size(); axis++) {
      fits = known.get(axis) < 0 || known.get(axis).equals(shape.get(axis));
    }
    if (!fits) {
      throw new IllegalArgumentException(
          "Input \""
              + input.key()
              + "\" of "
              + model.source()
              + " expects "
              + described(known)
              + " but images of "
              + described(shape)
              + " were asked for: leave the size out, or export the backbone for this size.");
    }
  }

  private static String described(List<Long> shape) {
    return shape.toString().replace("-1", "?");
  }

  private static NodeDef sized(NodeDef node, List<Long> shape) {
    TensorShapeProto.Builder proto = TensorShapeProto.newBuilder();
    shape.forEach(size -> proto.addDim(TensorShapeProto.Dim.newBuilder().setSize(size)));
    return node.toBuilder()
        .putAttr("shape", AttrValue.newBuilder().setShape(proto).build())
        .build();
  }
}
