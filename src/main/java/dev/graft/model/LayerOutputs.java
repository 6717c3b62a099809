package dev.graft.model;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;

/** Finds where a layer ends in a graph, from the scopes that Keras puts into node names. */
final class LayerOutputs {
  private LayerOutputs() {}

  /**
   * The tensor that a layer answers: the last node in the layer's scope whose output is read
   * outside of it. Keras names scopes {@code layer}, or {@code layer_1} from the second call on.
   *
   * @return {@code node:0}, or empty when no node is in the layer's scope
   */
  static Optional<String> find(GraphDef graph, String layer) {
    Pattern scope = Pattern.compile(Pattern.quote(layer) + "(_\\d+)?");
    List<NodeDef> inside =
        graph.getNodeList().stream()
            .filter(node -> !isVariable(node) && isInScope(node.getName(), scope))
            .toList();
    List<String> names = inside.stream().map(NodeDef::getName).toList();
    List<String> readOutside =
        graph.getNodeList().stream()
            .filter(node -> !names.contains(node.getName()))
            .flatMap(node -> GraphNodes.inputs(node).stream().map(TensorName::node))
            .filter(names::contains)
            .toList();
    Stream<String> candidates =
        names.stream().filter(name -> readOutside.isEmpty() || readOutside.contains(name));
    return candidates.reduce((first, second) -> second).map(name -> name + ":0");
  }

  private static boolean isVariable(NodeDef node) {
    return node.getOp().equals("VarHandleOp") || node.getOp().equals("ReadVariableOp");
  }

  private static boolean isInScope(String node, Pattern scope) {
    String[] parts = node.split("/");
    return Arrays.stream(parts, 0, Math.max(1, parts.length - 1))
        .anyMatch(part -> scope.matcher(part).matches());
  }
}
