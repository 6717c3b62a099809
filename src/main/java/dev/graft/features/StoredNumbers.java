package dev.graft.features;

import dev.graft.data.Half;
import dev.graft.data.NpyType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Locale;

/** The numbers that features are stored in; they are computed, and trained on, in float32. */
public enum StoredNumbers {
  /** As they are. */
  FLOAT32(NpyType.FLOAT32) {
    @Override
    void write(FloatBuffer source, int from, int count, ByteBuffer target) {
      target.asFloatBuffer().put(0, source, from, count);
      target.position(target.position() + count * bytes());
    }

    @Override
    void read(ByteBuffer row, FloatBuffer target) {
      target.put(row.order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer());
    }

    @Override
    void requireHold(FloatBuffer values, String features) {}
  },
  /** Rounded to 11 significant bits, half the size on disk: off by 2^-11, 5e-4, of a value. */
  FLOAT16(NpyType.FLOAT16) {
    @Override
    void write(FloatBuffer source, int from, int count, ByteBuffer target) {
      for (int i = from; i < from + count; i++) {
        target.putShort(Half.of(source.get(i)));
      }
    }

    @Override
    void read(ByteBuffer row, FloatBuffer target) {
      short[] halves = new short[row.remaining() / bytes()];
      float[] floats = new float[halves.length];
      row.order(ByteOrder.LITTLE_ENDIAN).asShortBuffer().get(halves);
      for (int i = 0; i < halves.length; i++) {
        floats[i] = Half.toFloat(halves[i]);
      }
      target.put(floats);
    }

    @Override
    void requireHold(FloatBuffer values, String features) {
      for (int i = values.position(); i < values.limit(); i++) {
        float value = values.get(i);
        if (Float.isFinite(value) && Float.isInfinite(Half.toFloat(Half.of(value)))) {
          throw new IllegalArgumentException(
              "The features %s have the value %s, but float16 holds numbers up to %.0f: store them in float32 (--features-precision float32)."
                  .formatted(features, value, Half.MAX_VALUE));
        }
      }
    }
  };

  private final NpyType type;

  StoredNumbers(NpyType type) {
    this.type = type;
  }

  /** Of the files. */
  NpyType type() {
    return type;
  }

  /** Of one number. */
  int bytes() {
    return type.bytes();
  }

  /** Puts numbers at the target's position, which moves behind them; the source's stays. */
  abstract void write(FloatBuffer source, int from, int count, ByteBuffer target);

  /** Puts the numbers of a row at the target's position, which moves behind them. */
  abstract void read(ByteBuffer row, FloatBuffer target);

  /**
   * Checks that no number is too large to be stored.
   *
   * @param features what people call them
   * @throws IllegalArgumentException if one is
   */
  abstract void requireHold(FloatBuffer values, String features);

  /** As the command line has it. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * Reads {@code float32} or {@code float16}.
   *
   * @throws IllegalArgumentException if it is another word
   */
  public static StoredNumbers parse(String text) {
    return switch (text.toLowerCase(Locale.ROOT)) {
      case "float32" -> FLOAT32;
      case "float16" -> FLOAT16;
      default ->
          throw new IllegalArgumentException(
              "Features are stored in float32 or float16, but got \"" + text + "\".");
    };
  }
}
