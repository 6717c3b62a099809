package dev.graft.parity;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** All of history parity; writes {@code docs/history-parity.md}, which says how to run this. */
@Tag("long")
class HistoryIT {
  private static final Path REPORT = Path.of("docs", "history-parity.md");

  @Test
  void everyRecipeEqualsKeras(@TempDir Path folder) throws IOException {
    List<HistoryFigures> figures = new ArrayList<>();
    for (String name : HistoryGallery.names(folder)) {
      figures.addAll(HistoryGallery.figures(folder, List.of(name)));
    }
    Files.writeString(REPORT, HistoryReport.of(figures));
    Map<String, List<String>> violations =
        figures.stream()
            .collect(Collectors.toMap(one -> one.recipe().name(), HistoryViolations::of));
    violations.values().removeIf(List::isEmpty);
    assertThat(violations).isEmpty();
  }
}
