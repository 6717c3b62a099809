package dev.graft.model;

import dev.graft.savedmodel.FlatVariable;
import dev.graft.savedmodel.NativeGradients;
import dev.graft.savedmodel.OpGradient;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;

/**
 * Which layers of a backbone can train: those with a right gradient through every op between their
 * variables and the output that a head joins. Known from the graph alone, before anything runs.
 *
 * @param verdicts of every layer, in the order of the model
 */
public record Preflight(List<Verdict> verdicts) {
  /** Copies the verdicts. */
  public Preflight {
    verdicts = List.copyOf(verdicts);
  }

  /**
   * Whether a layer can be unfrozen.
   *
   * @param layer its name
   * @param hasWeights false for a layer without trainable variables, which has nothing to unfreeze
   * @param obstacle what stands in the way of the gradient; empty when the layer can train
   */
  public record Verdict(String layer, boolean hasWeights, Optional<Obstacle> obstacle) {
    /** Whether unfreezing the layer trains it. */
    public boolean canTrain() {
      return hasWeights && obstacle.isEmpty();
    }
  }

  /** Looks at every layer; a backbone with several outputs is looked at from all of them. */
  public static Preflight of(Backbone backbone) {
    Map<String, Obstacle> obstacles =
        obstacles(
            backbone.flat().graph(), backbone.ends(), trainable(backbone), backbone.layerNames());
    List<Verdict> verdicts = new ArrayList<>();
    for (BackboneLayer layer : backbone.layers()) {
      List<FlatVariable> variables =
          layer.variables().stream().filter(FlatVariable::trainable).toList();
      verdicts.add(
          new Verdict(
              layer.name(),
              !variables.isEmpty(),
              variables.stream()
                  .map(variable -> obstacles.get(variable.node()))
                  .filter(java.util.Objects::nonNull)
                  .findFirst()));
    }
    return new Preflight(verdicts);
  }

  private static List<String> trainable(Backbone backbone) {
    return backbone.flat().variables().stream()
        .filter(FlatVariable::trainable)
        .map(FlatVariable::node)
        .toList();
  }

  /** The verdict on a layer. */
  public Optional<Verdict> verdict(String layer) {
    return verdicts.stream().filter(verdict -> verdict.layer().equals(layer)).findFirst();
  }

  /**
   * Refuses what can't train.
   *
   * @param names of the variables that are to train, by their node
   * @throws IllegalArgumentException naming the first variable, and layer and op in its way
   */
  static void require(GraphDef graph, String loss, Map<String, String> names, List<String> layers) {
    Map<String, Obstacle> obstacles = obstacles(graph, List.of(loss), names.keySet(), layers);
    if (obstacles.isEmpty()) {
      return;
    }
    String variable = obstacles.keySet().iterator().next();
    String others = obstacles.size() == 1 ? "" : " and " + (obstacles.size() - 1) + " others";
    throw new IllegalArgumentException(
        "Variable %s%s can't train because of %s."
            .formatted(names.get(variable), others, obstacles.get(variable).describe()));
  }

  /**
   * What keeps variables from training.
   *
   * @param ends nodes that the gradient comes from
   * @return by the variables' nodes, without those that can train
   */
  private static Map<String, Obstacle> obstacles(
      GraphDef graph, List<String> ends, Collection<String> variables, List<String> layers) {
    GraphNodes nodes = new GraphNodes(graph);
    Set<String> varying = nodes.descendants(variables.stream().filter(nodes::contains).toList());
    LayerScopes scopes = new LayerScopes(layers);
    LayerScopes around = LayerScopes.around(layers);
    Map<String, Obstacle> found = new LinkedHashMap<>();
    Set<String> reached = new LinkedHashSet<>();
    Deque<String> open = new ArrayDeque<>(ends);
    try (NativeGradients gradients = new NativeGradients(graph)) {
      while (!open.isEmpty()) {
        String name = open.poll();
        if (!varying.contains(name) || !reached.add(name)) {
          continue;
        }
        NodeDef node = nodes.get(name);
        OpGradient gradient = gradients.of(node);
        if (gradient instanceof OpGradient.Right right) {
          right.inputs().forEach(input -> open.add(TensorName.parse(input).node()));
        } else if (gradient instanceof OpGradient.Refused refused) {
          found.put(
              name,
              new Obstacle(
                  scopes.of(name).or(() -> around.of(name)).orElse(""),
                  name,
                  node.getOp(),
                  refused.reason(),
                  refused.remedy()));
        }
      }
    }
    Map<String, Obstacle> blocked = new TreeMap<>();
    found.forEach(
        (name, obstacle) -> {
          Set<String> before = nodes.ancestors(List.of(name));
          variables.stream()
              .filter(before::contains)
              .forEach(v -> blocked.putIfAbsent(v, obstacle));
        });
    Map<String, Obstacle> all = new LinkedHashMap<>();
    for (String variable : variables) {
      if (blocked.containsKey(variable)) {
        all.put(variable, blocked.get(variable));
      } else if (!reached.contains(variable)) {
        all.put(variable, unreached(variable, scopes));
      }
    }
    return all;
  }

  private static Obstacle unreached(String variable, LayerScopes scopes) {
    return new Obstacle(
        scopes.of(variable).orElse(""),
        variable,
        "VarHandleOp",
        "no gradient reaches it from the output that the head joins",
        "keep its layer frozen");
  }
}
