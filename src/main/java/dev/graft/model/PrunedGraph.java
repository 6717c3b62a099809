package dev.graft.model;

import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;

/**
 * Leaves out what nothing wanted is computed from: the weights in whose place others were folded or
 * transformed would be held as long as the graph.
 */
final class PrunedGraph {
  private PrunedGraph() {}

  /**
   * The graph without such nodes.
   *
   * @param wanted names of nodes that stay, with all that they read or wait for; of those that are
   *     not there it is for others to say so
   */
  static GraphDef of(GraphDef graph, Collection<String> wanted) {
    Map<String, NodeDef> nodes = new HashMap<>();
    graph.getNodeList().forEach(node -> nodes.put(node.getName(), node));
    Set<String> kept = new HashSet<>();
    Deque<String> open = new ArrayDeque<>(wanted);
    while (!open.isEmpty()) {
      NodeDef node = nodes.get(open.pop());
      if (node != null && kept.add(node.getName())) {
        node.getInputList().forEach(input -> open.push(nodeOf(input)));
      }
    }
    GraphDef.Builder pruned = graph.toBuilder().clearNode();
    graph.getNodeList().stream()
        .filter(node -> kept.contains(node.getName()))
        .forEach(pruned::addNode);
    return pruned.build();
  }

  /** Of an input of a node, which may be a control input. */
  private static String nodeOf(String input) {
    return input.startsWith("^") ? input.substring(1) : TensorName.parse(input).node();
  }
}
