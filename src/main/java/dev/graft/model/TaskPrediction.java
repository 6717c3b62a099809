package dev.graft.model;

import dev.graft.data.Target;
import dev.graft.metrics.ClassPrediction;
import dev.graft.metrics.LabelPrediction;
import dev.graft.metrics.NumberPrediction;
import dev.graft.metrics.Prediction;

/** A model's answer beside what it should have been. */
public final class TaskPrediction {
  private TaskPrediction() {}

  /**
   * Makes a prediction of the target's kind.
   *
   * @param path of the example
   * @param answer probabilities, or numbers
   */
  public static Prediction of(String path, Target target, float[] answer) {
    if (target instanceof Target.OfClass one) {
      return new ClassPrediction(path, one.index(), answer);
    }
    if (target instanceof Target.OfLabels some) {
      return new LabelPrediction(path, some.flags(answer.length), answer);
    }
    return new NumberPrediction(path, ((Target.OfNumbers) target).values(), answer);
  }
}
