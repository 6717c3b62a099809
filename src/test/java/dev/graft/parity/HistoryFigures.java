package dev.graft.parity;

import dev.graft.metrics.Epoch;
import dev.graft.parity.HistoryRecipe.EpochFigures;
import dev.graft.parity.HistoryRecipe.PhaseRecord;
import dev.graft.parity.HistoryRecipe.State;
import dev.graft.tensor.Arithmetic;
import dev.graft.train.Optimizer;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/**
 * How far Graft is from Keras in one recipe.
 *
 * @param recipe what Keras did
 * @param phases in order
 * @param filtered the first phase, the head, with {@code --precision winograd}
 * @param seconds that Graft took for the phases
 */
record HistoryFigures(
    HistoryRecipe.Manifest recipe, List<OfPhase> phases, OfPhase filtered, long seconds) {
  /**
   * One phase.
   *
   * @param keras what Keras did
   * @param epochs what Graft did
   * @param loss training loss
   * @param validationLoss validation loss
   * @param right number of right answers in training, {@code validationRight} in validation
   * @param steps single steps from Keras's weights
   */
  record OfPhase(
      PhaseRecord keras,
      List<Epoch> epochs,
      Apart loss,
      Apart validationLoss,
      Apart right,
      Apart validationRight,
      List<Step> steps) {
    static OfPhase of(PhaseRecord keras, List<Epoch> epochs, Counts counted, List<Step> steps) {
      return new OfPhase(
          keras,
          epochs,
          Apart.of(keras, epochs, EpochFigures::loss, Epoch::loss, 1),
          Apart.of(keras, epochs, EpochFigures::validationLoss, Epoch::validationLoss, 1),
          Apart.of(keras, epochs, EpochFigures::accuracy, Epoch::accuracy, counted.training()),
          Apart.of(
              keras,
              epochs,
              EpochFigures::validationAccuracy,
              Epoch::validationAccuracy,
              counted.validation()),
          steps);
    }

    /** Share of the first epoch's training loss that is gone in the last one, in Keras. */
    double fall() {
      List<EpochFigures> history = keras.history();
      return 1 - history.get(history.size() - 1).loss() / history.get(0).loss();
    }
  }

  /** Over how many examples an epoch's accuracy is a mean. */
  record Counts(int training, int validation) {
    /** The examples of an epoch's steps; all batches are of the same size where steps are given. */
    static Counts of(PhaseRecord phase, int training, int validation) {
      return new Counts(
          phase.steps() == null ? training : phase.steps() * phase.batch(),
          phase.validationSteps() == null ? validation : phase.validationSteps() * phase.batch());
    }
  }

  /**
   * One figure over the epochs of a phase.
   *
   * @param relative largest difference over Keras's value
   * @param absolute largest difference
   * @param spread largest difference between Keras and Keras with a perturbed input
   */
  record Apart(double relative, double absolute, double spread) {
    private static Apart of(
        PhaseRecord keras,
        List<Epoch> epochs,
        ToDoubleFunction<EpochFigures> expected,
        ToDoubleFunction<Epoch> actual,
        int scale) {
      if (epochs.size() != keras.history().size()) {
        throw new IllegalStateException(
            "Keras has " + keras.history().size() + " epochs, Graft " + epochs.size() + ".");
      }
      double[] python = values(keras.history(), expected, scale);
      double[] java = epochs.stream().mapToDouble(actual).map(one -> one * scale).toArray();
      double spread =
          keras.perturbed().stream()
              .mapToDouble(one -> absolute(values(one, expected, scale), python))
              .max()
              .orElse(0);
      double relative =
          IntStream.range(0, python.length)
              .mapToDouble(i -> Math.abs(java[i] - python[i]) / Math.abs(python[i]))
              .reduce(0, Math::max);
      return new Apart(relative, absolute(java, python), spread);
    }

    private static double[] values(
        List<EpochFigures> epochs, ToDoubleFunction<EpochFigures> figure, int scale) {
      return epochs.stream().mapToDouble(figure).map(one -> one * scale).toArray();
    }

    private static double absolute(double[] one, double[] other) {
      return IntStream.range(0, one.length)
          .mapToDouble(i -> Math.abs(one[i] - other[i]))
          .reduce(0, Math::max);
    }
  }

  /**
   * A single step from Keras's weights and slots. A weight's difference counts in parts of what is
   * allowed: the larger of 1e-5 of the weight and a hundredth of the learning rate.
   *
   * @param step of the phase, from 0
   * @param trunk whether the features come of Graft's trunk, which is fused, or of the trunk as
   *     built
   * @param loss difference from Keras's loss
   * @param worst the worst weight, those left out that are near zero
   * @param variable its variable
   * @param keras how far Keras is from itself at that weight, in the same parts, in the same step
   *     on inputs that rounding has moved
   * @param beyond number of weights beyond what is allowed, those left out that are near zero
   * @param kerasToo how many of these are weights at which Keras is beyond it from itself
   * @param kerasWorst how far Keras is from itself at any weight that is not near zero
   * @param nearZero weights beyond what is allowed whose gradient is near zero, see {@link
   *     Tolerances#NEAR_ZERO}; none for a rule that does not divide a gradient by its own size
   * @param worstNearZero the worst of those
   * @param weights all that train
   * @param ofChange norm of all differences over the norm of the change that Keras makes
   */
  record Step(
      int step,
      Arithmetic trunk,
      double loss,
      double worst,
      String variable,
      double keras,
      long beyond,
      long kerasToo,
      double kerasWorst,
      long nearZero,
      double worstNearZero,
      long weights,
      double ofChange) {
    static Step of(
        PhaseRecord phase,
        State state,
        Arithmetic trunk,
        double loss,
        List<float[]> before,
        List<float[]> expected,
        List<float[]> nearness,
        List<float[]> own,
        List<float[]> actual) {
      double rate = Optimizer.parse(phase.optimizer()).learningRate();
      boolean leavesOut = !phase.optimizer().startsWith("sgd");
      double worst = 0;
      String variable = "";
      double keras = 0;
      long beyond = 0;
      long kerasToo = 0;
      double kerasWorst = 0;
      long nearZero = 0;
      double worstNearZero = 0;
      long weights = 0;
      double apart = 0;
      double change = 0;
      for (int i = 0; i < expected.size(); i++) {
        float[] python = expected.get(i);
        weights += python.length;
        for (int j = 0; j < python.length; j++) {
          double difference = Math.abs((double) actual.get(i)[j] - python[j]);
          double allowed = Math.max(1e-5 * Math.abs(python[j]), rate / 100);
          double parts = difference / allowed;
          double ownParts = own.get(i)[j] / allowed;
          if (leavesOut && nearness.get(i)[j] < Tolerances.NEAR_ZERO) {
            if (!(parts <= 1)) {
              nearZero++;
              worstNearZero = Math.max(worstNearZero, parts);
            }
          } else {
            kerasWorst = Math.max(kerasWorst, ownParts);
            if (!(parts <= 1)) {
              beyond++;
              kerasToo += ownParts > 1 ? 1 : 0;
            }
            if (!(parts <= worst)) {
              worst = Double.isNaN(parts) ? Double.POSITIVE_INFINITY : parts;
              variable = phase.trained().get(i).name();
              keras = ownParts;
            }
          }
          apart += difference * difference;
          change += Math.pow((double) python[j] - before.get(i)[j], 2);
        }
      }
      return new Step(
          state.step(),
          trunk,
          Math.abs(loss - state.loss()),
          worst,
          variable,
          keras,
          beyond,
          kerasToo,
          kerasWorst,
          nearZero,
          worstNearZero,
          weights,
          Math.sqrt(apart / change));
    }

    /**
     * Whether weights are beyond what is allowed, and Keras is so from itself at each of them: no
     * two programs can agree there. The trunk as built, which computes as Keras does, has no such
     * excuse.
     */
    boolean illConditioned() {
      return trunk == Arithmetic.FUSED
          && beyond > 0
          && Double.isFinite(worst)
          && kerasToo == beyond;
    }
  }
}
