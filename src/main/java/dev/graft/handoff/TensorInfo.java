package dev.graft.handoff;

import java.util.List;

/**
 * An input or output of a signature.
 *
 * @param alias the stable name that Graft uses, for example {@code images}
 * @param key the name in the SavedModel, for example {@code keras_tensor_19}
 * @param dtype numpy's name of the element type, for example {@code float32}
 * @param shape the size of each axis, -1 where it is not known
 */
public record TensorInfo(String alias, String key, String dtype, List<Long> shape) {
  /**
   * Checks the values.
   *
   * @throws IllegalArgumentException if a name is blank, the type unknown or a size below -1
   */
  public TensorInfo {
    Checks.text("alias of a tensor", alias);
    Checks.text("key of a tensor", key);
    Checks.dtype(dtype);
    shape = Checks.shape(shape);
  }
}
