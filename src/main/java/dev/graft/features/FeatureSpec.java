package dev.graft.features;

import dev.graft.data.ByteCount;
import java.util.Arrays;
import java.util.List;

/**
 * One of the tensors at a cut: its name, the shape that it has for one image, and how it is stored.
 *
 * @param name of the tensor in the trunk; for people, any text
 * @param rowShape the sizes without the batch axis, each at least 1; empty for a single value an
 *     image
 * @param stored the numbers that it is stored in
 */
public record FeatureSpec(String name, List<Long> rowShape, StoredNumbers stored) {
  /** Half a shard, so that any header fits beside a row. */
  private static final long LARGEST_ROW = FeatureStore.SHARD_BYTES / 2;

  /**
   * Copies and checks the shape.
   *
   * @throws IllegalArgumentException if a size is not known, or the features of one image exceed
   *     512 MiB
   */
  public FeatureSpec {
    rowShape = List.copyOf(rowShape);
    long bytes = Float.BYTES;
    for (long size : rowShape) {
      if (size < 1) {
        throw new IllegalArgumentException(
            "Every size of the features %s must be known and positive, but the shape is %s."
                .formatted(name, rowShape));
      }
      bytes = size > LARGEST_ROW ? size : bytes * size;
      if (bytes > LARGEST_ROW) {
        throw new IllegalArgumentException(
            "The features %s of one image must fit into %s, but their shape is %s."
                .formatted(name, ByteCount.of(LARGEST_ROW), rowShape));
      }
    }
  }

  /** Features of the given name and sizes, stored as they are. */
  public static FeatureSpec of(String name, long... rowShape) {
    return new FeatureSpec(name, Arrays.stream(rowShape).boxed().toList(), StoredNumbers.FLOAT32);
  }

  /** The same, stored in other numbers. */
  public FeatureSpec withStored(StoredNumbers other) {
    return new FeatureSpec(name, rowShape, other);
  }

  /** Number of values of one image. */
  public int rowSize() {
    return (int) rowShape.stream().mapToLong(Long::longValue).reduce(1, Math::multiplyExact);
  }

  /** Bytes of one image on disk. */
  public int rowBytes() {
    return rowSize() * stored.bytes();
  }
}
