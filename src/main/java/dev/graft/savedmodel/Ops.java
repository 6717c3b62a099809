package dev.graft.savedmodel;

import java.util.HashMap;
import java.util.Map;
import org.tensorflow.TensorFlow;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.OpDef;

/** The ops that this TensorFlow knows, by name. */
final class Ops {
  private Ops() {}

  private static final class Registered {
    static final Map<String, OpDef> BY_NAME = load();

    private static Map<String, OpDef> load() {
      Map<String, OpDef> byName = new HashMap<>();
      TensorFlow.registeredOpList().getOpList().forEach(op -> byName.put(op.getName(), op));
      return byName;
    }
  }

  /** The definition of an op, or null if this TensorFlow does not know it. */
  static OpDef get(String name) {
    return Registered.BY_NAME.get(name);
  }

  /** Number of tensors that an argument of a node stands for. */
  static int width(OpDef.ArgDef argument, Map<String, AttrValue> attributes) {
    if (!argument.getNumberAttr().isEmpty()) {
      return (int) attribute(argument.getNumberAttr(), attributes).getI();
    }
    if (!argument.getTypeListAttr().isEmpty()) {
      return attribute(argument.getTypeListAttr(), attributes).getList().getTypeCount();
    }
    return 1;
  }

  /**
   * Index of a node's output that a function body names.
   *
   * @param op definition of the node's op
   * @param argument name of the op's output
   * @param index which of the tensors that the output stands for
   */
  static int outputIndex(OpDef op, NodeDef node, String argument, int index) {
    int start = 0;
    for (OpDef.ArgDef output : op.getOutputArgList()) {
      if (output.getName().equals(argument)) {
        return start + index;
      }
      start += width(output, node.getAttrMap());
    }
    throw new IllegalArgumentException(
        "op " + op.getName() + " has no output \"" + argument + "\"");
  }

  /** What a function body calls an output of a node, {@code output:index}. */
  static String outputName(NodeDef node, int index) {
    Output output = output(node, index);
    return output.argument().getName() + ":" + output.index();
  }

  /** Element type of an output of a node. */
  static DataType type(NodeDef node, int index) {
    Output output = output(node, index);
    OpDef.ArgDef argument = output.argument();
    if (!argument.getTypeListAttr().isEmpty()) {
      return attribute(argument.getTypeListAttr(), node.getAttrMap())
          .getList()
          .getType(output.index());
    }
    return argument.getTypeAttr().isEmpty()
        ? argument.getType()
        : attribute(argument.getTypeAttr(), node.getAttrMap()).getType();
  }

  /** One of the tensors that an output of an op stands for. */
  private record Output(OpDef.ArgDef argument, int index) {}

  private static Output output(NodeDef node, int index) {
    int start = 0;
    for (OpDef.ArgDef argument : get(node.getOp()).getOutputArgList()) {
      int width = width(argument, node.getAttrMap());
      if (index < start + width) {
        return new Output(argument, index - start);
      }
      start += width;
    }
    throw new IllegalArgumentException(
        "node " + node.getName() + " of op " + node.getOp() + " has no output " + index);
  }

  private static AttrValue attribute(String name, Map<String, AttrValue> attributes) {
    AttrValue value = attributes.get(name);
    if (value == null) {
      throw new IllegalArgumentException("a node lacks its attribute \"" + name + "\"");
    }
    return value;
  }
}
