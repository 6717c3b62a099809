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
   * @param runs by optimizer, on the features of the trunk as Graft runs it
   * @param built on the features of the trunk as built: the first optimizer, and those for which
   *     Keras is too far from itself
   * @param unsteady the first optimizer with draws of inputs that were passed over, because Keras
   *     is too far from itself
   * @param folding largest difference, over the largest magnitude, between those features and the
   *     features of the trunk as built
   * @param refused why there is none; null where there is
   */
  record Training(
      List<Run> runs, List<Run> built, List<Unsteady> unsteady, double folding, String refused) {
    static Training none() {
      return refused(null);
    }

    static Training refused(String reason) {
      return new Training(List.of(), List.of(), List.of(), 0, reason);
    }
  }

  /**
   * A draw of inputs with which Keras's steps are not determined.
   *
   * @param run Graft's run against Keras's
   * @param built the same on the features of the trunk as built
   */
  record Unsteady(Run run, Run built) {}

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
   * @param nearZero weights of all variables that {@code ofChange} leaves out: their gradient came
   *     near zero
   * @param ofChangeWithAll the first figure with those weights
   * @param weights all weights that train
   * @param worst the variable of the first figure
   * @param own the first figure of Keras against Keras from inputs that are moved by rounding; null
   *     where it was not computed
   * @param ownOfWeights the second figure of the same
   */
  record Run(
      String optimizer,
      double ofChange,
      double ofWeights,
      long nearZero,
      double ofChangeWithAll,
      long weights,
      String worst,
      Double own,
      Double ownOfWeights) {
    /** Whether Keras agrees with itself well enough to be compared with. */
    boolean isSteady() {
      return own == null
          || (own <= Tolerances.STEADY && ownOfWeights <= Tolerances.STEADY_OF_WEIGHTS);
    }
  }

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
