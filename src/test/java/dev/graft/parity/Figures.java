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
 * @param runs by optimizer
 * @param trainingRefused why the row does not train; null where it does
 */
record Figures(
    ParityRow.Manifest row,
    Map<String, Double> outputs,
    List<Gradient> gradients,
    Map<String, String> refused,
    List<Run> runs,
    String trainingRefused) {

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
