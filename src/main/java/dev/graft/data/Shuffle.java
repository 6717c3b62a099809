package dev.graft.data;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Random orders, the same as {@code numpy.random.RandomState(seed).shuffle} makes. That is the
 * generator with which Keras shuffles the files of a folder.
 */
public final class Shuffle {
  private Shuffle() {}

  /**
   * The order that {@code numpy.random.RandomState(seed).permutation(size)} gives.
   *
   * @param size number of items, 0 or more
   * @param seed from 0 to 2^32 - 1
   * @return at each place the index of the item that goes there
   * @throws IllegalArgumentException if the seed or the size is out of range
   */
  public static int[] permutation(int size, long seed) {
    if (size < 0) {
      throw new IllegalArgumentException("The size is " + size + "; expected 0 or more.");
    }
    MersenneTwister random = new MersenneTwister(seed);
    int[] order = IntStream.range(0, size).toArray();
    for (int i = size - 1; i > 0; i--) {
      int j = random.upTo(i);
      int moved = order[i];
      order[i] = order[j];
      order[j] = moved;
    }
    return order;
  }

  /** The items in the order of {@link #permutation}, as an unmodifiable list. */
  public static <T> List<T> shuffled(List<T> items, long seed) {
    return Arrays.stream(permutation(items.size(), seed)).<T>mapToObj(items::get).toList();
  }
}
