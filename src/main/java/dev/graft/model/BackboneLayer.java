package dev.graft.model;

import dev.graft.savedmodel.FlatVariable;
import java.util.List;
import java.util.Optional;

/**
 * A layer of a backbone, from its handoff or, without one, from the names of its variables.
 *
 * @param name unique in the backbone
 * @param type the Keras class; empty without a handoff
 * @param outputShape {@code [batch, …]} with -1 for an unknown size; empty where it is not known
 * @param trainable as Keras had it
 * @param variables in the order of the layer; empty for a layer without weights
 */
public record BackboneLayer(
    String name,
    Optional<String> type,
    Optional<List<Long>> outputShape,
    boolean trainable,
    List<FlatVariable> variables) {
  /** Copies the list. */
  public BackboneLayer {
    variables = List.copyOf(variables);
  }

  /** Number of weights. */
  public long parameters() {
    return variables.stream()
        .mapToLong(variable -> variable.shape().stream().reduce(1L, Math::multiplyExact))
        .sum();
  }
}
