package dev.graft.parity;

/**
 * What may differ.
 *
 * @param output largest difference over largest magnitude
 * @param gradient norm of the difference over the norm of the variable's gradient
 * @param gradientOfAll and over the norm of all gradients, added to it
 * @param change norm of the difference of trained weights over the norm of their change
 * @param weights the same over the norm of the weights
 */
record Tolerances(
    double output, double gradient, double gradientOfAll, double change, double weights) {
  static final Tolerances SINGLE = new Tolerances(1e-5, 1e-4, 1e-6, 1e-3, 1e-5);
  static final Tolerances HALF = new Tolerances(1e-2, 1e-2, 1e-6, 1e-3, 1e-5);

  /**
   * Where Keras's own steps are further apart than this, half of {@link #change} and of {@link
   * #weights}, when its inputs are moved by rounding, Graft's folded trunk is not held to those;
   * the trunk as built is.
   */
  static final double STEADY = 5e-4;

  static final double STEADY_OF_WEIGHTS = 5e-6;

  /**
   * A weight whose gradient is smaller than what two right gradients may differ by counts as near
   * zero: rules that divide a gradient by its own size then answer to rounding. In the unit of
   * {@code nearness} in the row's files, (norm of the variable's gradient + norm of all / 100) /
   * √(number of its weights), that is this.
   */
  static final double NEAR_ZERO = 1e-4;
}
