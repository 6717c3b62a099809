package dev.graft.model;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;

/** The nodes of a flat graph by name, in the graph's order, with walks along its data edges. */
final class GraphNodes {
  private final GraphDef graph;
  private final Map<String, NodeDef> nodes = new LinkedHashMap<>();
  private Map<String, List<String>> consumers;

  GraphNodes(GraphDef graph) {
    this.graph = graph;
    for (NodeDef node : graph.getNodeList()) {
      nodes.put(node.getName(), node);
    }
  }

  NodeDef get(String name) {
    NodeDef node = nodes.get(name);
    if (node == null) {
      throw new IllegalArgumentException("The graph has no node \"" + name + "\".");
    }
    return node;
  }

  boolean contains(String name) {
    return nodes.containsKey(name);
  }

  Collection<NodeDef> all() {
    return nodes.values();
  }

  /** The tensors that a node reads, in order; control inputs are left out. */
  static List<TensorName> inputs(NodeDef node) {
    List<TensorName> inputs = new ArrayList<>(node.getInputCount());
    for (String input : node.getInputList()) {
      if (!input.startsWith("^")) {
        inputs.add(TensorName.parse(input));
      }
    }
    return inputs;
  }

  /** The constant behind a tensor, if there is one: weights are read through an identity. */
  Optional<NodeDef> constant(TensorName tensor) {
    NodeDef node = get(tensor.node());
    while (node.getOp().equals("Identity")) {
      node = get(inputs(node).get(0).node());
    }
    return Optional.of(node).filter(found -> found.getOp().equals("Const"));
  }

  /** The given nodes and everything that they are computed from. */
  Set<String> ancestors(Collection<String> of) {
    Set<String> seen = new LinkedHashSet<>();
    Deque<String> open = new ArrayDeque<>(of);
    while (!open.isEmpty()) {
      String name = open.pop();
      if (seen.add(name)) {
        inputs(get(name)).forEach(input -> open.push(input.node()));
      }
    }
    return seen;
  }

  /** The given nodes and everything that is computed from them. */
  Set<String> descendants(Collection<String> of) {
    return descendants(of, node -> false);
  }

  /** The same without the nodes that are left out, and without what only they lead to. */
  Set<String> descendants(Collection<String> of, Predicate<NodeDef> leftOut) {
    consumers();
    Set<String> seen = new LinkedHashSet<>();
    Deque<String> open = new ArrayDeque<>(of);
    while (!open.isEmpty()) {
      String name = open.pop();
      if (!leftOut.test(get(name)) && seen.add(name)) {
        consumers.getOrDefault(name, List.of()).forEach(open::push);
      }
    }
    return seen;
  }

  /** The names of the nodes that read any output of each node. */
  Map<String, List<String>> consumers() {
    if (consumers != null) {
      return consumers;
    }
    consumers = new HashMap<>();
    for (NodeDef node : nodes.values()) {
      for (TensorName input : inputs(node)) {
        consumers.computeIfAbsent(input.node(), unused -> new ArrayList<>()).add(node.getName());
      }
    }
    return consumers;
  }

  /** The graph reduced to the given nodes, in the graph's order, with its function library. */
  GraphDef.Builder keep(Set<String> names) {
    GraphDef.Builder kept = graph.toBuilder().clearNode();
    for (NodeDef node : nodes.values()) {
      if (names.contains(node.getName())) {
        kept.addNode(node);
      }
    }
    return kept;
  }
}
