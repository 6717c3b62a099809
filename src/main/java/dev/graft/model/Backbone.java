package dev.graft.model;

import dev.graft.data.Preparation;
import dev.graft.handoff.BackbonePrecision;
import dev.graft.handoff.Handoff;
import dev.graft.handoff.Layer;
import dev.graft.handoff.LayerVariable;
import dev.graft.savedmodel.FlatInput;
import dev.graft.savedmodel.FlatModel;
import dev.graft.savedmodel.FlatOutput;
import dev.graft.savedmodel.FlatVariable;
import dev.graft.savedmodel.ModelFormatException;
import dev.graft.savedmodel.Rewrites;
import dev.graft.savedmodel.SavedModel;
import dev.graft.tensor.HostTensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.tensorflow.proto.DataType;

/**
 * A Keras model that was exported as a SavedModel, with or without a handoff: its graph in one
 * piece, its layers and variables, and how it wants its images. Holds no native memory; safe for
 * use by several threads.
 */
public final class Backbone {
  private final SavedModel saved;
  private final FlatModel flat;
  private final Optional<Handoff> handoff;
  private final Optional<String> output;
  private final Optional<String> outputLayer;
  private final Optional<FlatModel> training;
  private final List<BackboneLayer> layers;
  private final Map<String, String> layerOfVariable;

  private Backbone(
      SavedModel saved,
      FlatModel flat,
      Optional<Handoff> handoff,
      Optional<String> output,
      Optional<String> outputLayer,
      Optional<FlatModel> training,
      List<BackboneLayer> layers) {
    this.saved = saved;
    this.flat = flat;
    this.handoff = handoff;
    this.output = output;
    this.outputLayer = outputLayer;
    this.training = training;
    this.layers = layers;
    this.layerOfVariable = new LinkedHashMap<>();
    layers.forEach(
        layer ->
            layer
                .variables()
                .forEach(variable -> layerOfVariable.put(variable.key(), layer.name())));
  }

  /**
   * Reads a model.
   *
   * @param folder with {@code saved_model.pb}
   * @throws ModelFormatException when the folder holds no model that can be used, a file of it does
   *     not have the hash that its handoff says, or it has several inputs or outputs and no handoff
   *     that says which to take
   * @throws IOException when it can't be read
   */
  public static Backbone load(Path folder) throws IOException {
    SavedModel saved = SavedModel.read(folder);
    Optional<Handoff> handoff = Handoff.read(folder);
    if (handoff.isPresent()) {
      handoff.get().checkFiles(folder);
    }
    String signature = handoff.map(known -> known.signature().name()).orElse(null);
    FlatModel flat = // the names of labels are nothing to train
        Rewrites.forGradients(
            saved.flatten(signature).withOutputs(output -> output.dtype() != DataType.DT_STRING));
    return new Backbone(
        saved,
        flat,
        handoff,
        soleOutput(flat),
        Optional.empty(),
        Optional.empty(),
        layers(flat, handoff));
  }

  /**
   * The same backbone, joined at another layer than its last.
   *
   * @param layer whose output the head will read; of a nested model {@code outer/inner}
   * @throws IllegalArgumentException when the graph has no such layer, or the layer does nothing in
   *     inference, as a dropout or a nested model's input, or the model computes in other numbers
   *     than float32
   */
  public Backbone withOutput(String layer) {
    requireFloat32();
    String tensor =
        LayerOutputs.find(flat.graph(), layer, layerNames()).orElseThrow(() -> noOutput(layer));
    return new Backbone(
        saved, flat, handoff, Optional.of(tensor), Optional.of(layer), training, layers);
  }

  /** Of an export in other numbers nothing but its own outputs is of use. */
  void requireFloat32() {
    Optional<BackbonePrecision> precision = handoff.flatMap(Handoff::precision);
    if (precision.isPresent()) {
      throw new IllegalArgumentException(
          "%s computes in %s, so nothing is trained on it and only its own outputs are read: give the model in float32."
              .formatted(saved.directory(), precision.get().backbone().word()));
    }
  }

  private IllegalArgumentException noOutput(String layer) {
    return new IllegalArgumentException(
        layerNames().contains(layer)
            ? "Layer \"%s\" of %s does nothing in inference, so no head can be joined to it: name the layer before it."
                .formatted(layer, flat.source())
            : "No layer of %s is called \"%s\"; its layers are %s."
                .formatted(flat.source(), layer, String.join(", ", layerNames())));
  }

  /**
   * The same backbone for images of a given size, which its graph must allow.
   *
   * @throws IllegalArgumentException when the model has a fixed other size, or several inputs
   */
  public Backbone withInputSize(int height, int width) {
    FlatInput input = soleInput();
    List<Long> asked = List.of(-1L, (long) height, (long) width, channels(input));
    FlatModel sized = InputSize.set(flat, input, asked);
    return new Backbone(saved, sized, handoff, output, outputLayer, training, layers);
  }

  /**
   * The same backbone, whose unfrozen layers run as in Keras's {@code fit} while they are trained:
   * BatchNorm by the statistics of the batch, with its moving statistics updated, and dropout
   * active. Frozen layers stay in inference mode.
   *
   * @throws IllegalArgumentException when the model has no signature for it
   * @throws IOException when that signature can't be used
   */
  public Backbone withTrainingMode() throws IOException {
    if (handoff.isEmpty() || !saved.signatures().contains(TrainingPath.SIGNATURE)) {
      throw new IllegalArgumentException(
          source()
              + " can't train by batch statistics: it has the signatures "
              + saved.signatures()
              + " but not \""
              + TrainingPath.SIGNATURE
              + "\"; export it again with graft-export --with-training, or train with --batch-norm"
              + " inference.");
    }
    FlatModel path = Rewrites.forGradients(saved.flatten(TrainingPath.SIGNATURE));
    return new Backbone(saved, flat, handoff, output, outputLayer, Optional.of(path), layers);
  }

  /** How it runs while it is trained, if not as in inference. */
  Optional<TrainingPath> trainingPath() {
    return training.map(path -> TrainingPath.of(flat, path, layerNames()));
  }

  /** The tensor that a head joins in the training path, {@code node:index}. */
  String trainingOutput() {
    TrainingPath path = trainingPath().orElseThrow();
    if (outputLayer.isEmpty()) {
      return path.outputs().get(flat.outputs().get(0).key());
    }
    return LayerOutputs.find(path.nodes(), outputLayer.get(), layerNames()).orElseThrow();
  }

  /**
   * Whether training changes a variable.
   *
   * @param unfrozen names of the layers that train
   */
  public boolean changes(FlatVariable variable, Set<String> unfrozen) {
    boolean updated =
        trainingPath().map(path -> path.updates().containsKey(variable.node())).orElse(false);
    return (variable.trainable() || updated) && unfrozen.contains(layerOf(variable));
  }

  /**
   * The same backbone for an input of a given shape, which its graph must allow.
   *
   * @param input one of the model's
   * @param shape with -1 for the batch
   * @throws IllegalArgumentException when the model has a fixed other size
   */
  public Backbone withInputShape(FlatInput input, List<Long> shape) {
    return new Backbone(
        saved, InputSize.set(flat, input, shape), handoff, output, outputLayer, training, layers);
  }

  /** What people call an input: its alias in the handoff, or its key. */
  public String inputName(FlatInput input) {
    return handoff.map(known -> known.signature().inputName(input.key())).orElse(input.key());
  }

  /** The folder that it was read from. */
  public Path source() {
    return flat.source();
  }

  /** What came with the model, if it has a handoff. */
  public Optional<Handoff> handoff() {
    return handoff;
  }

  /** How the model wants its images, if its handoff says so. */
  public Optional<Preparation> preparation() {
    return handoff.flatMap(Handoff::preparation);
  }

  /** The flat graph, rewritten so that it can be differentiated. */
  public FlatModel flat() {
    return flat;
  }

  /**
   * The tensor that a head joins, {@code node:index}.
   *
   * @throws IllegalArgumentException when the model has several outputs and none was chosen
   */
  public String output() {
    return output.orElseThrow(
        () ->
            new IllegalArgumentException(
                flat.source()
                    + " has the outputs "
                    + flat.outputs().stream().map(FlatOutput::key).toList()
                    + ", expected one that a head can join: name the layer"
                    + " (--backbone-output)."));
  }

  /** The layer that a head joins, if it is not the model's last. */
  public Optional<String> outputLayer() {
    return outputLayer;
  }

  /** The nodes that a head may join: that of {@link #output()}, or of all outputs. */
  List<String> ends() {
    Stream<String> tensors =
        output.isPresent() ? output.stream() : flat.outputs().stream().map(FlatOutput::tensor);
    return tensors.map(TensorName::parse).map(TensorName::node).toList();
  }

  /** Number of axes of the output that a head joins, the batch axis included. */
  public int outputRank() {
    return TensorShapes.of(flat.graph(), flat.inputs().stream().map(FlatInput::node).toList())
        .rank(TensorName.parse(output()));
  }

  /** The layers in the order of the model. */
  public List<BackboneLayer> layers() {
    return layers;
  }

  /** The names of the layers in the order of the model. */
  public List<String> layerNames() {
    return layers.stream().map(BackboneLayer::name).toList();
  }

  /** The name of the layer that a variable belongs to. */
  public String layerOf(FlatVariable variable) {
    return layerOfVariable.getOrDefault(variable.key(), prefix(variable));
  }

  /**
   * The only input.
   *
   * @throws IllegalArgumentException when there are several
   */
  public FlatInput soleInput() {
    if (flat.inputs().size() != 1) {
      throw new IllegalArgumentException(
          flat.source()
              + " has the inputs "
              + flat.inputs().stream().map(FlatInput::key).toList()
              + ", expected a single one that takes images.");
    }
    return flat.inputs().get(0);
  }

  /** Number of weights, trainable or not. */
  public long parameters() {
    return layers.stream().mapToLong(BackboneLayer::parameters).sum();
  }

  /**
   * Reads the weights, by the node of their variable. Each call reads the files again.
   *
   * @throws IOException when they can't be read
   */
  public Map<String, HostTensor> values() throws IOException {
    return saved.values(flat);
  }

  /**
   * Reads the weights that came with the model but have no part in what it answers, such as the
   * statistics that Keras's {@code Normalization} reads as constants; by layer. Each call reads the
   * files again.
   *
   * @throws IOException when they can't be read
   */
  public Map<String, Map<LayerVariable, HostTensor>> unread() throws IOException {
    Set<String> read = flat.variables().stream().map(FlatVariable::key).collect(Collectors.toSet());
    Map<String, Map<LayerVariable, HostTensor>> unread = new LinkedHashMap<>();
    for (Layer layer : handoff.map(Handoff::layers).orElse(List.of())) {
      for (LayerVariable variable : layer.variables()) {
        if (!read.contains(variable.key())) {
          unread
              .computeIfAbsent(layer.name(), name -> new LinkedHashMap<>())
              .put(variable, saved.checkpoint().read(variable.key()));
        }
      }
    }
    return unread;
  }

  private static long channels(FlatInput input) {
    return input.shape() == null || input.shape().size() != 4 ? 3 : input.shape().get(3);
  }

  private static Optional<String> soleOutput(FlatModel flat) {
    return flat.outputs().size() == 1
        ? Optional.of(flat.outputs().get(0).tensor())
        : Optional.empty();
  }

  private static List<BackboneLayer> layers(FlatModel flat, Optional<Handoff> handoff) {
    if (handoff.isEmpty()) {
      return derived(flat);
    }
    Map<String, FlatVariable> byKey =
        flat.variables().stream()
            .collect(Collectors.toMap(FlatVariable::key, Function.identity(), (a, b) -> a));
    List<BackboneLayer> layers = new ArrayList<>();
    for (Layer layer : handoff.get().layers()) {
      layers.add(
          new BackboneLayer(
              layer.name(),
              Optional.of(layer.className()),
              layer.outputShape(),
              layer.trainable(),
              layer.variables().stream()
                  .map(variable -> byKey.get(variable.key()))
                  .filter(Objects::nonNull)
                  .toList()));
    }
    return List.copyOf(layers);
  }

  private static List<BackboneLayer> derived(FlatModel flat) {
    Map<String, List<FlatVariable>> byLayer = new LinkedHashMap<>();
    flat.variables()
        .forEach(
            variable ->
                byLayer.computeIfAbsent(prefix(variable), name -> new ArrayList<>()).add(variable));
    List<BackboneLayer> layers = new ArrayList<>();
    byLayer.forEach(
        (name, variables) ->
            layers.add(
                new BackboneLayer(
                    name,
                    Optional.empty(),
                    Optional.empty(),
                    variables.stream().anyMatch(FlatVariable::trainable),
                    variables)));
    return List.copyOf(layers);
  }

  private static String prefix(FlatVariable variable) {
    int slash = variable.name().lastIndexOf('/');
    return slash < 0 ? variable.name() : variable.name().substring(0, slash);
  }
}
