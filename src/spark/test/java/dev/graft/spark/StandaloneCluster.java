package dev.graft.spark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A master and workers of one core each, as processes of this machine that listen on the loopback.
 * Owns them; close it.
 */
final class StandaloneCluster implements AutoCloseable {
  private static final Pattern ADDRESS = Pattern.compile("Starting Spark master at (spark://\\S+)");
  private static final Duration PATIENCE = Duration.ofMinutes(5);

  private final SparkInstallation spark;
  private final Path folder;
  private final List<Process> workers = new ArrayList<>();
  private final Process master;
  private final String address;

  StandaloneCluster(SparkInstallation spark, Path folder, int workers)
      throws IOException, InterruptedException {
    this.spark = spark;
    this.folder = Files.createDirectories(folder);
    Path log = folder.resolve("master.log");
    master = start(log, "master.Master", "--host", "127.0.0.1", "--port", "0");
    try {
      address = awaitIn(log, ADDRESS);
      for (int i = 0; i < workers; i++) {
        this.workers.add(worker(i));
      }
      awaitIn(log, Pattern.compile("((?:Registering worker[\\s\\S]*){" + workers + "})"));
    } catch (IOException | InterruptedException | RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  private Process worker(int number) throws IOException {
    Path work = folder.resolve("worker" + number);
    return start(
        folder.resolve("worker" + number + ".log"),
        "worker.Worker",
        "--host",
        "127.0.0.1",
        "--cores",
        "1",
        "--memory",
        "1g",
        "--work-dir",
        work.toAbsolutePath().toString(),
        address);
  }

  private Process start(Path log, String main, String... arguments) throws IOException {
    List<String> words = new ArrayList<>(List.of("org.apache.spark.deploy." + main));
    words.addAll(List.of("--webui-port", "0"));
    words.addAll(List.of(arguments));
    return spark.program("spark-class", words, log).start();
  }

  /** What stands in a log behind the words that are waited for. */
  private static String awaitIn(Path log, Pattern words) throws IOException, InterruptedException {
    Instant end = Instant.now().plus(PATIENCE);
    while (Instant.now().isBefore(end)) {
      Matcher found = words.matcher(Files.exists(log) ? Files.readString(log) : "");
      if (found.find()) {
        return found.group(1);
      }
      Thread.sleep(100);
    }
    throw new AssertionError(log + " does not say " + words + ":\n" + Files.readString(log));
  }

  /** The master's URL. */
  String address() {
    return address;
  }

  /** Ends a worker and its executor at once, as a broken machine would. */
  void kill(int worker) throws InterruptedException {
    Process process = workers.get(worker);
    List<ProcessHandle> executors = process.descendants().toList();
    process.destroyForcibly();
    executors.forEach(ProcessHandle::destroyForcibly);
    process.waitFor();
  }

  /** What is in the files of a name that the executors of a worker wrote in their folders. */
  List<String> executorFiles(int worker, String name) throws IOException {
    List<String> contents = new ArrayList<>();
    try (Stream<Path> files = Files.walk(folder.resolve("worker" + worker))) {
      for (Path file : files.filter(inside -> inside.endsWith(name)).toList()) {
        contents.add(Files.readString(file));
      }
    }
    return contents;
  }

  @Override
  public void close() {
    List<Process> all = new ArrayList<>(workers);
    all.add(master);
    for (Process process : all) {
      List<ProcessHandle> executors = process.descendants().toList();
      process.destroy();
      try {
        if (!process.waitFor(20, TimeUnit.SECONDS)) {
          process.destroyForcibly();
        }
      } catch (InterruptedException e) {
        process.destroyForcibly();
        Thread.currentThread().interrupt();
      }
      executors.forEach(ProcessHandle::destroyForcibly);
    }
  }
}
