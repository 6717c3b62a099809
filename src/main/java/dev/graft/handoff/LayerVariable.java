package dev.graft.handoff;

import java.util.List;

/**
 * A variable of a layer.
 *
 * @param name Keras's path, for example {@code block1_conv1/kernel}; unique in the model
 * @param key its key in the checkpoint {@code variables/variables}
 * @param dtype numpy's name of the element type, for example {@code float32}
 * @param shape the size of each axis, all known
 * @param trainable as Keras had it: false for moving statistics whatever the layer's flag
 * @param sha256 of the values, little-endian and row-major, without any header
 */
public record LayerVariable(
    String name, String key, String dtype, List<Long> shape, boolean trainable, String sha256) {
  /**
   * Checks the values.
   *
   * @throws IllegalArgumentException if a name is blank, the type unknown, a size not known, or the
   *     hash not one
   */
  public LayerVariable {
    Checks.text("name of a variable", name);
    Checks.text("key of a variable", key);
    Checks.dtype(dtype);
    shape = Checks.shape(shape);
    if (shape.contains(-1L)) {
      throw new IllegalArgumentException(
          "Every size of the variable \"%s\" must be known, but its shape is %s."
              .formatted(name, shape));
    }
    Checks.sha256(sha256);
  }
}
