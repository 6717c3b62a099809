package dev.graft.predict;

import dev.graft.data.Labels;
import dev.graft.data.Task;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * What a model said about one example.
 *
 * @param task what the values are
 * @param probabilities one a class or label, in their order; of a model that predicts numbers, the
 *     numbers
 */
public record Answer(Task task, float[] probabilities) {
  /** Copies the values. */
  public Answer {
    probabilities = probabilities.clone();
  }

  /** What a classifier said. */
  public Answer(Labels labels, float[] probabilities) {
    this(Task.classes(labels), probabilities);
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

  /** The labels with a probability above a half, the likeliest first; for a task of labels. */
  public List<Guess> labels() {
    return top(probabilities.length).stream().filter(guess -> guess.probability() > 0.5f).toList();
  }

  /**
   * The numbers by name, in their order.
   *
   * @throws IllegalStateException when the model tells classes or labels
   */
  public Map<String, Float> numbers() {
    if (task.kind() != Task.Kind.NUMBERS) {
      throw new IllegalStateException("The model predicts " + task.describe() + ", not numbers.");
    }
    Map<String, Float> numbers = new LinkedHashMap<>();
    for (int i = 0; i < probabilities.length; i++) {
      numbers.put(task.labels().name(i), probabilities[i]);
    }
    return numbers;
  }

  /** The most likely class, or label. */
  public String label() {
    return top(1).get(0).label();
  }

  /** The probability of the most likely class, or label. */
  public float probability() {
    return top(1).get(0).probability();
  }

  /**
   * The most likely classes, or labels, the likeliest first; among equals the first label.
   *
   * @throws IllegalStateException when the model predicts numbers
   */
  public List<Guess> top(int count) {
    if (task.kind() == Task.Kind.NUMBERS) {
      throw new IllegalStateException("The model predicts numbers, of which none is likeliest.");
    }
    return IntStream.range(0, probabilities.length)
        .boxed()
        .sorted(Comparator.comparingDouble(i -> -probabilities[i]))
        .limit(count)
        .map(i -> new Guess(task.labels().name(i), probabilities[i]))
        .toList();
  }
}
