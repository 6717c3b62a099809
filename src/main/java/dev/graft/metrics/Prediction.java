package dev.graft.metrics;

/** What a model said about one example whose truth is known. */
public sealed interface Prediction permits ClassPrediction, LabelPrediction, NumberPrediction {
  /** How far above 1 rounding may carry a probability. */
  float ROUNDING = 1e-3f;

  /** The example's file, or whatever else names it. */
  String path();

  /** What the model said: probabilities, or numbers; a copy. */
  float[] answer();

  /** Requires a probability. */
  private static boolean isProbability(float value) {
    return value >= 0 && value <= 1 + ROUNDING;
  }

  /**
   * Requires probabilities.
   *
   * @throws IllegalArgumentException naming the first that is none
   */
  static void requireProbabilities(String path, float[] values) {
    for (float value : values) {
      if (!isProbability(value)) {
        throw new IllegalArgumentException(
            "A probability predicted for %s is %s but must be between 0 and 1: pass the output of a softmax or sigmoid; NaN means that training diverged, so lower the learning rate."
                .formatted(path, value));
      }
    }
  }
}
