package dev.graft.predict;

import dev.graft.image.ImageShape;
import dev.graft.savedmodel.FlatInput;
import dev.graft.savedmodel.FlatModel;
import dev.graft.savedmodel.ModelFormatException;
import java.util.List;
import java.util.Set;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;

/** The input of a foreign model, made one that takes prepared images in float32. */
final class ForeignInput {
  private static final Set<DataType> NUMBERS =
      Set.of(
          DataType.DT_FLOAT,
          DataType.DT_DOUBLE,
          DataType.DT_HALF,
          DataType.DT_BFLOAT16,
          DataType.DT_UINT8,
          DataType.DT_INT32);

  private ForeignInput() {}

  /**
   * The model with a float32 input.
   *
   * @throws ModelFormatException when it takes something else than batches of such images
   */
  static FlatModel floats(FlatModel model, ImageShape image) throws ModelFormatException {
    if (model.inputs().size() != 1) {
      throw unusable(
          model,
          "takes the inputs "
              + model.inputs().stream().map(FlatInput::key).toList()
              + " instead of one alone: export it with a signature that takes images alone");
    }
    FlatInput input = model.inputs().get(0);
    requireFit(model, input, image);
    return input.dtype() == DataType.DT_FLOAT ? model : cast(model, input);
  }

  private static void requireFit(FlatModel model, FlatInput input, ImageShape image)
      throws ModelFormatException {
    List<Long> shape = input.shape();
    List<Long> wanted =
        List.of(-1L, (long) image.height(), (long) image.width(), (long) image.channels());
    boolean fits = shape == null || shape.size() == wanted.size();
    for (int axis = 0; fits && shape != null && axis < wanted.size(); axis++) {
      fits = shape.get(axis) < 0 || shape.get(axis).equals(wanted.get(axis));
    }
    if (!fits || !NUMBERS.contains(input.dtype())) {
      throw unusable(
          model,
          "takes %s%s in its input \"%s\", but the preparation makes DT_FLOAT%s: give a preparation, or a signature, that fits"
              .formatted(
                  input.dtype(),
                  shape == null ? "" : described(shape),
                  input.key(),
                  described(wanted)));
    }
  }

  private static String described(List<Long> shape) {
    return shape.toString().replace("-1", "?");
  }

  private static ModelFormatException unusable(FlatModel model, String why) {
    return new ModelFormatException(model.source(), model.source() + " " + why + ".");
  }

  /** A placeholder of another name is cast to the type, under the name that the graph knows. */
  private static FlatModel cast(FlatModel model, FlatInput input) {
    String fed = input.node() + "/prepared";
    GraphDef.Builder graph = model.graph().toBuilder().clearNode();
    for (NodeDef node : model.graph().getNodeList()) {
      if (node.getName().equals(input.node())) {
        graph.addNode(
            node.toBuilder().setName(fed).putAttr("dtype", type(DataType.DT_FLOAT)).build());
        graph.addNode(
            NodeDef.newBuilder()
                .setName(input.node())
                .setOp("Cast")
                .addInput(fed)
                .putAttr("SrcT", type(DataType.DT_FLOAT))
                .putAttr("DstT", type(input.dtype())));
      } else {
        graph.addNode(node);
      }
    }
    FlatInput floats = new FlatInput(input.key(), fed, DataType.DT_FLOAT, input.shape());
    return new FlatModel(
        graph.build(), List.of(floats), model.outputs(), model.variables(), model.source());
  }

  private static AttrValue type(DataType type) {
    return AttrValue.newBuilder().setType(type).build();
  }
}
