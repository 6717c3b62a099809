package dev.graft.data;

/**
 * Numbers of 16 bits, IEEE 754's binary16, which numpy calls float16: 11 significant bits, 2^-24 to
 * 65504. Java converts them itself from version 20 on.
 */
public final class Half {
  /** The largest finite number. */
  public static final float MAX_VALUE = 65504;

  /** From here on a number is nearer to 2^16 than to the largest one, and becomes infinite. */
  private static final int TOO_LARGE = 0x47800000; // 2^16

  private static final int SMALLEST_NORMAL = 0x38800000; // 2^-14
  private static final int INFINITE = 0x7f800000;

  private Half() {}

  /** The nearest half of a number; of two equally near the one whose last bit is 0. */
  public static short of(float value) {
    int bits = Float.floatToRawIntBits(value);
    int magnitude = bits & 0x7fffffff;
    int half;
    if (magnitude >= TOO_LARGE) {
      half = magnitude > INFINITE ? 0x7e00 : 0x7c00;
    } else if (magnitude < SMALLEST_NORMAL) {
      // The last place of numbers from 0.5 to 1 is 2^-24, as that of the smallest halves.
      half = Float.floatToRawIntBits(Float.intBitsToFloat(magnitude) + 0.5f) - 0x3f000000;
    } else {
      int lastBit = magnitude >>> 13 & 1;
      half = magnitude - ((127 - 15) << 23) + 0xfff + lastBit >>> 13; // may carry to infinity
    }
    return (short) (bits >>> 16 & 0x8000 | half);
  }

  /** The same number. */
  public static float toFloat(short half) {
    int magnitude = (half & 0x7fff) << 13;
    int sign = (half & 0x8000) << 16;
    if (magnitude >= 0x1f << 23) {
      return Float.intBitsToFloat(sign | INFINITE | magnitude);
    }
    // As a float's bits these are the number by 2^(127 - 15), or a float below the normal ones.
    return Float.intBitsToFloat(sign | magnitude) * 0x1p112f;
  }
}
