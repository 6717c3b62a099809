package dev.graft.train;

import java.util.List;

/**
 * Ends a phase when its validation loss no longer falls, and gives the weights of its best epoch
 * back, as Keras's {@code EarlyStopping} with {@code restore_best_weights}. The weights of the best
 * epoch are given back too when the phase runs to its end.
 *
 * @param patience epochs without a lower loss before it stops, at least 1
 */
public record EarlyStopping(int patience) {
  /** Checks the range. */
  public EarlyStopping {
    if (patience < 1) {
      throw new IllegalArgumentException(
          "The patience of early stopping must be at least 1 epoch, got " + patience + ".");
    }
  }

  /** Whether the last of these losses is the lowest so far, and the first time so. */
  static boolean isBest(List<Double> validationLosses) {
    return best(validationLosses) == validationLosses.size() - 1;
  }

  /**
   * Whether the phase ends after these epochs.
   *
   * @param waitsFrom epochs that do not count as waiting
   */
  boolean stops(List<Double> validationLosses, int waitsFrom) {
    int last = validationLosses.size() - 1;
    return last - Math.max(best(validationLosses), waitsFrom - 1) >= patience;
  }

  private static int best(List<Double> losses) {
    int best = 0;
    for (int i = 1; i < losses.size(); i++) {
      if (losses.get(i) < losses.get(best)) {
        best = i;
      }
    }
    return best;
  }
}
