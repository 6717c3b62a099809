package dev.graft.savedmodel;

/**
 * One output of one node of a graph.
 *
 * @param node name of the node
 * @param index which of its outputs
 */
record Ref(String node, int index) {
  /** Reads {@code node} or {@code node:index}, as inputs of a GraphDef's nodes are written. */
  static Ref parse(String text) {
    int colon = text.lastIndexOf(':');
    return colon < 0
        ? new Ref(text, 0)
        : new Ref(text.substring(0, colon), Integer.parseInt(text.substring(colon + 1)));
  }

  static boolean isControl(String input) {
    return input.startsWith("^");
  }

  /** As an input of a node is written. */
  String asInput() {
    return index == 0 ? node : node + ":" + index;
  }

  /** Always {@code node:index}. */
  @Override
  public String toString() {
    return node + ":" + index;
  }
}
