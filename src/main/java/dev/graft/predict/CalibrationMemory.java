package dev.graft.predict;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import dev.graft.data.Sha256;
import dev.graft.data.UserCache;
import dev.graft.handoff.Handoff;
import dev.graft.handoff.Layer;
import dev.graft.handoff.Versions;
import dev.graft.model.Calibration;
import dev.graft.tensor.Precision;
import dev.graft.tensor.Processor;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How fast models ran on machines in several ways, one small JSON file for a machine, a backbone
 * and a precision: heads take no time, so all models on one backbone share a file. A value; safe
 * for many threads and processes.
 *
 * @param folder of the files; need not exist
 */
public record CalibrationMemory(Path folder) {
  private static final ObjectMapper JSON =
      new ObjectMapper()
          .enable(SerializationFeature.INDENT_OUTPUT)
          .addMixIn(Calibration.class, AsText.class);

  /** The part of the fastest way's speed from which another counts as fast. */
  private static final double AS_FAST = 0.9;

  /** A calibration is kept as people read it. */
  private abstract static class AsText {
    @JsonCreator
    @SuppressWarnings("unused")
    static Calibration parse(String text) {
      throw new IllegalStateException("Only its signature is used.");
    }

    @JsonValue
    abstract String describe();
  }

  /**
   * A way and how fast it was.
   *
   * @param way in which the model ran
   * @param imagesPerSecond that it then took
   */
  public record Measured(Calibration way, double imagesPerSecond) {}

  /** What a file holds. */
  private record Stored(Map<String, String> machine, List<Measured> measured) {}

  /** The memory of the user, in {@link UserCache}. */
  public static CalibrationMemory ofUser() {
    return new CalibrationMemory(UserCache.folder().resolve("calibration"));
  }

  /**
   * The fastest of some ways. Where ways are about as fast, the one with the fewest threads an op:
   * beside the model, which alone was measured, images are decoded, and an op that is shared by all
   * threads waits for the one that decodes.
   *
   * @param anyThreads whether the process does nothing but run the model, so that ways with any
   *     number of threads an op are good; else only those with all
   */
  public static Optional<Calibration> best(List<Measured> measured, boolean anyThreads) {
    List<Measured> good =
        measured.stream().filter(one -> anyThreads || one.way().threads() == 0).toList();
    double fastest = good.stream().mapToDouble(Measured::imagesPerSecond).max().orElse(0);
    return good.stream()
        .filter(one -> one.imagesPerSecond() >= AS_FAST * fastest)
        .min(
            Comparator.comparingInt(CalibrationMemory::threads)
                .thenComparingDouble(one -> -one.imagesPerSecond()))
        .map(Measured::way);
  }

  private static int threads(Measured measured) {
    int threads = measured.way().threads();
    return threads == 0 ? Integer.MAX_VALUE : threads;
  }

  /**
   * What was measured of a model's backbone on this machine; empty when nothing was, or when what
   * is remembered can't be read.
   *
   * @param modelOrRun a SavedModel folder with a handoff, or a run's folder
   * @throws IOException when the model's handoff can't be read
   */
  public List<Measured> find(Path modelOrRun, Precision precision) throws IOException {
    Path file = file(modelOrRun, precision);
    try {
      return Files.exists(file)
          ? JSON.readValue(file.toFile(), Stored.class).measured()
          : List.of();
    } catch (JacksonException e) {
      return List.of(); // it is measured again
    }
  }

  /**
   * Keeps what was measured in place of what was before.
   *
   * @throws IOException when the model's handoff can't be read or the file not be written
   */
  public void remember(Path modelOrRun, Precision precision, List<Measured> measured)
      throws IOException {
    Path file = file(modelOrRun, precision);
    Files.createDirectories(folder);
    Path beside = Files.createTempFile(folder, "new", ".json");
    Stored stored = new Stored(key(modelOrRun, precision), measured);
    Files.write(beside, JSON.writeValueAsBytes(stored));
    Files.move(beside, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  private Path file(Path modelOrRun, Precision precision) throws IOException {
    Map<String, String> key = key(modelOrRun, precision);
    String hash =
        Sha256.of(
            out -> {
              for (Map.Entry<String, String> part : key.entrySet()) {
                out.write((part + "\n").getBytes(StandardCharsets.UTF_8));
              }
            });
    return folder.resolve(hash + ".json");
  }

  /** What decides which way is fastest. */
  private static Map<String, String> key(Path modelOrRun, Precision precision) throws IOException {
    Path folder = ModelFolder.of(modelOrRun);
    Optional<Handoff> handoff = Handoff.read(folder);
    Map<String, String> key = new LinkedHashMap<>();
    key.put(
        "backbone",
        handoff.isPresent()
            ? backbone(handoff.get())
            : Sha256.of(folder.resolve("saved_model.pb")));
    key.put("precision", precision.word());
    key.put("processor", Processor.name());
    key.put("processors", String.valueOf(Runtime.getRuntime().availableProcessors()));
    key.put("platform", System.getProperty("os.name") + " " + System.getProperty("os.arch"));
    key.putAll(Versions.current());
    return key;
  }

  private static String backbone(Handoff handoff) throws IOException {
    return Sha256.of(
        out -> {
          for (Layer layer : handoff.layers()) {
            if (!layer.name().startsWith("head/")) {
              String text =
                  layer.name() + " " + layer.className() + " " + layer.outputShape() + "\n";
              out.write(text.getBytes(StandardCharsets.UTF_8));
            }
          }
          String images = handoff.preparation().map(Object::toString).orElse("");
          out.write(images.getBytes(StandardCharsets.UTF_8));
        });
  }
}
