package dev.graft.handoff;

import dev.graft.data.Preparation;
import dev.graft.data.Task;
import dev.graft.savedmodel.ModelFormatException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What a model's sender says about it: {@code handoff.json} of {@code docs/handoff-format.md},
 * version 1. An immutable value.
 *
 * @param model what the model is
 * @param weights where its weights come from
 * @param versions of Graft, Python, TensorFlow, Keras and so on, by lower-case name
 * @param signature what to call
 * @param signatures the others that the model has, if any are known; their inputs and outputs have
 *     the aliases of {@code signature} where they are the same
 * @param preparation how a file becomes an input; empty if the model does not take images
 * @param task what the model answers, if it was trained for one
 * @param labels names of the classes, labels or numbers in the order of the output's last axis, if
 *     there are any
 * @param layers in the order of the model
 * @param files SHA-256 of every file in the folder except {@code handoff.json}, by path with {@code
 *     /}
 * @param golden what the model answered where it was made, if it was recorded
 * @param precision of the backbone, where it is not float32
 * @param training for a trained model what made it, in free form: texts, numbers, booleans, nulls,
 *     lists and maps
 */
public record Handoff(
    ModelInfo model,
    WeightsInfo weights,
    Map<String, String> versions,
    Signature signature,
    List<Signature> signatures,
    Optional<Preparation> preparation,
    Optional<Task.Kind> task,
    Optional<List<String>> labels,
    List<Layer> layers,
    Map<String, String> files,
    Optional<Golden> golden,
    Optional<BackbonePrecision> precision,
    Optional<Map<String, Object>> training) {
  /** The name of the file in a model's folder. */
  public static final String FILE_NAME = "handoff.json";

  /** The newest version of the format that this Graft reads, and the one that it writes. */
  public static final int VERSION = 1;

  /** The member of {@code training} that {@link #trained()} reads. */
  public static final String TRAINED = "trained";

  static final String FORMAT = "graft-handoff";

  /**
   * Copies the lists and maps, and checks that the parts fit together.
   *
   * @throws IllegalArgumentException if two layers or variables share a name, a path leaves the
   *     folder, a hash is none, the list of labels is empty, or golden samples are of an output
   *     that the signature does not have
   */
  public Handoff {
    versions = ordered(versions);
    signatures = List.copyOf(signatures);
    labels = labels.map(List::copyOf);
    layers = List.copyOf(layers);
    files = ordered(files);
    training = training.map(Handoff::ordered);
    files.keySet().forEach(Checks::path);
    files.values().forEach(Checks::sha256);
    Checks.distinct("name of a layer", layers.stream().map(Layer::name));
    Checks.distinct("name of a variable", variables(layers).stream().map(LayerVariable::name));
    Checks.distinct("key of a variable", variables(layers).stream().map(LayerVariable::key));
    if (labels.isPresent() && labels.get().isEmpty()) {
      throw new IllegalArgumentException("The list of labels must be null or not empty.");
    }
    List<Signature> others = signatures;
    Checks.distinct("name of a signature", allSignatures(signature, others).map(Signature::name));
    golden.ifPresent(
        samples -> {
          requireOutputs(List.of(signature), samples.outputs().keySet());
          requireOutputs(others, samples.otherOutputs().keySet());
        });
  }

  private static <T> Map<String, T> ordered(Map<String, T> map) {
    return Collections.unmodifiableMap(new LinkedHashMap<>(map));
  }

  private static Stream<Signature> allSignatures(Signature first, List<Signature> others) {
    return Stream.concat(Stream.of(first), others.stream());
  }

  private static void requireOutputs(List<Signature> signatures, Set<String> golden) {
    List<String> known = signatures.stream().flatMap(Signature::outputAliases).toList();
    List<String> unknown = golden.stream().filter(alias -> !known.contains(alias)).toList();
    if (!unknown.isEmpty()) {
      throw new IllegalArgumentException(
          "The signature has the outputs %s, but there are golden samples of %s."
              .formatted(known, unknown));
    }
  }

  /** All signatures that are known, the one to call first. */
  public List<Signature> allSignatures() {
    return allSignatures(signature, signatures).toList();
  }

  /**
   * Everything that the handoff names must be in the list of files, so that its hash is checked.
   */
  void requireListed() {
    List<String> named = new ArrayList<>(List.of("saved_model.pb"));
    weights.file().ifPresent(named::add);
    golden.ifPresent(samples -> named.addAll(samples.files()));
    List<String> unlisted = named.stream().filter(path -> !files.containsKey(path)).toList();
    if (!unlisted.isEmpty()) {
      throw new IllegalArgumentException(
          "The list of files must have every file that the handoff names, but lacks %s."
              .formatted(String.join(", ", unlisted)));
    }
  }

  /** The variables of all layers, in order. */
  public List<LayerVariable> variables() {
    return variables(layers);
  }

  private static List<LayerVariable> variables(List<Layer> layers) {
    return layers.stream().flatMap(layer -> layer.variables().stream()).toList();
  }

  /**
   * Names of the variables that training changed or made; empty where the handoff does not say.
   * What a trained model has besides is frozen.
   */
  public Optional<List<String>> trained() {
    return training
        .map(made -> made.get(TRAINED))
        .filter(List.class::isInstance)
        .map(names -> ((List<?>) names).stream().map(String::valueOf).toList());
  }

  /** The preparation as {@code handoff.json} has it, if there is one. */
  public Optional<Map<String, Object>> preparationAsJson() {
    return preparation.map(HandoffWriter::preparation);
  }

  /** This handoff with another list of files; see {@link #hashFiles}. */
  public Handoff withFiles(Map<String, String> files) {
    return new Handoff(
        model,
        weights,
        versions,
        signature,
        signatures,
        preparation,
        task,
        labels,
        layers,
        files,
        golden,
        precision,
        training);
  }

  /** This handoff with other signatures, {@code first} to call. */
  public Handoff withSignatures(Signature first, List<Signature> others) {
    return new Handoff(
        model,
        weights,
        versions,
        first,
        others,
        preparation,
        task,
        labels,
        layers,
        files,
        golden,
        precision,
        training);
  }

  /** This handoff with other layers. */
  public Handoff withLayers(List<Layer> layers) {
    return new Handoff(
        model,
        weights,
        versions,
        signature,
        signatures,
        preparation,
        task,
        labels,
        layers,
        files,
        golden,
        precision,
        training);
  }

  /** This handoff with golden samples. */
  public Handoff withGolden(Golden golden) {
    return new Handoff(
        model,
        weights,
        versions,
        signature,
        signatures,
        preparation,
        task,
        labels,
        layers,
        files,
        Optional.of(golden),
        precision,
        training);
  }

  /** This handoff of a model whose backbone is computed in other numbers than float32. */
  public Handoff withPrecision(BackbonePrecision precision) {
    return new Handoff(
        model,
        weights,
        versions,
        signature,
        signatures,
        preparation,
        task,
        labels,
        layers,
        files,
        golden,
        Optional.of(precision),
        training);
  }

  /**
   * Reads the handoff of a model. The files that it lists are not looked at: see {@link
   * #checkFiles}.
   *
   * @param modelFolder a SavedModel folder
   * @return empty if the folder has no {@code handoff.json}
   * @throws ModelFormatException if it has one that cannot be used: no JSON, another format, a
   *     newer version, a member that is missing or of another kind, a path that leaves the folder
   * @throws IOException if the file cannot be read
   */
  public static Optional<Handoff> read(Path modelFolder) throws IOException {
    Path file = modelFolder.resolve(FILE_NAME);
    return Files.exists(file) ? Optional.of(HandoffReader.read(file)) : Optional.empty();
  }

  /**
   * Writes {@code handoff.json} into a folder, replacing one that is there; the file appears whole.
   * Equal handoffs with equal orders give the same bytes.
   *
   * @param folder must exist
   * @throws IllegalStateException if the list of files lacks one that this handoff names
   * @throws IOException if the file cannot be written
   */
  public void write(Path folder) throws IOException {
    try {
      requireListed();
    } catch (IllegalArgumentException e) {
      throw new IllegalStateException(e.getMessage(), e);
    }
    HandoffWriter.write(this, folder);
  }

  /**
   * SHA-256 of every file below a folder except its {@code handoff.json}.
   *
   * @return by path with {@code /}, sorted
   * @throws IOException if a file cannot be read
   */
  public static Map<String, String> hashFiles(Path folder) throws IOException {
    return FileHashes.of(folder);
  }

  /**
   * Compares every file below a folder with the list of files.
   *
   * @throws IOException if a file cannot be read
   */
  public FileDifferences compareFiles(Path folder) throws IOException {
    return FileHashes.compare(folder, files);
  }

  /**
   * Requires every listed file to be there and as listed.
   *
   * @return the files that are not listed: worth a warning
   * @throws ModelFormatException if files are missing or changed, with the paths of all of them
   * @throws IOException if a file cannot be read
   */
  public List<String> checkFiles(Path folder) throws IOException {
    FileDifferences differences = compareFiles(folder);
    if (!differences.allAsListed()) {
      throw new ModelFormatException(
          folder,
          "%s is not what its handoff.json lists: %s. Copy or export the model again."
              .formatted(folder, differences));
    }
    return differences.unexpected();
  }
}
