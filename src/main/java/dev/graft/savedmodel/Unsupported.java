package dev.graft.savedmodel;

import java.util.Collection;
import java.util.Map;
import java.util.Set;
import org.tensorflow.TensorFlow;
import org.tensorflow.proto.NodeDef;

/** What a signature may not contain, each with its reason. */
final class Unsupported {
  private static final Set<String> LOOPS_OF_TENSORFLOW_1 =
      Set.of(
          "Switch",
          "RefSwitch",
          "Merge",
          "RefMerge",
          "Enter",
          "RefEnter",
          "Exit",
          "RefExit",
          "NextIteration",
          "RefNextIteration",
          "LoopCond");
  private static final Set<String> REFERENCE_VARIABLES =
      Set.of("Variable", "VariableV2", "TemporaryVariable");
  private static final Set<String> WRITES =
      Set.of(
          "AssignVariableOp",
          "AssignAddVariableOp",
          "AssignSubVariableOp",
          "ResourceScatterUpdate",
          "ResourceScatterAdd",
          "ResourceStridedSliceAssign");

  private Unsupported() {}

  /**
   * Refuses a node that cannot be run.
   *
   * @throws IllegalArgumentException with the reason
   */
  static void refuse(NodeDef node) {
    String op = node.getOp();
    String what = "node " + node.getName() + " of op " + op + " ";
    if (LOOPS_OF_TENSORFLOW_1.contains(op)) {
      throw new IllegalArgumentException(what + "is a loop or branch of TensorFlow 1");
    }
    if (REFERENCE_VARIABLES.contains(op)) {
      throw new IllegalArgumentException(what + "is a reference variable of TensorFlow 1");
    }
    if (op.startsWith("LookupTable")) {
      throw new IllegalArgumentException(
          what + "looks words up in a table, as TextVectorization and StringLookup do");
    }
    if (op.contains("HashTable")) {
      throw new IllegalArgumentException(what + "is a lookup table, as text layers use");
    }
    if (op.equals("Placeholder")) {
      throw new IllegalArgumentException(what + "needs a value that is no input of the signature");
    }
    if (Ops.get(op) == null) {
      throw new IllegalArgumentException(
          what + "is not known to this TensorFlow (" + TensorFlow.version() + ")");
    }
  }

  /**
   * Refuses a signature that changes a variable which its outputs read: without the control edges
   * that are dropped, the order of the two would be lost.
   *
   * @param all every node that the signature runs, by name
   * @param needed names of the nodes that the outputs need
   */
  static void refuseWrites(Map<String, NodeDef> all, Collection<String> needed) {
    for (NodeDef node : all.values()) {
      if (WRITES.contains(node.getOp())) {
        String variable = Ref.parse(node.getInput(0)).node();
        if (needed.contains(variable)) {
          throw new IllegalArgumentException(
              "node "
                  + node.getName()
                  + " changes variable "
                  + variable
                  + " at every call, as in training mode");
        }
      }
    }
  }
}
