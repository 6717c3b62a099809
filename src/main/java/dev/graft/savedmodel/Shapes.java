package dev.graft.savedmodel;

import java.util.List;
import java.util.stream.Collectors;
import org.tensorflow.proto.TensorShapeProto;

/** Shapes as messages and as lists: -1 for an unknown size, null for an unknown number of them. */
final class Shapes {
  private Shapes() {}

  static List<Long> list(TensorShapeProto shape) {
    if (shape.getUnknownRank()) {
      return null;
    }
    return shape.getDimList().stream()
        .map(TensorShapeProto.Dim::getSize)
        .collect(Collectors.toUnmodifiableList());
  }

  static TensorShapeProto proto(List<Long> shape) {
    TensorShapeProto.Builder proto = TensorShapeProto.newBuilder();
    if (shape == null) {
      return proto.setUnknownRank(true).build();
    }
    shape.forEach(size -> proto.addDim(TensorShapeProto.Dim.newBuilder().setSize(size)));
    return proto.build();
  }
}
