package dev.graft;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.data.Npy;
import dev.graft.data.NpyArray;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** Compares what Java computes with what Python wrote. */
final class PythonArrays {
  private PythonArrays() {}

  /** One row of a float32 array, its first axis being the batch. */
  static float[] row(NpyArray<float[]> array, int row) {
    int size = array.values().length / Math.toIntExact(array.shape().get(0));
    return java.util.Arrays.copyOfRange(array.values(), row * size, (row + 1) * size);
  }

  /**
   * Requires the same shape and, relative to the largest magnitude that Python has, close values.
   * Python's values have to say something: not all the same, all finite.
   */
  static void assertClose(List<Long> shape, float[] received, Path file, double tolerance)
      throws IOException {
    NpyArray<float[]> expected = Npy.readFloats(file);
    assertThat(shape).isEqualTo(expected.shape());
    assertClose(received, expected.values(), tolerance);
  }

  static void assertClose(float[] received, float[] expected, double tolerance) {
    assertThat(received).hasSameSizeAs(expected);
    double magnitude = 0;
    double smallest = Double.POSITIVE_INFINITY;
    double apart = 0;
    for (int i = 0; i < expected.length; i++) {
      assertThat(Float.isFinite(expected[i]) && Float.isFinite(received[i])).isTrue();
      magnitude = Math.max(magnitude, Math.abs(expected[i]));
      smallest = Math.min(smallest, Math.abs(expected[i]));
      apart = Math.max(apart, Math.abs((double) expected[i] - received[i]));
    }
    assertThat(magnitude - smallest).as("what Python has says something").isGreaterThan(1e-2);
    assertThat(apart / magnitude).as("largest relative difference").isLessThanOrEqualTo(tolerance);
  }
}
