package dev.graft.data;

import static org.assertj.core.api.Assertions.assertThat;

import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.FloatRange;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.ndarray.buffer.FloatDataBuffer;
import org.tensorflow.ndarray.buffer.layout.DataLayouts;

/** Halves, against their definition and against TensorFlow Java's. */
class HalfTest {
  @Example
  void everyHalfIsTheNumberThatItsBitsSay() {
    for (int bits = 0; bits < 1 << 16; bits++) {
      float expected = defined(bits);
      assertThat(Float.valueOf(Half.toFloat((short) bits)))
          .as("bits %04x", bits)
          .isEqualTo(Float.valueOf(expected));
    }
  }

  /** Of the exponent and the fraction, as IEEE 754 has it. */
  private static float defined(int bits) {
    int exponent = bits >> 10 & 0x1f;
    int fraction = bits & 0x3ff;
    double magnitude =
        exponent == 0
            ? fraction * Math.pow(2, -24)
            : exponent < 31
                ? (1024 + fraction) * Math.pow(2, exponent - 25)
                : fraction == 0 ? Double.POSITIVE_INFINITY : Double.NaN;
    return (float) (bits >> 15 == 0 ? magnitude : -magnitude);
  }

  @Example
  void everyHalfComesBack() {
    for (int bits = 0; bits < 1 << 16; bits++) {
      float value = Half.toFloat((short) bits);
      short expected = Float.isNaN(value) ? (short) (bits & 0x8000 | 0x7e00) : (short) bits;
      assertThat(Half.of(value)).as("bits %04x", bits).isEqualTo(expected);
    }
  }

  @Property(tries = 20_000)
  void anyFloatBecomesTheNearestHalf(@ForAll int bits) {
    float value = Float.intBitsToFloat(bits);
    check(value);
  }

  @Property(tries = 20_000)
  void aFloatOfTheUsualSizeBecomesTheNearestHalf(
      @ForAll @FloatRange(min = -70_000, max = 70_000) float value) {
    check(value);
  }

  @Property
  void aNumberBetweenTwoHalvesBecomesTheOneWithAnEvenEnd(@ForAll short one) {
    float low = Half.toFloat((short) (one & 0x7fff));
    float high = Half.toFloat((short) ((one & 0x7fff) + 1));
    if (Float.isFinite(low) && Float.isFinite(high)) {
      float middle = (low + high) / 2; // exact: one bit more
      short even = (short) ((one & 1) == 0 ? one & 0x7fff : (one & 0x7fff) + 1);
      assertThat(Half.of(middle)).isEqualTo(even);
      assertThat(Half.of(-middle)).isEqualTo((short) (even | 0x8000));
    }
  }

  private static void check(float value) {
    short half = Half.of(value);
    if (Float.isNaN(value)) {
      assertThat(Half.toFloat(half)).isNaN();
      return;
    }
    assertThat(half).as("%s", value).isEqualTo(tensorFlows(value));
    float back = Half.toFloat(half);
    if (Math.abs(value) < 65520) {
      double error = Math.abs((double) back - value);
      for (int neighbour : new int[] {half - 1, half + 1}) {
        float other = Half.toFloat((short) neighbour);
        if (Float.isFinite(other)) {
          assertThat(error).isLessThanOrEqualTo(Math.abs((double) other - value));
        }
      }
      assertThat(error).isLessThanOrEqualTo(Math.max(Math.abs(value) * 0x1p-11, 0x1p-25));
    } else {
      assertThat(back).isEqualTo(Math.copySign(Float.POSITIVE_INFINITY, value));
    }
  }

  private static short tensorFlows(float value) {
    short[] bits = new short[1];
    FloatDataBuffer buffer = DataLayouts.FLOAT16.applyTo(DataBuffers.of(bits, false, false));
    buffer.setFloat(value, 0);
    return bits[0];
  }
}
