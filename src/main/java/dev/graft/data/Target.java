package dev.graft.data;

import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;

/** What a model should say of one example. */
public sealed interface Target {
  /**
   * Writes the values that a loss compares an answer with.
   *
   * @param row zeros, of which those from {@code offset} on are the example's
   */
  void put(float[] row, int offset);

  /**
   * How right an answer is: of a class 1 or 0, of labels the share that is rightly given or
   * withheld, of numbers NaN.
   *
   * @param answer probabilities, or numbers
   */
  double agreement(float[] answer);

  /** Whether it is, or has, a class or label; never for numbers. */
  default boolean has(int label) {
    return false;
  }

  /**
   * One class, of which the most probable is the answer; among equals the first.
   *
   * @param index of the class, from 0
   */
  record OfClass(int index) implements Target {
    /** Checks the range. */
    public OfClass {
      if (index < 0) {
        throw new IllegalArgumentException(
            "The index of a class is " + index + "; expected 0 or more.");
      }
    }

    @Override
    public void put(float[] row, int offset) {
      row[offset + index] = 1;
    }

    @Override
    public boolean has(int label) {
      return label == index;
    }

    @Override
    public double agreement(float[] answer) {
      return likeliest(answer) == index ? 1 : 0;
    }

    /** The class with the highest value in an answer; among equals the first. */
    public static int likeliest(float[] answer) {
      int best = 0;
      for (int i = 1; i < answer.length; i++) {
        best = answer[i] > answer[best] ? i : best;
      }
      return best;
    }
  }

  /**
   * Any number of labels, none among them; those with a probability above a half are the answer.
   *
   * @param indices of the labels, from 0; sorted
   */
  record OfLabels(List<Integer> indices) implements Target {
    /** Sorts and checks the range. */
    public OfLabels {
      indices = List.copyOf(new TreeSet<>(indices));
      if (!indices.isEmpty() && indices.get(0) < 0) {
        throw new IllegalArgumentException(
            "The index of a label is " + indices.get(0) + "; expected 0 or more.");
      }
    }

    /** Whether each label is the example's. */
    public boolean[] flags(int labels) {
      boolean[] flags = new boolean[labels];
      indices.forEach(index -> flags[index] = true);
      return flags;
    }

    @Override
    public void put(float[] row, int offset) {
      indices.forEach(index -> row[offset + index] = 1);
    }

    @Override
    public boolean has(int label) {
      return indices.contains(label);
    }

    @Override
    public double agreement(float[] answer) {
      boolean[] has = flags(answer.length);
      int right = 0;
      for (int i = 0; i < answer.length; i++) {
        right += answer[i] > 0.5f == has[i] ? 1 : 0;
      }
      return (double) right / answer.length;
    }
  }

  /**
   * Numbers.
   *
   * @param values at least one, all finite; copied on the way in and out
   */
  record OfNumbers(float[] values) implements Target {
    /** Copies and checks the values. */
    public OfNumbers {
      values = values.clone();
      for (float value : values) {
        if (!Float.isFinite(value)) {
          throw new IllegalArgumentException("A number to predict must be finite, got " + value);
        }
      }
    }

    @Override
    public float[] values() {
      return values.clone();
    }

    /** How many there are. */
    public int count() {
      return values.length;
    }

    @Override
    public void put(float[] row, int offset) {
      System.arraycopy(values, 0, row, offset, values.length);
    }

    @Override
    public double agreement(float[] answer) {
      return Double.NaN;
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof OfNumbers that && Arrays.equals(values, that.values);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(values);
    }

    @Override
    public String toString() {
      return Arrays.toString(values);
    }
  }
}
