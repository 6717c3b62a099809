package dev.graft.handoff;

import dev.graft.tensor.Precision;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * That a model computes its backbone in other numbers than float32, and what this does to its
 * golden samples.
 *
 * @param backbone the numbers
 * @param samples golden samples that were compared with the model's answers in float32, at least 1
 * @param agreeing those whose largest answer is at the same place, 0 to {@code samples}
 * @param differences by the alias of an output: the largest, over the largest magnitude in float32;
 *     0 or more
 */
public record BackbonePrecision(
    Precision backbone, int samples, int agreeing, Map<String, Double> differences) {
  /**
   * Copies the map.
   *
   * @throws IllegalArgumentException if a number is out of its range
   */
  public BackbonePrecision {
    differences = Collections.unmodifiableMap(new LinkedHashMap<>(differences));
    if (samples < 1 || agreeing < 0 || agreeing > samples) {
      throw new IllegalArgumentException(
          "Expected 0 to %d agreeing samples of at least 1, but got %d."
              .formatted(samples, agreeing));
    }
    differences.forEach(
        (output, difference) -> {
          if (!(difference >= 0 && difference < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException(
                "The difference of \"%s\" is 0 or more, but got %s.".formatted(output, difference));
          }
        });
  }

  /** In a sentence, for people. */
  public String describe() {
    return "The backbone is computed in %s: of the golden samples the largest answer is at the same place as in float32 in %d of %d; differences, over the largest value: %s."
        .formatted(
            backbone.word(),
            agreeing,
            samples,
            differences.entrySet().stream()
                .map(one -> "%s %.2g".formatted(one.getKey(), one.getValue()))
                .collect(Collectors.joining(", ")));
  }
}
