package dev.graft.savedmodel;

import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.tensorflow.proto.NodeDef;

/** The part of a graph that some nodes need, in the order in which it can run. */
final class GraphOrder {
  private GraphOrder() {}

  /**
   * Follows data inputs from the given nodes.
   *
   * @param nodes the graph, by name
   * @param wanted names to start from
   * @return the nodes needed, each behind its inputs; the same graph gives the same order
   * @throws IllegalArgumentException if an input names no node
   */
  static Map<String, NodeDef> needed(Map<String, NodeDef> nodes, Collection<String> wanted) {
    Map<String, NodeDef> ordered = new LinkedHashMap<>();
    Set<String> seen = new HashSet<>();
    Map<String, Iterator<String>> pending = new HashMap<>();
    Deque<String> path = new ArrayDeque<>();
    for (String start : wanted) {
      enter(start, nodes, seen, pending, path);
      while (!path.isEmpty()) {
        Iterator<String> inputs = pending.get(path.peek());
        if (inputs.hasNext()) {
          enter(Ref.parse(inputs.next()).node(), nodes, seen, pending, path);
        } else {
          String done = path.pop();
          ordered.put(done, nodes.get(done));
        }
      }
    }
    return ordered;
  }

  private static void enter(
      String name,
      Map<String, NodeDef> nodes,
      Set<String> seen,
      Map<String, Iterator<String>> pending,
      Deque<String> path) {
    NodeDef node = nodes.get(name);
    if (node == null) {
      throw new IllegalArgumentException("an input comes from node " + name + ", which is missing");
    }
    if (seen.add(name)) {
      pending.put(
          name, node.getInputList().stream().filter(input -> !Ref.isControl(input)).iterator());
      path.push(name);
    }
  }
}
