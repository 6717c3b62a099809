package dev.graft.model;

import dev.graft.tensor.HostTensor;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.tensorflow.proto.DataType;

/** Rows of a batch: the first axis of a tensor. */
final class Rows {
  private Rows() {}

  /** The only row, two times. */
  static HostTensor twice(HostTensor lone) {
    if (lone.dtype() == DataType.DT_STRING) {
      List<byte[]> row = lone.strings();
      return HostTensor.ofStrings(
          Stream.concat(row.stream(), row.stream()).toList(), shape(lone, 2));
    }
    byte[] row = bytes(lone);
    byte[] two = Arrays.copyOf(row, 2 * row.length);
    System.arraycopy(row, 0, two, row.length, row.length);
    return HostTensor.wrap(lone.dtype(), two, shape(lone, 2));
  }

  /** The first row alone. */
  static HostTensor first(HostTensor batch) {
    int rows = Math.toIntExact(batch.shape().get(0));
    if (batch.dtype() == DataType.DT_STRING) {
      List<byte[]> strings = batch.strings();
      return HostTensor.ofStrings(strings.subList(0, strings.size() / rows), shape(batch, 1));
    }
    byte[] all = bytes(batch);
    return HostTensor.wrap(batch.dtype(), Arrays.copyOf(all, all.length / rows), shape(batch, 1));
  }

  static byte[] bytes(HostTensor tensor) {
    ByteBuffer buffer = tensor.bytes();
    byte[] bytes = new byte[buffer.remaining()];
    buffer.get(bytes);
    return bytes;
  }

  private static long[] shape(HostTensor tensor, long rows) {
    List<Long> old = tensor.shape();
    long[] shape = old.stream().mapToLong(Long::longValue).toArray();
    shape[0] = rows;
    return shape;
  }
}
