package dev.graft.predict;

import dev.graft.model.Calibration;
import java.time.Duration;
import java.util.Objects;

/**
 * How the images of concurrent calls are run together.
 *
 * <p>A batch is run as soon as it is full, or no other call is on its way or was answered just now,
 * or it has waited long enough: a lone caller waits for nobody. Memory is bounded by {@code
 * maxQueue} prepared images, and by one image a processor that is being decoded.
 *
 * @param maxBatch most images of one run, at least 1
 * @param maxWait how long a prepared image waits for others, once it could be run; 0 not at all
 * @param maxQueue most calls at a time that wait or run, at least 1; further ones wait for a place
 * @param patience how long a call waits for a place before it is refused; 0 not at all
 */
public record MicroBatching(int maxBatch, Duration maxWait, int maxQueue, Duration patience) {
  private static final int QUEUE = 128;

  /** Checks the ranges. */
  public MicroBatching {
    requireAtLeastOne("maxBatch", maxBatch);
    requireAtLeastOne("maxQueue", maxQueue);
    requireNotNegative("maxWait", maxWait);
    requireNotNegative("patience", patience);
  }

  /** Eight images, 10 ms, 128 calls, and half a minute for a place. */
  public static MicroBatching defaults() {
    return new MicroBatching(
        Calibration.STANDARD_BATCH, Duration.ofMillis(10), QUEUE, Duration.ofSeconds(30));
  }

  /** With another size of a batch. */
  public MicroBatching withMaxBatch(int other) {
    return new MicroBatching(other, maxWait, maxQueue, patience);
  }

  /** With another time that an image waits for others. */
  public MicroBatching withMaxWait(Duration other) {
    return new MicroBatching(maxBatch, other, maxQueue, patience);
  }

  /** With another number of calls at a time. */
  public MicroBatching withMaxQueue(int other) {
    return new MicroBatching(maxBatch, maxWait, other, patience);
  }

  /** With another time that a call waits for a place. */
  public MicroBatching withPatience(Duration other) {
    return new MicroBatching(maxBatch, maxWait, maxQueue, other);
  }

  private static void requireAtLeastOne(String name, int value) {
    if (value < 1) {
      throw new IllegalArgumentException("Expected " + name + " of at least 1 but got " + value);
    }
  }

  private static void requireNotNegative(String name, Duration value) {
    if (Objects.requireNonNull(value, name).isNegative()) {
      throw new IllegalArgumentException("Expected " + name + " of 0 or more but got " + value);
    }
  }
}
