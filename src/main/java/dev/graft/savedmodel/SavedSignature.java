package dev.graft.savedmodel;

import java.util.List;
import org.tensorflow.proto.DataType;

/**
 * A signature as a SavedModel lists it, whether it can be used or not.
 *
 * @param name such as {@code serving_default}
 * @param inputs in the order of their keys
 * @param outputs in the order of their keys
 */
public record SavedSignature(String name, List<Tensor> inputs, List<Tensor> outputs) {
  /** Copies the lists. */
  public SavedSignature {
    inputs = List.copyOf(inputs);
    outputs = List.copyOf(outputs);
  }

  /**
   * What a signature takes or answers.
   *
   * @param key its name
   * @param dtype element type
   * @param shape sizes of the dimensions, -1 where unknown; null if even their number is unknown
   */
  public record Tensor(String key, DataType dtype, List<Long> shape) {
    /** Copies the shape. */
    public Tensor {
      shape = shape == null ? null : List.copyOf(shape);
    }
  }
}
