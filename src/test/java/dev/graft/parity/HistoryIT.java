package dev.graft.parity;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
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

/**
 * All of history parity, or the recipes that the property {@code history.recipes} names; writes
 * {@code docs/history-parity.md}, which says how to run this, of all that was measured so far.
 */
@Tag("long")
class HistoryIT {
  private static final Path REPORT = Path.of("docs", "history-parity.md");
  private static final Path MEASURED = Path.of("target", "history-parity");
  private static final ObjectMapper JSON = new ObjectMapper();

  @Test
  void everyRecipeEqualsKeras(@TempDir Path folder) throws IOException {
    List<String> all = HistoryGallery.names(folder);
    String chosen = System.getProperty("history.recipes");
    List<String> names = chosen == null ? all : List.of(chosen.split(","));
    assertThat(all).containsAll(names);
    Files.createDirectories(MEASURED);
    List<HistoryFigures> figures = new ArrayList<>();
    for (String name : names) {
      HistoryFigures measured = HistoryGallery.figures(folder, List.of(name)).get(0);
      JSON.writeValue(file(name).toFile(), measured);
      figures.add(measured);
    }
    write(all);
    Map<String, List<String>> violations =
        figures.stream()
            .collect(Collectors.toMap(one -> one.recipe().name(), HistoryViolations::of));
    violations.values().removeIf(List::isEmpty);
    assertThat(violations).isEmpty();
  }

  private static void write(List<String> all) throws IOException {
    List<HistoryFigures> measured = new ArrayList<>();
    List<String> missing = new ArrayList<>();
    for (String name : all) {
      if (Files.exists(file(name))) {
        measured.add(JSON.readValue(file(name).toFile(), HistoryFigures.class));
      } else {
        missing.add(name);
      }
    }
    Files.writeString(REPORT, HistoryReport.of(measured, missing));
  }

  private static Path file(String name) {
    return MEASURED.resolve(name + ".json");
  }
}
