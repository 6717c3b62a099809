package dev.graft.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.data.Sha256;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Processes that train are killed at random moments and gone on with; what comes out has the bits
 * of a run that was never killed.
 */
class KilledRunIT {
  private static final List<String> DEFAULT_INTERRUPT = List.of("env", "--default-signal=INT");
  private static final Path RESIDUAL = Path.of("testdata", "models", "residual");

  @TempDir private static Path folder;
  private static Path data;
  private static Map<String, String> whole;
  private static Duration duration;

  @BeforeAll
  static void trainWithoutKilling() throws Exception {
    data = Drawn.folder(folder.resolve("data"), 20, "blue", "green", "red");
    Path run = folder.resolve("whole");
    end(start(train(run))); // once more below, with its features stored as for those to be killed
    whole = result(run);
    delete(run);
    long start = System.nanoTime();
    end(start(train(run)));
    duration = Duration.ofNanos(System.nanoTime() - start);
    assertThat(result(run)).as("the same command twice").isEqualTo(whole);
  }

  @Test
  void threeRandomKillsLeaveNoTrace() throws Exception {
    kill(3, 5);
  }

  @Test
  @Tag("long")
  void twentyRandomKillsLeaveNoTrace() throws Exception {
    kill(20, 6);
  }

  @Test
  void ctrlCEndsCleanlyAndTheRunGoesOn() throws Exception {
    Path run = folder.resolve("interrupted");
    Process process = start(train(run));
    Path events = folder.resolve("interrupted.unfinished/checkpoint/000000002");
    while (process.isAlive() && !Files.exists(events)) {
      Thread.sleep(5);
    }
    new ProcessBuilder("kill", "-INT", String.valueOf(process.pid())).start().waitFor();
    String said = new String(process.getErrorStream().readAllBytes());
    assertThat(process.waitFor()).as(said).isEqualTo(130);
    assertThat(said).contains("Stopping after this step", "\"graft resume " + run + "\" goes on");
    assertThat(Files.readString(run.resolve("run.json"))).contains("\"status\" : \"stopped\"");
    assertThat(run.resolve("model/saved_model.pb")).exists();
    assertThat(result(run)).isNotEqualTo(whole);
    end(start(List.of("resume", run.toString())));
    assertThat(result(run)).isEqualTo(whole);
    assertThat(Files.readString(run.resolve("run.json"))).contains("\"status\" : \"finished\"");
  }

  private static void kill(int times, long seed) throws Exception {
    SplittableRandom random = new SplittableRandom(seed);
    List<String> stages = new ArrayList<>();
    for (int i = 0; i < times; i++) {
      Path run = folder.resolve("killed" + i);
      killAfter(random.nextDouble(0.2, 1), train(run));
      stages.add(stage(run));
      if (i % 3 == 1 && isBegun(run)) {
        killAfter(random.nextDouble(0.2, 0.7), List.of("resume", run.toString()));
        stages.add("again: " + stage(run));
      }
      if (!Files.exists(run)) {
        end(start(isBegun(run) ? List.of("resume", run.toString()) : train(run)));
      }
      assertThat(result(run)).as("killed at %s", stages).isEqualTo(whole);
      assertThat(folder.resolve("killed" + i + ".unfinished")).doesNotExist();
      delete(run);
    }
    System.out.println("Killed " + times + " runs: " + stages);
  }

  private static void killAfter(double share, List<String> words) throws Exception {
    Process process = start(words);
    process.waitFor((long) (duration.toMillis() * share), TimeUnit.MILLISECONDS);
    process.destroyForcibly().waitFor();
  }

  private static boolean isBegun(Path run) {
    return Files.exists(
        run.resolveSibling(run.getFileName() + ".unfinished/checkpoint/command.json"));
  }

  private static String stage(Path run) throws IOException {
    if (Files.exists(run)) {
      return "end";
    }
    if (!isBegun(run)) {
      return "start";
    }
    Path checkpoints = run.resolveSibling(run.getFileName() + ".unfinished/checkpoint");
    try (Stream<Path> inside = Files.list(checkpoints)) {
      return "checkpoint "
          + inside
              .map(path -> path.getFileName().toString())
              .filter(name -> name.matches("\\d+"))
              .max(Comparator.naturalOrder())
              .map(Integer::parseInt)
              .orElse(0);
    }
  }

  private static List<String> train(Path run) {
    return List.of(
        "train",
        data.toString(),
        "--backbone",
        RESIDUAL.toString(),
        "--head",
        "gap, batchnorm, dropout(0.3), dense(16, relu), dense(softmax)",
        "--unfreeze",
        "block2_*",
        "--epochs",
        "25",
        "--fine-tune-epochs",
        "25",
        "--fine-tune-learning-rate",
        "1e-4",
        "--early-stopping",
        "40",
        "--batch-size",
        "5",
        "--checkpoint-minutes",
        "0.0005",
        "--features",
        folder.resolve("features").toString(),
        "--out",
        run.toString());
  }

  /**
   * Whether this process was started with Ctrl-C switched off, as a shell does in the background:
   * its children inherit that, and a Java machine respects it.
   */
  private static boolean isInterruptIgnored() throws IOException {
    Path status = Path.of("/proc/self/status");
    if (!Files.exists(status)) {
      return false;
    }
    String ignored =
        Files.readAllLines(status).stream()
            .filter(line -> line.startsWith("SigIgn:"))
            .findFirst()
            .orElseThrow();
    return (Long.parseUnsignedLong(ignored.substring(7).trim(), 16) & 0b10) != 0;
  }

  private static Process start(List<String> words) throws IOException {
    List<String> command = new ArrayList<>(isInterruptIgnored() ? DEFAULT_INTERRUPT : List.of());
    command.addAll(
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:+UseSerialGC",
            "-cp",
            System.getProperty("java.class.path"),
            Main.class.getName()));
    command.addAll(words);
    return new ProcessBuilder(command).redirectOutput(new File("target", "killed-run.out")).start();
  }

  private static void end(Process process) throws Exception {
    String said = new String(process.getErrorStream().readAllBytes());
    assertThat(process.waitFor()).as(said).isZero();
  }

  private static void delete(Path run) throws IOException {
    try (Stream<Path> walk = Files.walk(run)) {
      for (Path path : walk.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }

  /** Hashes of the weights and of the history. */
  private static Map<String, String> result(Path run) throws IOException {
    Map<String, String> hashes = new TreeMap<>();
    hashes.put("history", Sha256.of(run.resolve("history.csv")));
    try (Stream<Path> files = Files.walk(run.resolve("model/variables"))) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        hashes.put(run.relativize(file).toString(), Sha256.of(file));
      }
    }
    assertThat(hashes).hasSize(3);
    return hashes;
  }
}
