package dev.graft.cli;

import dev.graft.data.ByteCount;
import dev.graft.train.PeakMemory;
import java.time.Duration;
import java.util.Optional;
import java.util.function.LongSupplier;

/** What is left of some work, said once, when it has gone on for a second. For one thread. */
final class Estimate {
  private static final long BEFORE = Duration.ofSeconds(1).toNanos();

  private final LongSupplier nanoTime;
  private final long begun;
  private final long first;
  private boolean said;

  /**
   * @param first what is done already
   */
  Estimate(long first, LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
    this.begun = nanoTime.getAsLong();
    this.first = first;
  }

  /**
   * A sentence, once, if it is time for it and something is left.
   *
   * @param unit what is counted, in the plural
   */
  Optional<String> of(long done, long total, String unit) {
    long taken = nanoTime.getAsLong() - begun;
    if (said || taken < BEFORE || done <= first) {
      return Optional.empty();
    }
    said = true;
    double perSecond = (done - first) / (taken / 1e9);
    return done >= total
        ? Optional.empty()
        : Optional.of(
            "About %s for the %,d %s that are left (%.3g a second)%s."
                .formatted(
                    words(Duration.ofSeconds((long) Math.ceil((total - done) / perSecond))),
                    total - done,
                    unit,
                    perSecond,
                    memory()));
  }

  /** Only a few batches are under way, so what is held now is about what will be held. */
  private static String memory() {
    return PeakMemory.now().resident().stream()
        .mapToObj(bytes -> "; %s of memory, however many there are".formatted(ByteCount.of(bytes)))
        .findFirst()
        .orElse("");
  }

  static String words(Duration time) {
    return time.toHours() > 0
        ? "%d h %02d min".formatted(time.toHours(), time.toMinutesPart())
        : time.toMinutes() > 0
            ? "%d min %02d s".formatted(time.toMinutes(), time.toSecondsPart())
            : time.toSeconds() + " s";
  }
}
