package dev.graft.savedmodel;

import java.util.List;
import org.tensorflow.proto.DataType;

/**
 * One variable of a flat model.
 *
 * @param node name of its VarHandleOp in the graph
 * @param name what Keras calls it, such as {@code block1_conv1/kernel}; unique in the model
 * @param key its key in the checkpoint
 * @param dtype element type
 * @param shape sizes of the dimensions
 * @param trainable as Keras had it: false for moving statistics and for frozen layers
 */
public record FlatVariable(
    String node, String name, String key, DataType dtype, List<Long> shape, boolean trainable) {
  public FlatVariable {
    shape = List.copyOf(shape);
  }
}
