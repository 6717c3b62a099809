package dev.graft.train;

import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/** How long each part of a run took, and how much memory. For one thread. */
final class PhaseClock {
  private final Map<String, Duration> times = new LinkedHashMap<>();
  private final Map<String, PeakMemory> memory = new LinkedHashMap<>();
  private long last = System.nanoTime();

  PhaseClock() {
    PeakMemory.reset();
  }

  /** Ends a part; the next begins. */
  void lap(String name) {
    long now = System.nanoTime();
    times.put(name, Duration.ofNanos(now - last));
    memory.put(name, PeakMemory.now());
    last = now;
    PeakMemory.reset();
  }

  /** In the order of the laps. */
  Map<String, Duration> times() {
    return Collections.unmodifiableMap(times);
  }

  /** In the order of the laps. */
  Map<String, PeakMemory> memory() {
    return Collections.unmodifiableMap(memory);
  }
}
