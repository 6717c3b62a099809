package dev.graft.train;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.OptionalLong;

/**
 * The most memory that this process has held since {@link #reset}.
 *
 * @param resident bytes of physical memory, Java's heap and TensorFlow's together; only where there
 *     is a {@code /proc/self/status}. Where its peak can't be reset it is that of the whole process
 * @param heap bytes of Java's heap: the sum of the peaks of its pools, which is an upper bound
 */
public record PeakMemory(OptionalLong resident, long heap) {
  private static final Path STATUS = Path.of("/proc/self/status");
  private static final Path PEAK_RESET = Path.of("/proc/self/clear_refs");

  /** Resets the peak of the resident set alone, see proc_pid_clear_refs(5). */
  private static final String RESET_COMMAND = "5";

  /** Forgets the peaks so far. */
  static void reset() {
    pools().forEach(MemoryPoolMXBean::resetPeakUsage);
    try {
      Files.writeString(PEAK_RESET, RESET_COMMAND, StandardOpenOption.WRITE);
    } catch (IOException | SecurityException e) {
      // Not Linux, or not allowed: the peak of the whole process stays.
    }
  }

  /** The peaks so far. */
  public static PeakMemory now() {
    return new PeakMemory(
        residentPeak(), pools().stream().mapToLong(pool -> pool.getPeakUsage().getUsed()).sum());
  }

  /** The larger peaks of two stretches. */
  PeakMemory larger(PeakMemory other) {
    boolean known = resident.isPresent() && other.resident.isPresent();
    return new PeakMemory(
        known
            ? OptionalLong.of(Math.max(resident.getAsLong(), other.resident.getAsLong()))
            : OptionalLong.empty(),
        Math.max(heap, other.heap));
  }

  private static List<MemoryPoolMXBean> pools() {
    return ManagementFactory.getMemoryPoolMXBeans().stream()
        .filter(pool -> pool.getType() == MemoryType.HEAP && pool.isValid())
        .toList();
  }

  private static OptionalLong residentPeak() {
    if (!Files.exists(STATUS)) {
      return OptionalLong.empty();
    }
    try {
      return Files.readAllLines(STATUS).stream()
          .filter(line -> line.startsWith("VmHWM:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10) // in kB
          .findFirst();
    } catch (IOException e) {
      return OptionalLong.empty();
    }
  }
}
