package dev.graft.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.graft.model.Calibration;
import dev.graft.model.Calibrator;
import dev.graft.predict.CalibrationMemory;
import dev.graft.predict.CalibrationMemory.Measured;
import dev.graft.tensor.Arithmetic;
import dev.graft.tensor.Precision;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;

/**
 * Finds how this machine runs a model fastest: remembered, or measured in processes of their own,
 * since a process has one number of threads an op.
 */
final class Calibrating {
  static final String THREADS = "--threads";

  /** A job of fewer images is over before measuring pays. */
  private static final int MANY = 2000;

  /** Bytes of a Parquet file that is taken to have as many. */
  private static final long LONG = 20_000_000;

  /**
   * Each way is measured in so many processes, and the better counts: something else may have had
   * the machine for as long as one of them took.
   */
  private static final int ROUNDS = 2;

  private static final ObjectMapper JSON = new ObjectMapper();

  private final Console console;
  private final CalibrationMemory memory;

  Calibrating(Console console, CalibrationMemory memory) {
    this.console = console;
    this.memory = memory;
  }

  /** When to measure. */
  enum When {
    /** Before a long job, once for a machine and a backbone. */
    AUTO,
    /** Never, and leave out of account what is remembered. */
    NEVER,
    /** In any case. */
    AGAIN
  }

  /**
   * How to run a model; empty for the standard way. What can't be measured is no failure.
   *
   * @param input whose images are to be run
   * @param alone whether the process does nothing but run the model; its number of threads is then
   *     set
   */
  Optional<Calibration> find(
      When when, Path model, Precision precision, Path input, boolean alone) {
    if (when == When.NEVER || Integer.getInteger(Arithmetic.THREADS, 0) != 0) {
      return Optional.empty();
    }
    List<Measured> measured = measured(when, model, precision, input);
    Optional<Calibration> best = CalibrationMemory.best(measured, alone);
    best.ifPresent(
        way -> console.say("Runs, as measured on this machine: " + way.describe() + "."));
    return best;
  }

  private List<Measured> measured(When when, Path model, Precision precision, Path input) {
    List<Measured> known;
    boolean many;
    try {
      known = memory.find(model, precision);
      many = hasMany(input);
    } catch (IOException | UncheckedIOException e) {
      return List.of(); // the job says what is wrong with its model or its input
    }
    if (when != When.AGAIN && (!known.isEmpty() || !many)) {
      return known;
    }
    try {
      return measure(model, precision);
    } catch (IOException e) {
      console.warn("Runs as on any machine, because measuring failed: " + Failures.sentence(e));
      return List.of();
    }
  }

  /** Sets the number of threads an op of this process, which must not have run a graph yet. */
  static void apply(Calibration way) {
    if (way.threads() > 0) {
      System.setProperty(Arithmetic.THREADS, String.valueOf(way.threads()));
    }
  }

  /**
   * Measures a model and remembers what came of it.
   *
   * @throws IOException when the model can't be run
   */
  List<Measured> measure(Path model, Precision precision) throws IOException {
    List<Integer> threads = Calibrator.threads(Runtime.getRuntime().availableProcessors());
    Map<Calibration, Double> rates = new LinkedHashMap<>();
    try (Progress progress = console.progress("calibrating", ROUNDS * threads.size(), "steps")) {
      progress.note("once for this backbone on this machine");
      for (int round = 0; round < ROUNDS; round++) {
        for (int one : threads) {
          for (Measured way : measure(model, precision, one)) {
            rates.merge(way.way(), way.imagesPerSecond(), Math::max);
          }
          progress.step(1);
        }
      }
    }
    List<Measured> measured =
        rates.entrySet().stream().map(way -> new Measured(way.getKey(), way.getValue())).toList();
    memory.remember(model, precision, measured);
    return measured;
  }

  private static List<Measured> measure(Path model, Precision precision, int threads)
      throws IOException {
    Process process = new ProcessBuilder(command(model, precision, threads)).start();
    try {
      process.getOutputStream().close();
      CompletableFuture<String> failure =
          CompletableFuture.supplyAsync(() -> text(process.getErrorStream()));
      String said = text(process.getInputStream());
      if (process.waitFor() != ExitCode.DONE.code()) {
        throw new IOException(sentence(failure.join()));
      }
      List<Measured> measured = new ArrayList<>();
      for (JsonNode way : JSON.readTree(said).path("measured")) {
        measured.add(
            new Measured(
                Calibration.parse(way.path("way").asText()),
                way.path("imagesPerSecond").asDouble()));
      }
      return measured;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("Interrupted while the machine was being measured.", e);
    } finally {
      process.destroyForcibly();
    }
  }

  /** Both streams are read at once, or a process with much to say would wait for ever. */
  private static String text(InputStream said) {
    try {
      return new String(said.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What the command said of its failure; TensorFlow writes to the same stream. */
  private static String sentence(String said) {
    return said.lines()
        .filter(line -> line.startsWith("graft: "))
        .reduce((first, last) -> last)
        .map(line -> line.substring("graft: ".length()))
        .orElse("The process that measures ended without a word.");
  }

  /** This program again, in a Java that was started as this one was. */
  private static List<String> command(Path model, Precision precision, int threads) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
            .filter(
                argument -> !argument.startsWith("-agentlib") && !argument.startsWith("-javaagent"))
            .toList());
    command.add("-D" + Arithmetic.THREADS + "=" + threads);
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.addAll(List.of(Main.class.getName(), "calibrate", model.toString()));
    command.addAll(List.of("--precision", precision.word()));
    command.addAll(List.of(THREADS, String.valueOf(threads), "--json", "--quiet"));
    return command;
  }

  private static boolean hasMany(Path input) throws IOException {
    if (Files.isDirectory(input)) {
      try (Stream<Path> files = Files.walk(input)) {
        return files.filter(Files::isRegularFile).limit(MANY).count() == MANY;
      }
    }
    if (input.toString().toLowerCase(Locale.ROOT).endsWith(".parquet")) {
      return Files.size(input) > LONG;
    }
    try (Stream<String> lines = Files.lines(input, StandardCharsets.ISO_8859_1)) {
      return lines.limit(MANY).count() == MANY;
    }
  }
}
