package dev.graft.data;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/**
 * An array of numbers whose first axis counts examples.
 *
 * @param type of its elements where it was read
 * @param array its sizes, at least one, and values
 */
public record NumberArray(NpyType type, NpyArray<?> array) {
  /** Checks that there is an axis of examples. */
  public NumberArray {
    if (array.shape().isEmpty()) {
      throw new IllegalArgumentException("An array of examples needs an axis, but has none.");
    }
  }

  /**
   * Reads a {@code .npy} file of any type of {@link NpyType}.
   *
   * @throws IOException if it can't be read or is none
   */
  public static NumberArray read(Path file) throws IOException {
    NpyType type = Npy.header(file).type();
    NpyArray<?> array =
        switch (type) {
          case FLOAT16 -> Npy.readHalves(file);
          case FLOAT32 -> Npy.readFloats(file);
          case FLOAT64 -> Npy.readDoubles(file);
          case INT32 -> Npy.readInts(file);
          case INT64 -> Npy.readLongs(file);
          case UINT8 -> Npy.readBytes(file);
        };
    if (array.shape().isEmpty()) {
      throw new NpyFormatException(file, "is a single value: expected an axis of examples.");
    }
    return new NumberArray(type, array);
  }

  /** Number of examples. */
  public int rows() {
    return Math.toIntExact(array.shape().get(0));
  }

  /** The sizes without the axis of examples. */
  public List<Long> rowShape() {
    return array.shape().subList(1, array.shape().size());
  }

  /** Number of values of an example. */
  public int rowSize() {
    return Math.toIntExact(rowShape().stream().reduce(1L, Math::multiplyExact));
  }

  /** Whether the elements are whole by their type. */
  public boolean isWhole() {
    return !Set.of(NpyType.FLOAT16, NpyType.FLOAT32, NpyType.FLOAT64).contains(type);
  }

  /** A value, in row-major order. */
  public double get(int index) {
    Object values = array.values();
    return switch (type) {
      case FLOAT16, FLOAT32 -> ((float[]) values)[index];
      case FLOAT64 -> ((double[]) values)[index];
      case INT32 -> ((int[]) values)[index];
      case INT64 -> ((long[]) values)[index];
      case UINT8 -> ((byte[]) values)[index] & 0xff;
    };
  }
}
