package dev.graft.savedmodel;

import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.tensorflow.Graph;
import org.tensorflow.GraphOperation;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;

/**
 * A graph in which nodes are replaced. A replacement takes the name of what it replaces, so that
 * those who use it need not know; what else it needs is named below it.
 *
 * <p>Owns a native graph once a shape was asked for.
 */
final class GraphEditor implements AutoCloseable {
  private final GraphDef before;
  private final Map<String, NodeDef> nodes = new LinkedHashMap<>();
  private final Map<String, NodeDef> original;
  private final NodeNames names = new NodeNames();
  private final Map<Ref, Ref> moved = new HashMap<>();
  private Graph shapes;

  GraphEditor(GraphDef graph) {
    before = graph;
    graph.getNodeList().forEach(node -> names.take(node.getName()));
    graph.getNodeList().forEach(node -> nodes.put(node.getName(), node));
    original = Map.copyOf(nodes);
  }

  /** Puts a node in the place of another of the same name. */
  void replace(NodeDef.Builder node) {
    nodes.put(node.getName(), node.build());
  }

  /**
   * Adds a node.
   *
   * @param node its name is what it is to be called below {@code owner}
   * @return the name that it got
   */
  String add(NodeDef owner, NodeDef.Builder node) {
    String name = names.unique(owner.getName() + "/" + node.getName());
    nodes.put(name, node.setName(name).build());
    return name;
  }

  /** Says that another tensor stands in for one that is gone. */
  void move(Ref tensor, Ref replacement) {
    moved.put(tensor, replacement);
  }

  /** What stands in for a tensor: itself, if it was not moved. */
  Ref resolve(Ref tensor) {
    return moved.getOrDefault(tensor, tensor);
  }

  /** The node that makes a tensor, as it was before any change. */
  NodeDef maker(String input) {
    return original.get(Ref.parse(input).node());
  }

  /** Static shape of a tensor before any change: -1 where unknown, null if even the rank is. */
  List<Long> shape(String input) {
    if (shapes == null) {
      shapes = new Graph();
      shapes.importGraphDef(before);
    }
    Ref tensor = Ref.parse(input);
    GraphOperation operation = shapes.operationOrThrow(tensor.node());
    return toList(operation.output(tensor.index()).shape());
  }

  private static List<Long> toList(org.tensorflow.ndarray.Shape shape) {
    return shape.isUnknown() ? null : Arrays.stream(shape.asArray()).boxed().toList();
  }

  /** The changed graph: what the given nodes need, each node behind its inputs. */
  GraphDef graph(List<String> wanted) {
    Map<String, NodeDef> followed = new LinkedHashMap<>();
    nodes.forEach((name, node) -> followed.put(name, followed(node)));
    return before.toBuilder()
        .clearNode()
        .addAllNode(GraphOrder.needed(followed, wanted).values())
        .build();
  }

  private NodeDef followed(NodeDef node) {
    NodeDef.Builder builder = node.toBuilder().clearInput();
    node.getInputList().forEach(input -> builder.addInput(resolve(Ref.parse(input)).asInput()));
    return builder.build();
  }

  @Override
  public void close() {
    if (shapes != null) {
      shapes.close();
      shapes = null;
    }
  }
}
