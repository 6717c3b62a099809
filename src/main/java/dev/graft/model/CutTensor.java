package dev.graft.model;

import java.util.Arrays;

/**
 * A tensor that crosses from the trunk to the graft: computed once an image, then stored.
 *
 * @param tensor the trunk's output, {@code node:index}
 * @param placeholder the graft's input that takes it
 * @param rowShape shape of one image's part, without the batch axis
 */
public record CutTensor(String tensor, String placeholder, int[] rowShape) {
  /** Copies the shape. */
  public CutTensor {
    rowShape = rowShape.clone();
  }

  @Override
  public int[] rowShape() {
    return rowShape.clone();
  }

  /** Number of float32 values an image. */
  public int rowSize() {
    return Arrays.stream(rowShape).reduce(1, Math::multiplyExact);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof CutTensor that
        && tensor.equals(that.tensor)
        && placeholder.equals(that.placeholder)
        && Arrays.equals(rowShape, that.rowShape);
  }

  @Override
  public int hashCode() {
    return 31 * tensor.hashCode() + Arrays.hashCode(rowShape);
  }

  @Override
  public String toString() {
    return tensor + Arrays.toString(rowShape);
  }
}
