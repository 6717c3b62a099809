package dev.graft.train;

import dev.graft.data.Npy;
import dev.graft.data.NpyHeader;
import dev.graft.data.NpyType;
import dev.graft.data.Shuffle;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * In which order the training examples are gone through. Safe for use by several threads.
 *
 * @see Batching
 */
@FunctionalInterface
public interface ExampleOrder {
  /**
   * The order of one pass.
   *
   * @param pass number of the pass over the examples, from 1; without steps per epoch that is the
   *     number of the epoch, counted over all phases
   * @param examples how many there are
   * @return the indices of the examples, each once
   * @throws IllegalArgumentException when there is no order for that pass or so many examples
   */
  int[] of(int pass, int examples);

  /**
   * Another random order in each pass.
   *
   * @param seed the same orders for the same seed
   */
  static ExampleOrder shuffled(long seed) {
    // Seeds of numpy's generator have 32 bits.
    return (pass, examples) ->
        Shuffle.permutation(examples, (seed * 1_000_003L + pass) & 0xFFFFFFFFL);
  }

  /**
   * Orders that were written down, such as those of another framework.
   *
   * @param file a {@code .npy} array of int32 or int64, {@code [passes, examples]}; each row has
   *     the index of each training example once, from 0
   * @throws IOException when the file can't be read or is no such array
   */
  static ExampleOrder read(Path file) throws IOException {
    NpyHeader header = Npy.header(file);
    if (header.shape().size() != 2) {
      throw new IllegalArgumentException(
          "The order in %s has the shape %s, expected [passes, examples]."
              .formatted(file, header.shape()));
    }
    int[] values =
        header.type() == NpyType.INT64
            ? Arrays.stream(Npy.readLongs(file).values()).mapToInt(Math::toIntExact).toArray()
            : Npy.readInts(file).values();
    return new WrittenOrder(file, header.shape().get(1).intValue(), values);
  }

  /**
   * Rows of a file.
   *
   * @param values row-major, {@code [passes, examples]}
   */
  record WrittenOrder(Path file, int width, int[] values) implements ExampleOrder {
    @Override
    public int[] of(int pass, int examples) {
      if (examples != width) {
        throw new IllegalArgumentException(
            "The order in %s is for %,d training examples, but there are %,d."
                .formatted(file, width, examples));
      }
      int passes = width == 0 ? 0 : values.length / width;
      if (pass > passes) {
        throw new IllegalArgumentException(
            "The order in %s ends after %,d passes over the training examples, but pass %,d is needed."
                .formatted(file, passes, pass));
      }
      int[] order = Arrays.copyOfRange(values, (pass - 1) * width, pass * width);
      requireEachOnce(order, pass);
      return order;
    }

    private void requireEachOnce(int[] order, int pass) {
      boolean[] seen = new boolean[width];
      for (int index : order) {
        if (index < 0 || index >= width || seen[index]) {
          throw new IllegalArgumentException(
              "Row %,d of the order in %s has %,d %s; expected each index from 0 to %,d once."
                  .formatted(
                      pass - 1,
                      file,
                      index,
                      index < 0 || index >= width ? "in it" : "twice",
                      width - 1));
        }
        seen[index] = true;
      }
    }
  }
}
