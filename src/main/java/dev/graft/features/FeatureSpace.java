package dev.graft.features;

import dev.graft.data.ByteCount;
import java.nio.file.Path;

/**
 * What the features of some examples will take on disk, an estimate: how many of them are stored
 * already is known when their bytes are read.
 *
 * @param rows examples whose features will be made
 * @param bytesPerRow of one example, all tensors of the cut together
 * @param folder where they go
 * @param free bytes that are free there
 */
public record FeatureSpace(long rows, long bytesPerRow, Path folder, long free) {
  /** Bytes of all rows. */
  public long bytes() {
    return Math.multiplyExact(rows, bytesPerRow);
  }

  /** A sentence for people. */
  public String describe() {
    return rows == 0
        ? "Features: nothing to be made."
        : "Features: about %s on disk (%s an example), in %s, where %s are free."
            .formatted(
                ByteCount.of(bytes()), ByteCount.of(bytesPerRow), folder, ByteCount.of(free));
  }
}
