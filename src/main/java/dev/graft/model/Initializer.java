package dev.graft.model;

import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * First values of a variable. Our own, because {@code tensorflow-framework}'s uniform initializers
 * draw from [0, limit) instead of [-limit, limit).
 */
@FunctionalInterface
public interface Initializer {
  /**
   * Draws values.
   *
   * @param shape the variable's shape
   * @param random seeded by the caller; nothing else may decide the values
   * @return as many values as the shape has elements, row-major
   */
  float[] values(long[] shape, SplittableRandom random);

  /** All zeros. */
  static Initializer zeros() {
    return constant(0f);
  }

  /** All ones. */
  static Initializer ones() {
    return constant(1f);
  }

  /** The same value everywhere. */
  static Initializer constant(float value) {
    return (shape, random) -> {
      float[] values = new float[size(shape)];
      Arrays.fill(values, value);
      return values;
    };
  }

  /**
   * Uniform in ±sqrt(6 / (fan in + fan out)), as Keras's {@code GlorotUniform} (Glorot and Bengio,
   * 2010). The last two axes are fan in and fan out, the axes before them the receptive field.
   */
  static Initializer glorotUniform() {
    return (shape, random) -> {
      int rank = shape.length;
      if (rank < 2) {
        throw new IllegalArgumentException(
            "Glorot uniform needs a shape of two axes or more, got "
                + Arrays.toString(shape)
                + ".");
      }
      long field = Arrays.stream(shape, 0, rank - 2).reduce(1, Math::multiplyExact);
      double limit = Math.sqrt(6.0 / (field * (shape[rank - 2] + shape[rank - 1])));
      float[] values = new float[size(shape)];
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) (limit * (2 * random.nextDouble() - 1));
      }
      return values;
    };
  }

  private static int size(long[] shape) {
    return Math.toIntExact(Arrays.stream(shape).reduce(1, Math::multiplyExact));
  }
}
