package dev.graft.train;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A candidate that was trained and measured on the images held out for tuning.
 *
 * @param rung from 1; a candidate that is good in one rung is trained anew, for longer, in the next
 * @param epochs for which it was trained
 * @param candidate what was tried, as {@link Candidate#describe} says it
 * @param accuracy on the images held out, 0 to 1; NaN for numbers, and when its loss was no longer
 *     one
 * @param loss on the same images; NaN when it was no longer a number
 * @param seconds that it took
 */
public record Trial(
    int rung, int epochs, String candidate, double accuracy, double loss, double seconds) {
  /** The best first: the highest accuracy, where there is one, then the lowest loss. */
  static final Comparator<Trial> BEST_FIRST =
      Comparator.comparingDouble((Trial trial) -> -orElse(trial.accuracy, -1))
          .thenComparingDouble(trial -> orElse(trial.loss, Double.MAX_VALUE));

  private static double orElse(double value, double other) {
    return Double.isNaN(value) ? other : value;
  }

  /** Whether the loss was no longer a number. */
  public boolean isDiverged() {
    return Double.isNaN(loss);
  }

  boolean isOf(int otherRung, Candidate other) {
    return rung == otherRung && candidate.equals(other.describe());
  }

  Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("rung", rung);
    map.put("epochs", epochs);
    map.put("candidate", candidate);
    map.put("accuracy", Double.isNaN(accuracy) ? null : accuracy);
    map.put("loss", isDiverged() ? null : loss);
    map.put("seconds", seconds);
    return map;
  }

  static Trial of(JsonNode json) {
    return new Trial(
        json.get("rung").asInt(),
        json.get("epochs").asInt(),
        json.get("candidate").asText(),
        json.get("accuracy").asDouble(Double.NaN),
        json.get("loss").asDouble(Double.NaN),
        json.get("seconds").asDouble());
  }
}
