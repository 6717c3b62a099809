package dev.graft.model;

/**
 * A tensor of a graph: the node that makes it and which of its outputs it is.
 *
 * @param node name of the node
 * @param index output of the node, from 0
 */
record TensorName(String node, int index) {
  /** Reads {@code node}, {@code node:index}. */
  static TensorName parse(String text) {
    int colon = text.lastIndexOf(':');
    return colon < 0
        ? new TensorName(text, 0)
        : new TensorName(text.substring(0, colon), Integer.parseInt(text.substring(colon + 1)));
  }

  /** As a node's input: {@code node} for the first output, else {@code node:index}. */
  String asInput() {
    return index == 0 ? node : node + ":" + index;
  }

  @Override
  public String toString() {
    return node + ":" + index;
  }
}
