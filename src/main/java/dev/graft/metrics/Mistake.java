package dev.graft.metrics;

import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * An example that was given a wrong class.
 *
 * @param path the example's file
 * @param actual name of its class
 * @param predicted name of the class it was given
 * @param probability how probable the model held that class, 0 to 1
 */
public record Mistake(String path, String actual, String predicted, double probability) {
  /** The most confident mistake first; equals in the order of their paths. */
  static final Comparator<Mistake> WORST_FIRST =
      Comparator.comparingDouble(Mistake::probability).reversed().thenComparing(Mistake::path);

  Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("path", path);
    map.put("actual", actual);
    map.put("predicted", predicted);
    map.put("probability", probability);
    return map;
  }
}
