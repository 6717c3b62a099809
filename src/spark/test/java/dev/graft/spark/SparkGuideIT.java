package dev.graft.spark;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.graft.docs.Page;
import dev.graft.export.TinyClassifier;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What docs/spark.md says, as it stands, in a folder that has nothing but a run, which is a smaller
 * one than that of the page.
 */
class SparkGuideIT {
  private static final Path PAGE = Path.of("docs", "spark.md");

  @TempDir private Path folder;

  @Test
  void theCommandsRunInAnEmptyFolder() throws Exception {
    SparkInstallation.jar(); // is there and new
    TinyClassifier.export(folder.resolve("runs").resolve("digits").resolve("model"));

    String log = run(block("spark-submit --class dev.graft.spark.BatchJob"), "");
    assertThat(log).contains("graft: 1,000 images predicted, 0 rejected");
    JsonNode summary =
        new ObjectMapper().readTree(folder.resolve("predictions/_summary.json").toFile());
    assertThat(summary.get("images").asInt()).isEqualTo(1000);
    assertThat(names()).containsExactly("predictions", "predictions.rejected", "runs");

    List<String> python = Page.read(PAGE).blocks("python");
    assertThat(python).hasSize(2);
    String said = run(block("pyspark --jars"), String.join("\n\n", python) + "\n");
    assertThat(said).doesNotContain("Traceback");
    assertThat(rows(said)).hasSize(40); // twice what show() shows
  }

  /** The only command of the page that begins so. */
  private static String block(String start) throws IOException {
    List<String> blocks =
        Page.read(PAGE).blocks("").stream().filter(block -> block.startsWith(start)).toList();
    assertThat(blocks).as(start).hasSize(1);
    return blocks.get(0);
  }

  private String run(String command, String input) throws Exception {
    Path log = folder.resolveSibling(folder.getFileName() + ".log");
    Process process = new SparkInstallation().shell(command, folder, log).start();
    try (var in = process.outputWriter()) {
      in.write(input);
    }
    try {
      assertThat(process.waitFor(5, TimeUnit.MINUTES)).as(Files.readString(log)).isTrue();
      assertThat(process.exitValue()).as(Files.readString(log)).isZero();
      return Files.readString(log);
    } finally {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
      Files.delete(log);
    }
  }

  private List<String> names() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  /** The lines of Spark's tables that name one of the model's classes. */
  private static List<String> rows(String said) {
    String classes = String.join("|", TinyClassifier.LABELS.names());
    return said.lines()
        .filter(line -> line.matches("\\|file:.*\\| *(" + classes + ")\\|"))
        .toList();
  }
}
