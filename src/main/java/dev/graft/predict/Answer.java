package dev.graft.predict;

import dev.graft.data.Labels;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * What a classifier said about one image.
 *
 * @param labels the classes
 * @param probabilities one a class, in the order of the labels
 */
public record Answer(Labels labels, float[] probabilities) {
  /** Copies the probabilities. */
  public Answer {
    probabilities = probabilities.clone();
  }

  /**
   * A class and how likely it is.
   *
   * @param label the class
   * @param probability 0 to 1
   */
  public record Guess(String label, float probability) {}

  @Override
  public float[] probabilities() {
    return probabilities.clone();
  }

  /** The most likely class. */
  public String label() {
    return top(1).get(0).label();
  }

  /** The probability of the most likely class. */
  public float probability() {
    return top(1).get(0).probability();
  }

  /** The most likely classes, the likeliest first; among equals the first label. */
  public List<Guess> top(int count) {
    return IntStream.range(0, probabilities.length)
        .boxed()
        .sorted(Comparator.comparingDouble(i -> -probabilities[i]))
        .limit(count)
        .map(i -> new Guess(labels.name(i), probabilities[i]))
        .toList();
  }
}
