package dev.graft.model;

/**
 * An op through which no right gradient goes, so that nothing before it can train.
 *
 * @param layer that the op belongs to; empty when its name does not tell
 * @param node its name in the graph
 * @param op its type, such as {@code While}
 * @param reason what follows "because"
 * @param remedy what to do about it, as an order
 */
public record Obstacle(String layer, String node, String op, String reason, String remedy) {
  /** One line without the name of the layer that it keeps from training. */
  public String describe() {
    String where = layer.isEmpty() ? "node " + node : "layer " + layer;
    return "%s (%s, op %s): %s; %s".formatted(where, node, op, reason, remedy);
  }
}
