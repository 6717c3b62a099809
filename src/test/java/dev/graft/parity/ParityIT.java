package dev.graft.parity;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The whole parity table; writes {@code docs/parity.md}, which says how to run this. */
@Tag("long")
class ParityIT {
  private static final Path REPORT = Path.of("docs", "parity.md");

  private final List<Figures> figures = new ArrayList<>();
  private final Map<String, List<String>> violations = new LinkedHashMap<>();

  @Test
  void everyRowEqualsPython(@TempDir Path folder) throws IOException {
    for (Path row : Gallery.committed()) {
      compare(row);
    }
    for (String name : Gallery.names(folder)) {
      try {
        Gallery.make(folder, List.of(name));
        compare(folder.resolve(name));
      } catch (AssertionError e) { // one row that Python can't make must not hide the others
        violations.put(name, List.of(e.getMessage()));
      }
      Gallery.delete(folder.resolve(name));
    }
    Files.writeString(REPORT, ParityReport.of(figures, violations));
    assertThat(violations).isEmpty();
  }

  private void compare(Path folder) throws IOException {
    String name = folder.getFileName().toString();
    long start = System.nanoTime();
    try {
      Figures found = Comparison.of(ParityRow.read(folder));
      figures.add(found);
      List<String> wrong = Violations.of(found);
      if (!wrong.isEmpty()) {
        violations.put(name, wrong);
      }
    } catch (RuntimeException e) {
      violations.put(name, List.of(e.toString()));
    }
    System.out.printf(
        "%s: %d s %s%n",
        name,
        (System.nanoTime() - start) / 1_000_000_000,
        violations.getOrDefault(name, List.of()));
  }
}
