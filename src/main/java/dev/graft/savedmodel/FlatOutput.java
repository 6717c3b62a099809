package dev.graft.savedmodel;

import java.util.List;
import org.tensorflow.proto.DataType;

/**
 * One output of a flat model.
 *
 * @param key name in the signature
 * @param tensor its tensor in the graph, {@code node:index}
 * @param dtype element type
 * @param shape sizes of the dimensions, -1 where unknown; null if even their number is unknown
 */
public record FlatOutput(String key, String tensor, DataType dtype, List<Long> shape) {
  public FlatOutput {
    shape = shape == null ? null : List.copyOf(shape);
  }
}
