package dev.graft.export;

/** How an exported model holds its weights. */
public enum WeightForm {
  /** As variables in a checkpoint, which can be trained further. */
  VARIABLES,
  /** As constants in the graph, which many converters and optimisers ask for. */
  CONSTANTS
}
