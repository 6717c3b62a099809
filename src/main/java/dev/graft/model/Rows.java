package dev.graft.model;

import dev.graft.tensor.HostTensor;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;

/** Rows of a batch: the first axis of a tensor of fixed element size. */
final class Rows {
  private Rows() {}

  /** The only row, two times. */
  static HostTensor twice(HostTensor lone) {
    byte[] row = bytes(lone);
    byte[] two = Arrays.copyOf(row, 2 * row.length);
    System.arraycopy(row, 0, two, row.length, row.length);
    return HostTensor.wrap(lone.dtype(), two, shape(lone, 2));
  }

  /** The first row alone. */
  static HostTensor first(HostTensor batch) {
    byte[] all = bytes(batch);
    int rows = Math.toIntExact(batch.shape().get(0));
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
