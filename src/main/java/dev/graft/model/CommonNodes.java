package dev.graft.model;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;

/**
 * Merges nodes that compute the same. The head is built once for training and once for inference:
 * what both have in common before the first dropout (a pooling, say) is one node afterwards, so
 * that it falls on the trunk's side of the cut once.
 */
final class CommonNodes {
  private static final Set<String> DISTINCT = Set.of("Placeholder", "VarHandleOp", "NoOp");

  private CommonNodes() {}

  /**
   * The same graph with equal nodes merged; the first in the graph's order survives.
   *
   * @param named nodes that keep their names and are not merged into others
   */
  static GraphDef merge(GraphDef graph, Set<String> named) {
    Map<String, String> survivors = new HashMap<>();
    Map<NodeDef, String> known = new HashMap<>();
    List<NodeDef> kept = new ArrayList<>();
    for (NodeDef node : graph.getNodeList()) {
      NodeDef mapped = mapInputs(node, survivors);
      boolean mergeable = isPure(node) && !named.contains(node.getName());
      String first = mergeable ? known.putIfAbsent(nameless(mapped), node.getName()) : null;
      if (first == null) {
        kept.add(mapped);
      } else {
        survivors.put(node.getName(), first);
      }
    }
    return graph.toBuilder().clearNode().addAllNode(kept).build();
  }

  private static boolean isPure(NodeDef node) {
    String op = node.getOp();
    return !op.startsWith("Random") && !op.startsWith("Assign") && !DISTINCT.contains(op);
  }

  private static NodeDef nameless(NodeDef node) {
    return node.toBuilder().clearName().clearExperimentalDebugInfo().build();
  }

  private static NodeDef mapInputs(NodeDef node, Map<String, String> survivors) {
    NodeDef.Builder mapped = node.toBuilder().clearInput();
    for (String input : node.getInputList()) {
      if (input.startsWith("^")) {
        mapped.addInput("^" + survivors.getOrDefault(input.substring(1), input.substring(1)));
      } else {
        TensorName name = TensorName.parse(input);
        String survivor = survivors.getOrDefault(name.node(), name.node());
        mapped.addInput(new TensorName(survivor, name.index()).asInput());
      }
    }
    return mapped.build();
  }
}
