package dev.graft.data;

import java.lang.reflect.Array;
import java.util.Arrays;
import java.util.List;

/**
 * An array of any rank: its sizes and its values in row-major order.
 *
 * <p>The values are the given array itself, not a copy: they may be large. Change neither.
 *
 * @param <A> the Java array of the values, for example {@code float[]}
 * @param shape the size of each axis; empty for a single value
 * @param values as many values as the product of the sizes
 */
public record NpyArray<A>(List<Long> shape, A values) {
  /**
   * Checks the shape against the values.
   *
   * @throws IllegalArgumentException if a size is negative or the number of values is another
   */
  public NpyArray {
    shape = List.copyOf(shape);
    long expected = NpyHeader.elements(shape);
    if (Array.getLength(values) != expected) {
      throw new IllegalArgumentException(
          "An array of shape %s has %d values, but got %d."
              .formatted(shape, expected, Array.getLength(values)));
    }
  }

  /**
   * An array with the given values and sizes.
   *
   * @throws IllegalArgumentException if the number of values is not the product of the sizes
   */
  public static <A> NpyArray<A> of(A values, long... shape) {
    return new NpyArray<>(Arrays.stream(shape).boxed().toList(), values);
  }
}
