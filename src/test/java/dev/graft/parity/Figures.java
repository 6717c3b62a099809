package dev.graft.parity;

import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/**
 * What the comparison of one row found.
 *
 * @param row the row
 * @param outputs largest difference over largest magnitude, by output
 * @param gradients by trainable variable, those that have one
 * @param refused variables that can't be unfrozen, with the reason
 * @param training of the last block and a head
 * @param unusable why Graft refuses the model; null where it reads it, and then all else is there
 */
record Figures(
    ParityRow.Manifest row,
    Map<String, Double> outputs,
    List<Gradient> gradients,
    Map<String, String> refused,
    Training training,
    String unusable) {

  static Figures unusable(ParityRow.Manifest row, String reason) {
    return new Figures(row, Map.of(), List.of(), Map.of(), Training.none(), reason);
  }

  /**
   * Training with every optimizer.
   *
   * @param runs by optimizer
   * @param refused why there is none; null where there is
   * @param folding largest difference, over the largest magnitude, between the features of the
   *     folded trunk, on which Graft trains, and those of the trunk as built
   * @param folded the first optimizer's {@code ofChange} with the features of the folded trunk
   */
  record Training(List<Run> runs, String refused, double folding, double folded) {
    static Training none() {
      return new Training(List.of(), null, 0, 0);
    }

    static Training refused(String reason) {
      return new Training(List.of(), reason, 0, 0);
    }
  }

  /**
   * One variable's gradient.
   *
   * @param apart norm of the difference
   * @param norm of Python's gradient
   * @param allNorm norm of all of Python's gradients together
   */
  record Gradient(String variable, double apart, double norm, double allNorm) {
    /** The difference in units of what is allowed: above 1 is too much. */
    double ofAllowed(Tolerances tolerances) {
      return apart / (tolerances.gradient() * norm + tolerances.gradientOfAll() * allNorm);
    }
  }

  /**
   * Steps with one optimizer; each figure the worst over variables and steps.
   *
   * @param ofChange norm of the difference over the norm of the change so far
   * @param ofWeights norm of the difference over the norm of the weights
   * @param nearZero weights left out of {@code ofChange}, whose gradient came near zero
   * @param ofChangeWithAll the first figure with those weights
   * @param weights all weights that train
   * @param worst the variable of the first figure
   */
  record Run(
      String optimizer,
      double ofChange,
      double ofWeights,
      long nearZero,
      double ofChangeWithAll,
      long weights,
      String worst) {}

  double worstOutput() {
    return outputs.values().stream().mapToDouble(Double::doubleValue).max().orElse(0);
  }

  /** The worst gradient in units of what is allowed; empty where no variable has one. */
  OptionalDouble worstGradient() {
    Tolerances tolerances = tolerances();
    return gradients.stream().mapToDouble(one -> one.ofAllowed(tolerances)).max();
  }

  Tolerances tolerances() {
    return row.half() ? Tolerances.HALF : Tolerances.SINGLE;
  }
}
