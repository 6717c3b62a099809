package dev.graft.spark;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.graft.batch.BatchListener;
import dev.graft.batch.BatchPredictor;
import dev.graft.batch.BatchSettings;
import dev.graft.export.TinyClassifier;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code spark-submit} of {@link BatchJob} to two workers, one of which dies. */
class BatchJobIT {
  private static final int RECORDS = 6_000;
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir private Path folder;

  private final SparkInstallation spark = new SparkInstallation();

  @Test
  void aJobThatLosesAWorkerEndsWithAllRecordsAndTheSameBits() throws Exception {
    Path model = TinyClassifier.export(folder.resolve("model"));
    Path list = list();
    Path out = folder.resolve("out");
    try (StandaloneCluster cluster = new StandaloneCluster(spark, folder.resolve("cluster"), 2)) {
      Process job = submit(cluster, model, list, out);
      try {
        awaitFirstResult(job, out);
        cluster.kill(0);
        assertThat(out).as("the job was still at work").doesNotExist();
        awaitSuccess(job, log(1));
      } finally {
        destroy(job);
      }
      assertThat(Files.readString(log(1))).contains("Lost executor");
      assertOneModelLoadedAndClosed(cluster);

      Process again = submit(cluster, model, list, out);
      try {
        awaitSuccess(again, log(2));
      } finally {
        destroy(again);
      }
      assertThat(Files.readString(log(2))).contains("is there already, made by the same job");
    }
    assertSame(out, reference(model, list));
  }

  private static void awaitSuccess(Process job, Path log) throws Exception {
    assertThat(job.waitFor(10, TimeUnit.MINUTES)).as(Files.readString(log)).isTrue();
    assertThat(job.exitValue()).as(Files.readString(log)).isZero();
  }

  /** The script that Spark starts replaces itself by Java, but not on every system. */
  private static void destroy(Process job) {
    job.descendants().forEach(ProcessHandle::destroyForcibly);
    job.destroyForcibly();
  }

  /**
   * By the file that the executor writes: a worker stops reading its output before it ends, which
   * may be after the job has.
   */
  private static void assertOneModelLoadedAndClosed(StandaloneCluster cluster) throws Exception {
    Instant end = Instant.now().plus(Duration.ofMinutes(1));
    List<String> logs = cluster.executorFiles(1, "models.log");
    while (!logs.toString().contains("Closed") && Instant.now().isBefore(end)) {
      Thread.sleep(100);
      logs = cluster.executorFiles(1, "models.log");
    }
    assertThat(logs).hasSize(1);
    assertThat(logs.get(0).lines())
        .satisfiesExactly(
            first -> assertThat(first).startsWith("Loaded the model"),
            last -> assertThat(last).startsWith("Closed the model"));
  }

  /** Digits again and again, one record in a hundred not there. */
  private Path list() throws IOException {
    List<String> paths = new ArrayList<>(List.of("path,number"));
    for (int i = 0; i < RECORDS; i++) {
      Path image = Path.of("testdata", "digits", "%d".formatted(i % 10));
      String name = i % 100 == 99 ? "none" + i + ".png" : "%03d.png".formatted(i / 10 % 100);
      paths.add(image.toAbsolutePath().resolve(name) + "," + i);
    }
    return Files.write(folder.resolve("list.csv"), paths);
  }

  private Path log(int number) {
    return folder.resolve("submit" + number + ".log");
  }

  private Process submit(StandaloneCluster cluster, Path model, Path list, Path out)
      throws IOException {
    int number = Files.exists(log(1)) ? 2 : 1;
    List<String> words = new ArrayList<>(List.of("--master", cluster.address()));
    words.addAll(List.of("--executor-memory", "512m", "--driver-memory", "512m"));
    words.addAll(List.of("--conf", "spark.ui.enabled=false"));
    words.addAll(
        List.of("--conf", "spark.executor.extraJavaOptions=-Dgraft.models.log=models.log"));
    words.addAll(List.of("--conf", "spark.default.parallelism=6")); // 24 tasks
    words.addAll(List.of("--class", "dev.graft.spark.BatchJob"));
    words.add(SparkInstallation.jar().toString());
    words.addAll(List.of(model.toString(), list.toString(), "--out", out.toString()));
    words.addAll(List.of("--top", "2"));
    return spark.program("spark-submit", words, log(number)).start();
  }

  /** Until a task has put its part of the result where the job collects them. */
  private void awaitFirstResult(Process job, Path out) throws Exception {
    Path collected = Path.of(out + ".partial", "_temporary", "0");
    Instant end = Instant.now().plus(Duration.ofMinutes(10));
    while (job.isAlive() && Instant.now().isBefore(end)) {
      if (Files.isDirectory(collected)) {
        try (Stream<Path> tasks = Files.list(collected)) {
          if (tasks.anyMatch(task -> task.getFileName().toString().startsWith("task_"))) {
            return;
          }
        }
      }
      Thread.sleep(20);
    }
    throw new AssertionError("No task ended:\n" + Files.readString(log(1)));
  }

  private Path reference(Path model, Path list) throws IOException {
    Path file = folder.resolve("reference.parquet");
    BatchPredictor.of(BatchSettings.of(model, list), file).withTop(2).run(BatchListener.none());
    return file;
  }

  /** Spark reads both; which image is which number says the column carried over from the list. */
  private void assertSame(Path out, Path reference) throws Exception {
    Path said = folder.resolve("compared.json");
    List<String> words = List.of("src/test/python/spark_compared.py", out.toString());
    List<String> all = new ArrayList<>(words);
    all.addAll(List.of(reference.toString(), said.toString()));
    Process compare = spark.program("spark-submit", all, folder.resolve("compare.log")).start();
    assertThat(compare.waitFor()).as(Files.readString(folder.resolve("compare.log"))).isZero();
    JsonNode compared = JSON.readTree(said.toFile());
    int good = RECORDS / 100 * 99;
    assertThat(compared.get("rows").asInt()).isEqualTo(good);
    assertThat(compared.get("numbers").asInt()).isEqualTo(good);
    assertThat(compared.get("different").asInt()).isZero();
    assertThat(compared.get("rejected").asInt()).isEqualTo(RECORDS / 100);
    assertThat(compared.get("reasons")).hasSize(1);
    assertThat(compared.get("reasons").get(0).asText()).isEqualTo("does not exist");
    assertThat(JSON.readTree(out.resolve("_summary.json").toFile()).get("images").asInt())
        .isEqualTo(good);
  }
}
