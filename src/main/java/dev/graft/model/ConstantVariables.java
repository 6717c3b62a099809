package dev.graft.model;

import dev.graft.tensor.HostTensor;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;

/**
 * Puts the values of frozen variables into a graph, so that TensorFlow can fold and fuse them.
 *
 * <p>A variable that a loop or a branch reads is handed to a function of the graph, which takes
 * variables and no values: it stays one.
 */
public final class ConstantVariables {
  private static final Set<String> CALLS =
      Set.of("While", "StatelessWhile", "If", "StatelessIf", "Case", "StatelessCase");
  private static final String AXIS_SUFFIX = "/graft_axis";

  private ConstantVariables() {}

  /**
   * Replaces each variable by a constant and each of its reads by that constant's value.
   *
   * @param every by the name of the {@code VarHandleOp}; variables without a value stay, and those
   *     of {@link #live}
   * @throws IllegalArgumentException when a frozen variable is used otherwise than by reading it
   */
  public static GraphDef fill(GraphDef graph, Map<String, HostTensor> every) {
    Map<String, HostTensor> values = new HashMap<>(every);
    values.keySet().removeAll(live(graph, every).keySet());
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

  /**
   * Those of the values whose variables {@link #fill} leaves as they are: who runs, assigns them.
   */
  public static Map<String, HostTensor> live(GraphDef graph, Map<String, HostTensor> values) {
    Map<String, HostTensor> live = new LinkedHashMap<>();
    for (NodeDef node : graph.getNodeList()) {
      if (CALLS.contains(node.getOp())) {
        node.getInputList().stream()
            .filter(values::containsKey)
            .forEach(input -> live.put(input, values.get(input)));
      }
    }
    return live;
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

  static NodeDef constant(String name, HostTensor value) {
    return NodeDef.newBuilder()
        .setName(name)
        .setOp("Const")
        .putAttr("dtype", AttrValue.newBuilder().setType(value.dtype()).build())
        .putAttr("value", AttrValue.newBuilder().setTensor(value.toProto()).build())
        .build();
  }
}
