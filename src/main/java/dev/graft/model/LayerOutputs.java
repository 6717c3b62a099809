package dev.graft.model;

import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;

/** Finds where a layer ends in a graph, from the scopes that Keras puts into node names. */
public final class LayerOutputs {
  private static final String HEAD = "head/";

  private LayerOutputs() {}

  /**
   * The tensor that a layer answers: the last node in the layer's scope whose output is read
   * outside of it. Keras names scopes {@code layer}, or {@code layer_1} from the second call on;
   * the layers of a nested model are {@code outer/layer}.
   *
   * @param layers names of all layers that are known
   * @return {@code node:0}, or empty when no node is in the layer's scope
   * @throws IllegalArgumentException when the scopes of layers with names such as {@code conv} and
   *     {@code conv_1} can't be told apart
   */
  public static Optional<String> find(GraphDef graph, String layer, List<String> layers) {
    Set<String> scopes = scopes(graph, layer);
    Set<String> alike =
        layers.stream()
            .filter(other -> !other.equals(layer))
            .filter(other -> scopes.stream().anyMatch(pattern(other).asMatchPredicate()))
            .collect(Collectors.toCollection(LinkedHashSet::new));
    return last(graph, alike.isEmpty() ? scopes : Set.of(ownScope(graph, layer, alike)));
  }

  /**
   * The tensor that a trained model's backbone hands to its head: the answer of the last layer in
   * the graph that is not of the head.
   *
   * @param layers names of all layers in the order of the model; the head's begin with {@code
   *     head/}
   * @return {@code node:0}, or empty when no layer is found
   */
  public static Optional<String> ofBackbone(GraphDef graph, List<String> layers) {
    for (int i = layers.size() - 1; i >= 0; i--) {
      Optional<String> tensor =
          layers.get(i).startsWith(HEAD) ? Optional.empty() : find(graph, layers.get(i), layers);
      if (tensor.isPresent()) {
        return tensor;
      }
    }
    return Optional.empty();
  }

  /** Keras either adds a number to the scopes of all layers or to those of none. */
  private static String ownScope(GraphDef graph, String layer, Set<String> alike) {
    Set<String> all = new LinkedHashSet<>(alike);
    all.add(layer);
    for (String suffix : List.of("", "_1")) {
      if (all.stream().allMatch(name -> scopes(graph, name).contains(name + suffix))) {
        return layer + suffix;
      }
    }
    throw new IllegalArgumentException(
        "Layer \""
            + layer
            + "\" can't be told from "
            + String.join(", ", alike)
            + " in the graph: rename the layers, or export the backbone with that output.");
  }

  private static Optional<String> last(GraphDef graph, Set<String> scopes) {
    Set<String> names =
        graph.getNodeList().stream()
            .filter(node -> !isVariable(node) && isInside(node.getName(), scopes))
            .map(NodeDef::getName)
            .collect(Collectors.toCollection(LinkedHashSet::new));
    Set<String> readOutside =
        graph.getNodeList().stream()
            .filter(node -> !names.contains(node.getName()))
            .flatMap(node -> GraphNodes.inputs(node).stream().map(TensorName::node))
            .filter(names::contains)
            .collect(Collectors.toSet());
    Stream<String> candidates =
        names.stream().filter(name -> readOutside.isEmpty() || readOutside.contains(name));
    return candidates.reduce((first, second) -> second).map(name -> name + ":0");
  }

  /** The scopes in the graph that may be the layer's. */
  private static Set<String> scopes(GraphDef graph, String layer) {
    Pattern pattern = pattern(layer);
    int depth = layer.split("/").length;
    return graph.getNodeList().stream()
        .filter(node -> !isVariable(node))
        .flatMap(node -> around(node.getName(), depth))
        .filter(pattern.asMatchPredicate())
        .collect(Collectors.toCollection(LinkedHashSet::new));
  }

  /** Each part of the name may have a number: {@code outer_1/layer_1}. */
  private static Pattern pattern(String layer) {
    return Pattern.compile(
        Arrays.stream(layer.split("/"))
            .map(part -> Pattern.quote(part) + "(_\\d+)?")
            .collect(Collectors.joining("/")));
  }

  private static boolean isInside(String node, Set<String> scopes) {
    return scopes.stream()
        .anyMatch(scope -> around(node, scope.split("/").length).anyMatch(scope::equals));
  }

  /** The scopes around a node, as many names deep as asked for; a lone name counts as a scope. */
  private static Stream<String> around(String node, int depth) {
    String[] parts = node.split("/");
    int outer = Math.max(1, parts.length - 1);
    return IntStream.rangeClosed(0, outer - depth)
        .mapToObj(from -> String.join("/", Arrays.asList(parts).subList(from, from + depth)));
  }

  private static boolean isVariable(NodeDef node) {
    return node.getOp().equals("VarHandleOp") || node.getOp().equals("ReadVariableOp");
  }
}
