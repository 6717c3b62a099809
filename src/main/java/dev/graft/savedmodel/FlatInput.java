package dev.graft.savedmodel;

import java.util.List;
import org.tensorflow.proto.DataType;

/**
 * One input of a flat model.
 *
 * @param key name in the signature
 * @param node name of its Placeholder in the graph
 * @param dtype element type
 * @param shape sizes of the dimensions, -1 where unknown; null if even their number is unknown
 */
public record FlatInput(String key, String node, DataType dtype, List<Long> shape) {
  public FlatInput {
    shape = shape == null ? null : List.copyOf(shape);
  }
}
