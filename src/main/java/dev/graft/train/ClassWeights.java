package dev.graft.train;

import dev.graft.data.Labels;
import dev.graft.data.Target;
import dev.graft.data.Task;
import dev.graft.features.Examples;
import java.math.BigDecimal;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * How much the examples of a class count in the loss of training, as Keras's {@code class_weight}:
 * an example's loss is multiplied with the weight of its class, and the sum is divided by the size
 * of the batch. Validation is not weighted by class.
 *
 * @param weights by name of the class, at least 0; a class that is not named has weight 1. Empty
 *     for {@code balanced}: {@code examples / (classes · examples of the class)} among the training
 *     examples, as scikit-learn's {@code compute_class_weight("balanced")}
 */
public record ClassWeights(Map<String, Double> weights) {
  /** Every class counts as much as any other, however many examples it has. */
  public static final ClassWeights BALANCED = new ClassWeights(Map.of());

  /** Copies and checks the weights. */
  public ClassWeights {
    weights = Collections.unmodifiableMap(new LinkedHashMap<>(weights));
    weights.forEach(
        (name, weight) -> {
          if (!(weight >= 0 && Double.isFinite(weight))) {
            throw new IllegalArgumentException(
                "The weight of class \"" + name + "\" must be at least 0, got " + weight + ".");
          }
        });
  }

  /**
   * Reads {@code balanced}, or {@code name=weight,name=weight}.
   *
   * @throws IllegalArgumentException when it is neither
   */
  public static ClassWeights parse(String text) {
    if (text.strip().equals("balanced")) {
      return BALANCED;
    }
    Map<String, Double> weights = new LinkedHashMap<>();
    for (String part : text.split(",")) {
      int equals = part.lastIndexOf('=');
      try {
        String name = part.substring(0, Math.max(0, equals)).strip();
        double weight = Double.parseDouble(part.substring(equals + 1).strip());
        if (name.isEmpty() || weights.put(name, weight) != null) {
          throw unreadable(text, null);
        }
      } catch (NumberFormatException e) {
        throw unreadable(text, e);
      }
    }
    return new ClassWeights(weights);
  }

  private static IllegalArgumentException unreadable(String text, Throwable cause) {
    return new IllegalArgumentException(
        "Class weights are written balanced, or NAME=WEIGHT,NAME=WEIGHT with each name once, got \""
            + text
            + "\".",
        cause);
  }

  /** As the command line has it. */
  public String describe() {
    return weights.isEmpty()
        ? "balanced"
        : weights.entrySet().stream()
            .map(
                one ->
                    one.getKey()
                        + "="
                        + BigDecimal.valueOf(one.getValue()).stripTrailingZeros().toPlainString())
            .collect(Collectors.joining(","));
  }

  /**
   * Requires classes that the task has.
   *
   * @throws IllegalArgumentException when the task has none, or not one that is named
   */
  void require(Task task) {
    if (task.kind() != Task.Kind.CLASSES) {
      throw new IllegalArgumentException(
          "Class weights are for one class an example, but the data has "
              + task.describe()
              + ": give a column weight instead.");
    }
    weights.keySet().forEach(task.labels()::indexOf);
  }

  /** The training examples, each with its weight times that of its class. */
  Examples weigh(Examples training, Labels labels) {
    return new Weighted(training, byClass(training, labels));
  }

  /** The weights in the order of the labels. */
  float[] byClass(Examples training, Labels labels) {
    float[] byClass = new float[labels.size()];
    if (!weights.isEmpty()) {
      Arrays.fill(byClass, 1);
      weights.forEach((name, weight) -> byClass[labels.indexOf(name)] = weight.floatValue());
      return byClass;
    }
    long[] counts = new long[labels.size()];
    for (int i = 0; i < training.size(); i++) {
      counts[index(training.target(i))]++;
    }
    long present = Arrays.stream(counts).filter(count -> count > 0).count();
    for (int i = 0; i < counts.length; i++) {
      byClass[i] = counts[i] == 0 ? 1 : (float) ((double) training.size() / (present * counts[i]));
    }
    return byClass;
  }

  private static int index(Target target) {
    return ((Target.OfClass) target).index();
  }

  /** Examples with other weights. */
  private record Weighted(Examples examples, float[] byClass) implements Examples {
    @Override
    public int size() {
      return examples.size();
    }

    @Override
    public Target target(int example) {
      return examples.target(example);
    }

    @Override
    public float weight(int example) {
      return examples.weight(example) * byClass[index(examples.target(example))];
    }

    @Override
    public String name(int example) {
      return examples.name(example);
    }

    @Override
    public void read(int tensor, int example, FloatBuffer destination) {
      examples.read(tensor, example, destination);
    }

    @Override
    public Examples inPass(int pass, int[] order) {
      return new Weighted(examples.inPass(pass, order), byClass);
    }
  }
}
