package dev.graft.model;

import dev.graft.tensor.HostTensor;
import java.util.Map;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;

/** Puts the values of frozen variables into a graph, so that TensorFlow can fold and fuse them. */
final class ConstantVariables {
  private static final String AXIS_SUFFIX = "/graft_axis";

  private ConstantVariables() {}

  /**
   * Replaces each variable by a constant and each of its reads by that constant's value.
   *
   * @param values by the name of the {@code VarHandleOp}; variables without a value stay
   * @throws IllegalArgumentException when a frozen variable is used otherwise than by reading it
   */
  static GraphDef fill(GraphDef graph, Map<String, HostTensor> values) {
    GraphDef.Builder filled = graph.toBuilder().clearNode();
    for (NodeDef node : graph.getNodeList()) {
      if (node.getOp().equals("VarHandleOp") && values.containsKey(node.getName())) {
        filled.addNode(constant(node.getName(), values.get(node.getName())));
      } else if (node.getInputCount() > 0 && values.containsKey(node.getInput(0))) {
        addRead(filled, node);
      } else {
        filled.addNode(node);
      }
    }
    return filled.build();
  }

  private static void addRead(GraphDef.Builder filled, NodeDef node) {
    switch (node.getOp()) {
      case "ReadVariableOp" ->
          filled.addNode(
              NodeDef.newBuilder()
                  .setName(node.getName())
                  .setOp("Identity")
                  .addInput(node.getInput(0))
                  .putAttr("T", node.getAttrOrThrow("dtype")));
      case "ResourceGather" -> addGather(filled, node);
      default ->
          throw new IllegalArgumentException(
              "Variable \""
                  + node.getInput(0)
                  + "\" can't be frozen: op "
                  + node.getOp()
                  + " (\""
                  + node.getName()
                  + "\") needs a variable that can change.");
    }
  }

  private static void addGather(GraphDef.Builder filled, NodeDef node) {
    String axis = node.getName() + AXIS_SUFFIX;
    AttrValue batchDims =
        node.getAttrOrDefault("batch_dims", AttrValue.newBuilder().setI(0).build());
    filled.addNode(constant(axis, HostTensor.of(new int[] {Math.toIntExact(batchDims.getI())})));
    filled.addNode(
        NodeDef.newBuilder()
            .setName(node.getName())
            .setOp("GatherV2")
            .addInput(node.getInput(0))
            .addInput(node.getInput(1))
            .addInput(axis)
            .putAttr("Tparams", node.getAttrOrThrow("dtype"))
            .putAttr("Tindices", node.getAttrOrThrow("Tindices"))
            .putAttr("Taxis", AttrValue.newBuilder().setType(DataType.DT_INT32).build())
            .putAttr("batch_dims", batchDims));
  }

  private static NodeDef constant(String name, HostTensor value) {
    return NodeDef.newBuilder()
        .setName(name)
        .setOp("Const")
        .putAttr("dtype", AttrValue.newBuilder().setType(value.dtype()).build())
        .putAttr("value", AttrValue.newBuilder().setTensor(value.toProto()).build())
        .build();
  }
}
