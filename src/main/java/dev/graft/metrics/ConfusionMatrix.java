package dev.graft.metrics;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * How many examples of each class were predicted as each class: {@code [actual][predicted]}.
 *
 * <p>Immutable and safe for use by several threads.
 */
public final class ConfusionMatrix {
  private final List<String> labels;
  private final int[][] counts;

  private ConfusionMatrix(List<String> labels, int[][] counts) {
    this.labels = labels;
    this.counts = counts;
  }

  /**
   * Counts pairs of actual and predicted classes.
   *
   * @param labels names of the classes; a class is its index in this list
   * @param actual class of each example
   * @param predicted class predicted for each example, as long as {@code actual}
   * @throws IllegalArgumentException if the lengths differ or a class is not in {@code labels}
   */
  public static ConfusionMatrix of(List<String> labels, int[] actual, int[] predicted) {
    if (actual.length != predicted.length) {
      throw new IllegalArgumentException(
          "Every example needs an actual and a predicted class, but there are %d actual and %d predicted ones."
              .formatted(actual.length, predicted.length));
    }
    int[][] counts = new int[labels.size()][labels.size()];
    for (int i = 0; i < actual.length; i++) {
      requireClass("actual", i, actual[i], labels);
      requireClass("predicted", i, predicted[i], labels);
      counts[actual[i]][predicted[i]]++;
    }
    return new ConfusionMatrix(List.copyOf(labels), counts);
  }

  /**
   * Takes counts that exist already.
   *
   * @param labels names of the classes
   * @param counts number of examples {@code [actual][predicted]}, square, as long as the labels;
   *     copied
   * @throws IllegalArgumentException if the shape does not fit or a count is negative
   */
  public static ConfusionMatrix of(List<String> labels, int[][] counts) {
    boolean square = counts.length == labels.size();
    for (int[] row : counts) {
      square &= row.length == labels.size();
      if (Arrays.stream(row).anyMatch(count -> count < 0)) {
        throw new IllegalArgumentException(
            "The counts of a confusion matrix cannot be negative: " + Arrays.toString(row) + ".");
      }
    }
    if (!square) {
      throw new IllegalArgumentException(
          "A confusion matrix of %d labels needs %<d rows of %<d counts.".formatted(labels.size()));
    }
    return new ConfusionMatrix(List.copyOf(labels), copy(counts));
  }

  private static void requireClass(String what, int example, int index, List<String> labels) {
    if (index < 0 || index >= labels.size()) {
      throw new IllegalArgumentException(
          "The %s class of example %d is %d, but there are %d labels: expected 0 to %d."
              .formatted(what, example, index, labels.size(), labels.size() - 1));
    }
  }

  private static int[][] copy(int[][] counts) {
    return Arrays.stream(counts).map(int[]::clone).toArray(int[][]::new);
  }

  /** Names of the classes, in the order of rows and columns. */
  public List<String> labels() {
    return labels;
  }

  /** Number of examples of class {@code actual} that were predicted as {@code predicted}. */
  public int count(int actual, int predicted) {
    return counts[actual][predicted];
  }

  /** A copy of all counts, {@code [actual][predicted]}. */
  public int[][] counts() {
    return copy(counts);
  }

  /** Number of examples. */
  public int total() {
    return classes().map(this::support).sum();
  }

  /** Number of examples of one class. */
  public int support(int actual) {
    return Arrays.stream(counts[actual]).sum();
  }

  /** Number of examples predicted as one class. */
  public int predicted(int predicted) {
    return classes().map(actual -> counts[actual][predicted]).sum();
  }

  /** Share of the examples whose class was predicted, 0 to 1; 0 without examples. */
  public double accuracy() {
    int total = total();
    return total == 0 ? 0 : (double) classes().map(i -> counts[i][i]).sum() / total;
  }

  /** The figures of each class, in the order of the labels. */
  public List<ClassFigures> figures() {
    return classes()
        .mapToObj(i -> ClassFigures.of(labels.get(i), counts[i][i], predicted(i), support(i)))
        .toList();
  }

  /** All decisions together; with one class an example, each figure is the accuracy. */
  public ClassFigures microAverage() {
    int hits = classes().map(i -> counts[i][i]).sum();
    return ClassFigures.of("micro average", hits, total(), total());
  }

  /** Unweighted means over all classes, those without examples included. */
  public ClassFigures macroAverage() {
    return ClassFigures.mean("macro average", figures(), figure -> 1);
  }

  /** Means over all classes, each weighted with its number of examples. */
  public ClassFigures weightedAverage() {
    return ClassFigures.mean("weighted average", figures(), ClassFigures::support);
  }

  private IntStream classes() {
    return IntStream.range(0, labels.size());
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof ConfusionMatrix that
        && labels.equals(that.labels)
        && Arrays.deepEquals(counts, that.counts);
  }

  @Override
  public int hashCode() {
    return 31 * labels.hashCode() + Arrays.deepHashCode(counts);
  }

  @Override
  public String toString() {
    return "ConfusionMatrix" + labels + Arrays.deepToString(counts);
  }
}
