package dev.graft.parity;

import java.util.Arrays;
import java.util.List;

/** Gathers the worst figures over the variables and steps of one optimizer. */
final class StepFigures {
  private final String optimizer;
  private final List<String> names;
  private final boolean leavesOut;
  private double ofChange;
  private double ofChangeWithAll;
  private double ofWeights;
  private final long[] nearZero;
  private String worst = "";

  StepFigures(String optimizer, List<String> names) {
    this.optimizer = optimizer;
    this.names = names;
    this.nearZero = new long[names.size()];
    this.leavesOut = !optimizer.startsWith("sgd");
  }

  /**
   * One variable after one step.
   *
   * @param dead whether its gradient is nothing by nature: then its weights near zero say nothing
   *     of the norm over the weights either
   */
  void add(
      int variable,
      float[] first,
      float[] expected,
      float[] actual,
      float[] nearness,
      boolean dead) {
    double apart = 0;
    double apartWithAll = 0;
    double change = 0;
    double weights = 0;
    long left = 0;
    for (int i = 0; i < first.length; i++) {
      double square = Math.pow((double) actual[i] - expected[i], 2);
      apartWithAll += square;
      if (leavesOut && nearness[i] < Tolerances.NEAR_ZERO) {
        left++;
      } else {
        apart += square;
      }
      change += Math.pow((double) expected[i] - first[i], 2);
      weights += Math.pow(expected[i], 2);
    }
    nearZero[variable] = left; // the same in every step
    ofWeights = Math.max(ofWeights, root(dead ? apart : apartWithAll, weights));
    ofChangeWithAll = Math.max(ofChangeWithAll, root(apartWithAll, change));
    double relative = root(apart, change);
    if (relative >= ofChange) {
      ofChange = relative;
      worst = names.get(variable);
    }
  }

  Figures.Run result(List<float[]> first, ParityRow.Run run) {
    long weights = first.stream().mapToLong(values -> values.length).sum();
    return new Figures.Run(
        optimizer,
        ofChange,
        ofWeights,
        Arrays.stream(nearZero).sum(),
        ofChangeWithAll,
        weights,
        worst,
        run.own(),
        run.ownOfWeights());
  }

  private static double root(double squares, double ofSquares) {
    if (Double.isNaN(squares)) {
      return Double.POSITIVE_INFINITY;
    }
    return squares == 0 ? 0 : Math.sqrt(squares / ofSquares);
  }
}
