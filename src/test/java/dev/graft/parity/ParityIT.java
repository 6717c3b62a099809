package dev.graft.parity;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The whole parity table; writes {@code docs/parity.md}, which says how to run this. */
@Tag("long")
class ParityIT {
  private static final Path REPORT = Path.of("docs", "parity.md");
  private static final int GROUP = 3;

  private final List<Figures> figures = new ArrayList<>();
  private final Map<String, List<String>> violations = new LinkedHashMap<>();

  @Test
  void everyRowEqualsPython(@TempDir Path folder) throws Exception {
    for (Path row : Gallery.committed()) {
      compare(row);
    }
    ExecutorService python = Executors.newSingleThreadExecutor();
    try {
      Future<?> made = python.submit(() -> {});
      List<String> before = List.of();
      for (List<String> rows : groups(Gallery.names(folder))) {
        made.get();
        made = python.submit(() -> make(folder, rows)); // while Java compares those before
        compareAll(folder, before);
        before = rows;
      }
      made.get();
      compareAll(folder, before);
    } finally {
      python.shutdown();
    }
    Files.writeString(REPORT, ParityReport.of(figures, violations));
    assertThat(violations).isEmpty();
  }

  /** Few enough that two groups fit on the disk: a big network's steps take a gigabyte. */
  private static List<List<String>> groups(List<String> names) {
    List<List<String>> groups = new ArrayList<>();
    for (int from = 0; from < names.size(); from += GROUP) {
      groups.add(names.subList(from, Math.min(names.size(), from + GROUP)));
    }
    return groups;
  }

  /** One row that Python can't make must not hide the others. */
  private static void make(Path folder, List<String> rows) {
    for (String row : rows) {
      if (!Files.exists(folder.resolve(row))) {
        try {
          Gallery.make(folder, rows.subList(rows.indexOf(row), rows.size()));
        } catch (AssertionError e) {
          System.out.println(e.getMessage());
        }
      }
    }
  }

  private void compareAll(Path folder, List<String> rows) throws IOException {
    for (String row : rows) {
      compare(folder.resolve(row));
      Gallery.delete(folder.resolve(row));
    }
  }

  private void compare(Path folder) {
    String name = folder.getFileName().toString();
    long start = System.nanoTime();
    try {
      Figures found = Comparison.of(ParityRow.read(folder));
      figures.add(found);
      List<String> wrong = Violations.of(found);
      if (!wrong.isEmpty()) {
        violations.put(name, wrong);
      }
    } catch (RuntimeException | IOException e) {
      violations.put(name, List.of(e.toString()));
    }
    System.out.printf(
        "%s: %d s %s%n",
        name,
        (System.nanoTime() - start) / 1_000_000_000,
        violations.getOrDefault(name, List.of()));
  }
}
