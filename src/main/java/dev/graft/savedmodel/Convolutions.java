package dev.graft.savedmodel;

import dev.graft.tensor.HostTensor;
import java.util.List;
import java.util.Set;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.NodeDef;

/**
 * Dilated convolutions without dilation.
 *
 * <p>A convolution with dilation d looks at every d-th pixel, so the image taken apart into d × d
 * images of every d-th pixel ({@code SpaceToBatchND}) can be convolved plainly and put together
 * again ({@code BatchToSpaceND}). The gradient of a dilated {@code Conv2D} is wrong with SAME
 * padding and kills the process with VALID padding and oneDNN.
 */
final class Convolutions {
  private static final Set<String> OPS = Set.of("Conv2D", "DepthwiseConv2dNative");
  private static final AttrValue INT32 = Nodes.type(DataType.DT_INT32);

  private Convolutions() {}

  static boolean is(NodeDef node) {
    return OPS.contains(node.getOp());
  }

  /** Whether it is dilated, and can be taken apart: NHWC, no strides, a kernel of known size. */
  static boolean canUndilate(NodeDef node, GraphEditor editor) {
    List<Long> dilations = numbers(node, "dilations");
    List<Long> strides = numbers(node, "strides");
    String layout = Rewrite.attribute(node, "data_format").getS().toStringUtf8();
    return dilations.stream().anyMatch(dilation -> dilation > 1)
        && strides.stream().allMatch(stride -> stride == 1)
        && (layout.isEmpty() || layout.equals("NHWC"))
        && isKnown(editor.shape(node.getInput(1)), 0, 1);
  }

  private static boolean isKnown(List<Long> shape, int first, int second) {
    return shape != null && shape.get(first) >= 0 && shape.get(second) >= 0;
  }

  private static List<Long> numbers(NodeDef node, String attribute) {
    return Rewrite.attribute(node, attribute).getList().getIList();
  }

  static void undilate(NodeDef node, GraphEditor editor) {
    List<Long> kernel = editor.shape(node.getInput(1));
    List<Long> dilations = numbers(node, "dilations");
    int[] block = {dilations.get(1).intValue(), dilations.get(2).intValue()};
    boolean same = Rewrite.attribute(node, "padding").getS().toStringUtf8().equals("SAME");
    int[] reach = {
      same ? (kernel.get(0).intValue() - 1) * block[0] : 0,
      same ? (kernel.get(1).intValue() - 1) * block[1] : 0
    };
    Margins margins = margins(node, editor, block, reach);
    String blockShape = editor.add(node, Rewrite.vector("block_shape", block));
    AttrValue type = node.getAttrOrThrow("T");
    String apart =
        editor.add(
            node,
            Nodes.node("SpaceToBatchND", "apart", node.getInput(0), blockShape, margins.paddings())
                .putAttr("T", type)
                .putAttr("Tblock_shape", INT32)
                .putAttr("Tpaddings", INT32));
    String convolved =
        editor.add(
            node,
            node.toBuilder()
                .setName("convolved")
                .setInput(0, apart)
                .putAttr("padding", Nodes.text("VALID"))
                .removeAttr("dilations"));
    editor.replace(
        Nodes.node("BatchToSpaceND", node.getName(), convolved, blockShape, margins.crops())
            .putAttr("T", type)
            .putAttr("Tblock_shape", INT32)
            .putAttr("Tcrops", INT32));
  }

  /** Names of the int32 tensors [2, 2]: rows before and after, columns before and after. */
  private record Margins(String paddings, String crops) {}

  /**
   * What to add around the image, and what to cut off again.
   *
   * @param reach rows and columns that SAME padding adds, half of them before
   */
  private static Margins margins(NodeDef node, GraphEditor editor, int[] block, int[] reach) {
    int[] base = {
      reach[0] / 2, reach[0] - reach[0] / 2, reach[1] / 2, reach[1] - reach[1] / 2,
    };
    List<Long> image = editor.shape(node.getInput(0));
    if (!isKnown(image, 1, 2)) {
      return unknownMargins(node, editor, block, reach, base);
    }
    int rows = Math.floorMod(-(image.get(1).intValue() + reach[0]), block[0]);
    int columns = Math.floorMod(-(image.get(2).intValue() + reach[1]), block[1]);
    int[] paddings = {base[0], base[1] + rows, base[2], base[3] + columns};
    return new Margins(
        editor.add(node, square("paddings", paddings)),
        editor.add(node, square("crops", 0, rows, 0, columns)));
  }

  /** The same, computed in the graph from the image's size. */
  private static Margins unknownMargins(
      NodeDef node, GraphEditor editor, int[] block, int[] reach, int[] base) {
    String shape =
        editor.add(
            node,
            Nodes.node("Shape", "shape", node.getInput(0))
                .putAttr("T", node.getAttrOrThrow("T"))
                .putAttr("out_type", INT32));
    String begin = editor.add(node, Rewrite.vector("size_begin", 1));
    String end = editor.add(node, Rewrite.vector("size_size", 2));
    String size =
        editor.add(
            node,
            Nodes.node("Slice", "size", shape, begin, end)
                .putAttr("T", INT32)
                .putAttr("Index", INT32));
    String missing = editor.add(node, Rewrite.vector("negative_reach", -reach[0], -reach[1]));
    String negative = editor.add(node, binary("Sub", "negative", missing, size));
    String blockSize = editor.add(node, Rewrite.vector("block", block));
    String rest = editor.add(node, binary("FloorMod", "rest", negative, blockSize));
    String columnShape = editor.add(node, Rewrite.vector("column_shape", 2, 1));
    String column =
        editor.add(
            node,
            Nodes.node("Reshape", "column", rest, columnShape)
                .putAttr("T", INT32)
                .putAttr("Tshape", INT32));
    String left = editor.add(node, square("left", 0, 0, 1, 0));
    String crops =
        editor.add(
            node,
            Nodes.node("Pad", "crops", column, left)
                .putAttr("T", INT32)
                .putAttr("Tpaddings", INT32));
    String fixed = editor.add(node, square("fixed", base));
    return new Margins(editor.add(node, binary("AddV2", "paddings", fixed, crops)), crops);
  }

  private static NodeDef.Builder binary(String op, String name, String first, String second) {
    return Nodes.node(op, name, first, second).putAttr("T", INT32);
  }

  private static NodeDef.Builder square(String name, int... values) {
    return Rewrite.constant(name, HostTensor.of(values, 2, 2));
  }
}
