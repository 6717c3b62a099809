package dev.graft.train;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import dev.graft.export.FolderDeletion;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The trials of a tuning on disk: {@code tuning.json}, and the same as a table in {@code
 * trials.csv}. Each is written beside its place and moved there after every trial, so that a tuning
 * that is killed loses the trial under way.
 */
final class TuningRecord {
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
  private static final String FILE = "tuning.json";
  private static final String FORMAT = "graft-tuning";

  private final Path folder;
  private final Map<String, String> settings;
  private final List<Trial> trials;

  private TuningRecord(Path folder, Map<String, String> settings, List<Trial> trials) {
    this.folder = folder;
    this.settings = settings;
    this.trials = new ArrayList<>(trials);
  }

  /**
   * Opens the folder of a tuning, or makes it.
   *
   * @param overwrite whether a tuning that is there already is deleted first
   * @param settings with which it must have been started
   * @throws IllegalArgumentException when something else is there
   */
  static TuningRecord open(Path folder, boolean overwrite, Map<String, String> settings)
      throws IOException {
    Path file = folder.resolve(FILE);
    boolean exists = Files.exists(file);
    if (!exists && Files.exists(folder) && !isEmpty(folder)) {
      throw new IllegalArgumentException(
          folder
              + " is not the folder of a tuning (it has no "
              + FILE
              + "): choose another --out.");
    }
    if (exists && overwrite) {
      FolderDeletion.delete(folder);
      exists = false;
    }
    List<Trial> trials = exists ? read(file, settings) : List.of();
    Files.createDirectories(folder);
    return new TuningRecord(folder, settings, trials);
  }

  private static boolean isEmpty(Path folder) throws IOException {
    try (var inside = Files.list(folder)) {
      return inside.findAny().isEmpty();
    }
  }

  private static List<Trial> read(Path file, Map<String, String> settings) throws IOException {
    try {
      JsonNode json = JSON.readTree(file.toFile());
      if (!json.path("format").asText().equals(FORMAT) || json.path("version").asInt() != 1) {
        throw new IOException(file + " is no record of a tuning that this version can read.");
      }
      requireSame(file.getParent(), json.get("settings"), settings);
      List<Trial> trials = new ArrayList<>();
      json.get("trials").forEach(trial -> trials.add(Trial.of(trial)));
      return trials;
    } catch (JsonProcessingException | NullPointerException e) {
      throw new IOException(
          file + " is damaged: start again with --overwrite, or choose another --out.", e);
    }
  }

  private static void requireSame(Path folder, JsonNode stored, Map<String, String> settings) {
    Map<String, String> before = new LinkedHashMap<>();
    stored.properties().forEach(entry -> before.put(entry.getKey(), entry.getValue().asText()));
    for (String name : settings.keySet()) {
      String was = before.get(name);
      if (!settings.get(name).equals(was)) {
        throw new IllegalArgumentException(
            "%s holds a tuning that was started with the %s %s, not %s: go on with the same settings, start again with --overwrite, or choose another --out."
                .formatted(folder, name, was, settings.get(name)));
      }
    }
  }

  /** The trials so far. */
  List<Trial> trials() {
    return List.copyOf(trials);
  }

  Optional<Trial> find(int rung, Candidate candidate) {
    return trials.stream().filter(trial -> trial.isOf(rung, candidate)).findFirst();
  }

  /** Keeps a trial. */
  void add(Trial trial) throws IOException {
    trials.add(trial);
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("format", FORMAT);
    json.put("version", 1);
    json.put("settings", settings);
    json.put("trials", trials.stream().map(Trial::toMap).toList());
    replace(FILE, JSON.writeValueAsString(json));
    replace("trials.csv", csv());
  }

  private String csv() {
    StringBuilder csv = new StringBuilder("rung,epochs,accuracy,loss,seconds,candidate\n");
    for (Trial trial : trials) {
      csv.append(
          "%d,%d,%s,%s,%s,\"%s\"%n"
              .formatted(
                  trial.rung(),
                  trial.epochs(),
                  number(trial.accuracy()),
                  number(trial.loss()),
                  trial.seconds(),
                  trial.candidate().replace("\"", "\"\"")));
    }
    return csv.toString();
  }

  private static String number(double value) {
    return Double.isNaN(value) ? "" : String.valueOf(value);
  }

  private void replace(String name, String text) throws IOException {
    Path partial = folder.resolve("." + name + ".partial");
    Files.writeString(partial, text);
    Files.move(
        partial,
        folder.resolve(name),
        StandardCopyOption.ATOMIC_MOVE,
        StandardCopyOption.REPLACE_EXISTING);
  }
}
