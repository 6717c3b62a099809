package dev.graft.cli;

import com.sun.management.HotSpotDiagnosticMXBean;
import com.sun.management.OperatingSystemMXBean;
import dev.graft.data.ByteCount;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/** Java, memory and processor. */
final class Machine {
  private static final long LEAST_MEMORY = 2_000_000_000;
  private static final long LEAST_HEAP = 500_000_000;

  /** What changes how fast TensorFlow computes, by the names that Linux has for it. */
  private static final List<String> FEATURES =
      List.of(
          "avx2",
          "fma",
          "avx512f",
          "avx512_vnni",
          "avx512_bf16",
          "amx_bf16",
          "amx_tile",
          "asimd",
          "sve",
          "bf16");

  private Machine() {}

  static List<Finding> examine() {
    return List.of(java(), memory(), processor());
  }

  private static Finding java() {
    long heap = Runtime.getRuntime().maxMemory();
    String found =
        "%s (%s), heap of up to %s"
            .formatted(Runtime.version(), System.getProperty("java.vendor"), ByteCount.of(heap));
    Finding finding =
        heap < LEAST_HEAP
            ? Finding.note("Java", found, "give it more with GRAFT_JAVA_OPTS=-Xmx2g")
            : Finding.good("Java", found);
    return finding.with("version", Runtime.version().toString()).with("heapBytes", heap);
  }

  /** The heap is a part of it; TensorFlow takes what it needs beside the heap. */
  private static Finding memory() {
    OperatingSystemMXBean system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
    long usable = system.getTotalMemorySize(); // Java knows of the limit of a container
    OptionalLong computer = memInfo("MemTotal:");
    long free = memInfo("MemAvailable:").orElse(system.getFreeMemorySize());
    boolean limited = computer.isPresent() && usable < computer.getAsLong();
    String found =
        (limited
                ? "%s, the limit of this container on a computer of %s"
                    .formatted(ByteCount.of(usable), ByteCount.of(computer.getAsLong()))
                : ByteCount.of(usable))
            + ", "
            + ByteCount.of(Math.min(free, usable))
            + " free";
    Finding finding =
        usable < LEAST_MEMORY
            ? Finding.note(
                "memory",
                found,
                limited
                    ? "raise the container's limit to 2 GB or more"
                    : "choose small backbones and batches; 2 GB and more are comfortable")
            : Finding.good("memory", found);
    return finding
        .with("usableBytes", usable)
        .with("containerLimitBytes", limited ? usable : null)
        .with("freeBytes", Math.min(free, usable));
  }

  private static OptionalLong memInfo(String name) {
    return lines(Path.of("/proc/meminfo")).stream()
        .filter(line -> line.startsWith(name))
        .mapToLong(line -> 1024 * Long.parseLong(line.replaceAll("\\D", "")))
        .findFirst();
  }

  private static Finding processor() {
    int cores = Runtime.getRuntime().availableProcessors();
    Set<String> features = features();
    boolean bfloat16 = features.stream().anyMatch(feature -> feature.contains("bf16"));
    String found =
        "%d core%s%s, %s%s"
            .formatted(
                cores,
                cores == 1 ? "" : "s",
                name().map(name -> ", " + name).orElse(""),
                features.isEmpty() ? "features not known" : String.join(" ", features),
                bfloat16 ? "; it has bfloat16, for train --precision bfloat16" : "");
    boolean old = isX86() && !features.isEmpty() && !features.contains("avx2");
    Finding finding =
        old
            ? Finding.note(
                "processor",
                found,
                "without AVX2 TensorFlow computes slowly; take a newer processor")
            : Finding.good("processor", found);
    return finding
        .with("cores", cores)
        .with("features", List.copyOf(features))
        .with("bfloat16", bfloat16);
  }

  private static boolean isX86() {
    return List.of("amd64", "x86_64").contains(System.getProperty("os.arch"));
  }

  private static Optional<String> name() {
    return lines(Path.of("/proc/cpuinfo")).stream()
        .filter(line -> line.startsWith("model name"))
        .map(line -> line.substring(line.indexOf(':') + 1).strip())
        .findFirst()
        .or(
            () ->
                isMac() ? Probe.ask("sysctl", "-n", "machdep.cpu.brand_string") : Optional.empty());
  }

  private static boolean isMac() {
    return System.getProperty("os.name").startsWith("Mac");
  }

  /** From Linux itself, elsewhere what the Java machine makes of the processor. */
  private static Set<String> features() {
    List<String> flags =
        lines(Path.of("/proc/cpuinfo")).stream()
            .filter(line -> line.startsWith("flags") || line.startsWith("Features"))
            .findFirst()
            .map(line -> Arrays.asList(line.substring(line.indexOf(':') + 1).strip().split("\\s+")))
            .orElseGet(Machine::ofJava);
    Set<String> known = new LinkedHashSet<>(FEATURES);
    known.retainAll(Set.copyOf(flags));
    return known;
  }

  private static List<String> ofJava() {
    if (!isX86()) {
      return List.of();
    }
    HotSpotDiagnosticMXBean machine =
        ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
    try {
      int avx = Integer.parseInt(machine.getVMOption("UseAVX").getValue());
      List<String> features = new ArrayList<>();
      if (avx >= 2) {
        features.add("avx2");
      }
      if (avx >= 3) {
        features.add("avx512f");
      }
      return features;
    } catch (IllegalArgumentException e) {
      return List.of(); // another Java machine
    }
  }

  private static List<String> lines(Path file) {
    try {
      return Files.exists(file) ? Files.readAllLines(file) : List.of();
    } catch (IOException e) {
      return List.of();
    }
  }
}
