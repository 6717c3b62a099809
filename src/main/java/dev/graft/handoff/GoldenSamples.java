package dev.graft.handoff;

import dev.graft.data.NpyArray;
import dev.graft.data.NumberArray;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Golden samples, read.
 *
 * @param images as many files as samples, or none
 * @param input the model's first input, {@code [samples, …]}: {@code [samples, height, width,
 *     channels]} for images
 * @param otherInputs by alias, the other inputs
 * @param outputs by alias, what the model answered to it, {@code [samples, …]}; those of other
 *     signatures too
 * @param tolerance the largest allowed difference, relative to the largest magnitude of the
 *     expected output
 */
public record GoldenSamples(
    List<Path> images,
    NumberArray input,
    Map<String, NumberArray> otherInputs,
    Map<String, NpyArray<float[]>> outputs,
    double tolerance) {
  /**
   * The prepared images.
   *
   * @throws IllegalStateException when the input is not of float32
   */
  public NpyArray<float[]> prepared() {
    if (input.array().values() instanceof float[] values) {
      return new NpyArray<>(input.array().shape(), values);
    }
    throw new IllegalStateException("The golden input is of " + input.type() + ", no image.");
  }

  /**
   * The samples of one input, if there are any.
   *
   * @param first alias of the signature's first input
   * @param alias of the input
   */
  public Optional<NumberArray> input(String first, String alias) {
    return alias.equals(first) ? Optional.of(input) : Optional.ofNullable(otherInputs.get(alias));
  }
}
