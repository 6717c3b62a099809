package dev.graft.model;

import dev.graft.tensor.HostTensor;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;

/**
 * Lets every matrix product have two rows at least: the first row is multiplied once more and the
 * answer dropped. TensorFlow's kernel for a single row rounds differently; with this, a row has the
 * same bits alone as among others, for the price of one row of the product instead of one of the
 * whole model.
 */
final class PaddedProducts {
  private static final String FIRST = "graft_rows/first";
  private static final String FROM = "graft_rows/from";
  private static final String SIZE = "graft_rows/size";
  private static final String AXIS = "graft_rows/axis";
  private static final String END = "graft_rows/end";
  private static final String STRIDE = "graft_rows/stride";

  private PaddedProducts() {}

  /** Pads all products of a graph whose left factor may have a single row. */
  static GraphDef pad(GraphDef graph) {
    boolean padded = false;
    GraphDef.Builder changed = graph.toBuilder().clearNode();
    for (NodeDef node : graph.getNodeList()) {
      if (isProductOfRows(node)) {
        padded = true;
        add(changed, node);
      } else {
        changed.addNode(node);
      }
    }
    return padded ? addNumbers(changed).build() : graph;
  }

  private static boolean isProductOfRows(NodeDef node) {
    return node.getOp().equals("MatMul")
        && !node.getAttrOrDefault("transpose_a", AttrValue.getDefaultInstance()).getB();
  }

  private static void add(GraphDef.Builder graph, NodeDef product) {
    AttrValue type = product.getAttrOrThrow("T");
    String rows = product.getInput(0);
    String name = product.getName() + "/" + FIRST;
    String padded = product.getName() + "/graft_rows/padded";
    String more = product.getName() + "/graft_rows/product";
    graph.addNode(
        NodeDef.newBuilder()
            .setName(name)
            .setOp("Slice")
            .addInput(rows)
            .addInput(FROM)
            .addInput(SIZE)
            .putAttr("T", type)
            .putAttr("Index", type(DataType.DT_INT32)));
    graph.addNode(
        NodeDef.newBuilder()
            .setName(padded)
            .setOp("ConcatV2")
            .addInput(rows)
            .addInput(name)
            .addInput(AXIS)
            .putAttr("T", type)
            .putAttr("N", AttrValue.newBuilder().setI(2).build())
            .putAttr("Tidx", type(DataType.DT_INT32)));
    graph.addNode(product.toBuilder().setName(more).setInput(0, padded));
    graph.addNode(
        NodeDef.newBuilder()
            .setName(product.getName())
            .setOp("StridedSlice")
            .addInput(more)
            .addInput(AXIS + "s")
            .addInput(END)
            .addInput(STRIDE)
            .putAttr("T", type)
            .putAttr("Index", type(DataType.DT_INT32)));
  }

  private static GraphDef.Builder addNumbers(GraphDef.Builder graph) {
    return graph
        .addNode(ConstantVariables.constant(FROM, HostTensor.of(new int[] {0, 0}, 2)))
        .addNode(ConstantVariables.constant(SIZE, HostTensor.of(new int[] {1, -1}, 2)))
        .addNode(ConstantVariables.constant(AXIS, HostTensor.of(new int[] {0})))
        .addNode(ConstantVariables.constant(AXIS + "s", HostTensor.of(new int[] {0}, 1)))
        .addNode(ConstantVariables.constant(END, HostTensor.of(new int[] {-1}, 1)))
        .addNode(ConstantVariables.constant(STRIDE, HostTensor.of(new int[] {1}, 1)));
  }

  private static AttrValue type(DataType type) {
    return AttrValue.newBuilder().setType(type).build();
  }
}
