package dev.graft.batch;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.graft.export.TinyClassifier;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code graft batch} in processes of its own that are killed. The long ones: {@code mvn verify
 * -Dgroups=long -Dtest=none -Dsurefire.failIfNoSpecifiedTests=false -Dit.test=BatchKillIT}.
 */
class BatchKillIT {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir private Path folder;

  @Test
  void killedThreeTimesItMakesTheBytesOfAnUndisturbedRun() throws Exception {
    kill(3, 4500, "csv");
  }

  @Tag("long")
  @Test
  void killedTwentyTimesItMakesTheBytesOfAnUndisturbedRun() throws Exception {
    kill(20, 6500, "parquet");
  }

  private void kill(int kills, int images, String ending) throws Exception {
    Path model = TinyClassifier.export(folder.resolve("model"));
    Path input = folder.resolve("images");
    final Map<String, String> spoilt = ManyImages.make(input, images);
    Path whole = folder.resolve("whole." + ending);
    long began = System.nanoTime();
    assertThat(end(start(model, input, whole))).isZero();
    long usual = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began);
    Path out = folder.resolve("out." + ending);
    Random random = new Random(kills);
    for (int kill = 0; kill < kills; kill++) {
      Process process = start(model, input, out, "--resume");
      process.waitFor(1 + random.nextLong(usual), TimeUnit.MILLISECONDS);
      process.destroyForcibly().waitFor();
      if (Files.exists(out) && Files.notExists(beside(out, "partial"))) {
        // Done before the kill: the next one is for a job from the start.
        assertThat(out).hasSameBinaryContentAs(whole);
        Files.delete(out);
      }
    }
    assertThat(end(start(model, input, out, "--resume"))).isZero();
    assertThat(out).hasSameBinaryContentAs(whole);
    assertThat(beside(out, "rejected.jsonl"))
        .hasSameBinaryContentAs(beside(whole, "rejected.jsonl"));
    requireAll(out, images, spoilt);
  }

  private static Path beside(Path out, String ending) {
    return out.resolveSibling(out.getFileName() + "." + ending);
  }

  /** Every image is counted, the spoilt ones are rejected in order with the right reasons. */
  private static void requireAll(Path out, int images, Map<String, String> spoilt)
      throws IOException {
    JsonNode summary = JSON.readTree(beside(out, "summary.json").toFile());
    assertThat(spoilt).hasSize(images / 100);
    assertThat(summary.get("predicted").asInt()).isEqualTo(images - images / 100);
    assertThat(summary.get("rejected").asInt()).isEqualTo(images / 100);
    List<String> lines = Files.readAllLines(beside(out, "rejected.jsonl"));
    List<String> wrong = new ArrayList<>();
    List<Map.Entry<String, String>> expected = List.copyOf(spoilt.entrySet());
    assertThat(lines).hasSameSizeAs(expected);
    for (int i = 0; i < lines.size(); i++) {
      JsonNode line = JSON.readTree(lines.get(i));
      boolean right =
          line.get("path").asText().replace('\\', '/').endsWith(expected.get(i).getKey())
              && line.get("reason").asText().contains(expected.get(i).getValue());
      if (!right) {
        wrong.add(lines.get(i) + " instead of " + expected.get(i));
      }
    }
    assertThat(wrong).isEmpty();
  }

  private static Process start(Path model, Path input, Path out, String... more)
      throws IOException {
    return new ProcessBuilder(command(model, input, out, more)).inheritIO().start();
  }

  private static List<String> command(Path model, Path input, Path out, String... more) {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xms256m",
                "-Xmx256m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Dorg.bytedeco.javacpp.maxPhysicalBytes=0",
                "-cp",
                System.getProperty("java.class.path"),
                "dev.graft.cli.Main",
                "batch",
                model.toString(),
                input.toString(),
                "--out",
                out.toString(),
                "--quiet"));
    command.addAll(Arrays.asList(more));
    return command;
  }

  private static int end(Process process) throws InterruptedException {
    return process.waitFor();
  }

  /** A limit of the size of files is what a full disk is, for one process alone. */
  @EnabledOnOs({OS.LINUX, OS.MAC})
  @Test
  void aFullDiskIsSaidAndTheJobGoesOnWhenThereIsRoom() throws Exception {
    Path model = TinyClassifier.export(folder.resolve("model"));
    Path input = folder.resolve("images");
    ManyImages.make(input, 2500);
    Path whole = folder.resolve("whole.jsonl");
    assertThat(end(start(model, input, whole, "--logits"))).isZero();
    assertThat(Files.size(whole)).isGreaterThan(300_000);
    Path out = folder.resolve("out.jsonl");
    List<String> limited = new ArrayList<>(List.of("sh", "-c", "ulimit -f 400; exec \"$@\"", "sh"));
    limited.addAll(command(model, input, out, "--logits"));
    limited.add(5, "-XX:-UsePerfData");
    Path said = folder.resolve("said");
    Process process =
        new ProcessBuilder(limited).redirectErrorStream(true).redirectOutput(said.toFile()).start();
    assertThat(process.waitFor()).isEqualTo(1);
    assertThat(said).content().contains("is full", "--resume");
    assertThat(out).doesNotExist();
    assertThat(end(start(model, input, out, "--logits", "--resume"))).isZero();
    assertThat(out).hasSameBinaryContentAs(whole);
  }

  @EnabledOnOs({OS.LINUX, OS.MAC})
  @Test
  void terminatedItEndsWithASentence() throws Exception {
    Path model = TinyClassifier.export(folder.resolve("model"));
    Path input = folder.resolve("images");
    ManyImages.make(input, 4500);
    Path out = folder.resolve("out.csv");
    Path said = folder.resolve("said");
    Process process =
        new ProcessBuilder(command(model, input, out))
            .redirectErrorStream(true)
            .redirectOutput(said.toFile())
            .start();
    Path state = folder.resolve("out.csv.partial/state.json");
    while (process.isAlive() && !Files.exists(state)) {
      Thread.sleep(20);
    }
    process.destroy();
    assertThat(process.waitFor()).isEqualTo(143);
    assertThat(said).content().contains("Interrupted", "--resume");
    assertThat(end(start(model, input, out, "--resume"))).isZero();
    assertThat(Files.readAllLines(out)).hasSize(4456);
  }

  /** Java's heap is fixed; what grows besides would be native. */
  @Tag("long")
  @EnabledOnOs(OS.LINUX)
  @Test
  void tenTimesTheImagesAreAllAnsweredInOrderAndNeedNoMoreMemory() throws Exception {
    Path model = TinyClassifier.export(folder.resolve("model"));
    Path input = folder.resolve("images");
    final Map<String, String> spoilt = ManyImages.make(input, 20_000);
    long few = peak(start(model, input, folder.resolve("few.parquet"), "--include", "00[01]/*"));
    Path out = folder.resolve("many.parquet");
    long many = peak(start(model, input, out));
    System.out.printf("RssAnon: %,d kB over 2,000 images, %,d kB over 20,000%n", few, many);
    requireAll(out, 20_000, spoilt);
    assertThat(BatchPredictorTest.groups(out).stream().map(row -> row.getString("path", 0)))
        .hasSize(19_800)
        .doesNotHaveDuplicates()
        .isSorted();
    assertThat(many).isLessThan(few * 11 / 10);
  }

  /** The most anonymous memory of a process while it runs, in kB. */
  private static long peak(Process process) throws Exception {
    Pattern anonymous = Pattern.compile("RssAnon:\\s+(\\d+) kB");
    Path status = Path.of("/proc", String.valueOf(process.pid()), "status");
    long peak = 0;
    while (process.isAlive()) {
      try (Stream<String> lines = Files.lines(status)) {
        Matcher found =
            lines.map(anonymous::matcher).filter(Matcher::matches).findFirst().orElse(null);
        peak = found == null ? peak : Math.max(peak, Long.parseLong(found.group(1)));
      } catch (IOException | java.io.UncheckedIOException e) {
        break; // it has just ended
      }
      Thread.sleep(50);
    }
    assertThat(process.waitFor()).isZero();
    return peak;
  }
}
