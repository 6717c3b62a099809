package dev.graft.tensor;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** What is known of the machine's processor; much on Linux, elsewhere its architecture. */
public final class Processor {
  private static final Path FILE = Path.of("/proc/cpuinfo");

  private Processor() {}

  /** Its model, such as {@code AMD EPYC}. */
  public static String name() {
    return lines().stream()
        .filter(line -> line.startsWith("model name"))
        .findFirst()
        .map(line -> line.substring(line.indexOf(':') + 1).strip())
        .orElseGet(() -> System.getProperty("os.arch"));
  }

  /** The lines of {@code /proc/cpuinfo}; none where it can't be read. */
  static List<String> lines() {
    try {
      return Files.exists(FILE) ? Files.readAllLines(FILE) : List.of();
    } catch (IOException e) {
      return List.of();
    }
  }
}
