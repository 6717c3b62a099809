package dev.graft.export;

/** How an exported model holds its weights. */
public enum WeightForm {
  /** As variables in a checkpoint, which can be trained further. */
  VARIABLES,
  /** As constants in the graph, which many converters and optimisers ask for. */
  CONSTANTS,
  /**
   * As constants, those of the backbone in bfloat16, in which every runtime then computes it:
   * faster on processors that have it, half the size, and off by a hundredth and more. Scales and
   * shifts are folded into convolutions.
   */
  BFLOAT16
}
