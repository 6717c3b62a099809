package dev.graft.export;

import dev.graft.data.Npy;
import dev.graft.data.NpyArray;
import dev.graft.data.Preparation;
import dev.graft.data.Sha256;
import dev.graft.data.Task;
import dev.graft.handoff.Golden;
import dev.graft.handoff.Handoff;
import dev.graft.handoff.Layer;
import dev.graft.handoff.LayerVariable;
import dev.graft.handoff.ModelInfo;
import dev.graft.handoff.Signature;
import dev.graft.handoff.TensorInfo;
import dev.graft.handoff.Versions;
import dev.graft.handoff.WeightsInfo;
import dev.graft.image.BadImageException;
import dev.graft.image.ImageReader;
import dev.graft.model.Backbone;
import dev.graft.model.BackboneLayer;
import dev.graft.model.FrozenGraph;
import dev.graft.model.ImageBatch;
import dev.graft.model.JoinedModel;
import dev.graft.predict.Verification;
import dev.graft.savedmodel.FlatInput;
import dev.graft.savedmodel.FlatVariable;
import dev.graft.tensor.HostTensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.tensorflow.proto.NodeDef;

/**
 * Writes a joined model as a SavedModel with a handoff: variables that Python sees under their
 * Keras names, signatures from prepared images and from the bytes of files to probabilities, logits
 * and labels, another to the backbone's features, the labels as an asset, golden samples, a model
 * card, warm-up requests for TensorFlow Serving. The same model gives the same bytes.
 */
public final class ModelExport {
  private static final String IMAGES = "images";
  private static final double TOLERANCE = 1e-5;

  private final JoinedModel model;
  private final Optional<Preparation> preparation;
  private final Map<String, Object> training;

  /** Prepares an export that says nothing of how the model was made. */
  public ModelExport(JoinedModel model, Preparation preparation) {
    this(model, preparation, Map.of());
  }

  /**
   * Prepares an export.
   *
   * @param preparation how the model's images are prepared
   * @param training what made the model, for the handoff: texts, numbers, booleans, lists and maps;
   *     nothing that differs from one run to the next of the same settings
   * @throws IllegalArgumentException when the model's input has another size than prepared images
   */
  public ModelExport(JoinedModel model, Preparation preparation, Map<String, Object> training) {
    this(model, Optional.of(preparation), training);
  }

  /**
   * Prepares an export.
   *
   * @param preparation how the model's images are prepared; empty for a model that takes arrays
   * @param training what made the model, see the other constructor
   * @throws IllegalArgumentException when the model's input has another size than prepared images
   */
  public ModelExport(
      JoinedModel model, Optional<Preparation> preparation, Map<String, Object> training) {
    preparation.ifPresent(how -> requireFit(model.backbone().soleInput(), how));
    this.model = model;
    this.preparation = preparation;
    this.training = training;
  }

  private static void requireFit(FlatInput input, Preparation preparation) {
    List<Long> prepared =
        List.of(
            -1L,
            (long) preparation.resize().height(),
            (long) preparation.resize().width(),
            (long) preparation.channels());
    List<Long> shape = input.shape();
    boolean fits = shape == null || shape.size() == prepared.size();
    for (int axis = 1; fits && shape != null && axis < prepared.size(); axis++) {
      fits = shape.get(axis) < 0 || shape.get(axis).equals(prepared.get(axis));
    }
    if (!fits) {
      throw new IllegalArgumentException(
          "Input \""
              + input.key()
              + "\" has the shape "
              + shape
              + " but the preparation makes images of "
              + prepared
              + ": give the preparation that the model was trained with.");
    }
  }

  /**
   * Writes the model, reads it again, and compares what it answers.
   *
   * @param folder where nothing is yet; on failure nothing is left there
   * @return the comparison of the golden samples, which passed
   * @throws IllegalStateException when the written model does not answer as the one in memory
   * @throws IOException when it can't be written
   */
  public Verification write(Path folder) throws IOException {
    return write(folder, WeightForm.VARIABLES);
  }

  /**
   * As {@link #write(Path)}, with the weights as variables or as constants.
   *
   * @throws IllegalStateException when the written model does not answer as the one in memory
   * @throws IOException when it can't be written
   */
  public Verification write(Path folder, WeightForm form) throws IOException {
    return ExportedFolder.write(folder, parts(), form, this::add);
  }

  private Handoff add(Path folder, ServingGraph graph) throws IOException {
    Golden golden = writeGolden(folder, graph.signatures());
    writeLicence(folder);
    return handoff(golden, graph.signatures());
  }

  private ServedParts parts() throws IOException {
    Map<String, HostTensor> kept = new LinkedHashMap<>();
    for (Map<LayerVariable, HostTensor> layer : model.backbone().unread().values()) {
      layer.forEach((variable, value) -> kept.put(variable.name(), value));
    }
    boolean numbers = model.task().kind() == Task.Kind.NUMBERS;
    return new ServedParts(
        model.inferenceGraph(),
        inputs().stream()
            .map(in -> new ServedParts.Input(name(in), in.node(), in.dtype(), in.shape()))
            .toList(),
        model.probabilitiesTensor(),
        numbers ? Optional.empty() : Optional.of(model.logitsTensor()),
        model.featuresTensor(),
        model.weights().stream()
            .map(
                weight ->
                    new ServedParts.Variable(
                        weight.node(), name(weight), weight.value(), weight.trainable()))
            .toList(),
        kept,
        model.task(),
        preparation);
  }

  /** The inputs that the answers depend on. */
  private List<FlatInput> inputs() {
    Set<String> present =
        model.inferenceGraph().getNodeList().stream()
            .map(NodeDef::getName)
            .collect(Collectors.toSet());
    return model.backbone().flat().inputs().stream()
        .filter(input -> present.contains(input.node()))
        .toList();
  }

  private String name(FlatInput input) {
    return preparation.isPresent() ? IMAGES : model.backbone().inputName(input);
  }

  /**
   * What a weight is called in an export. A head's live under {@code head/}, so that no backbone's
   * name is in their way.
   */
  public static String name(JoinedModel.Weight weight) {
    return weight.head() ? "head/" + weight.name() : weight.name();
  }

  private Golden writeGolden(Path folder, List<Signature> signatures) throws IOException {
    return preparation.isPresent()
        ? writeGoldenImages(folder, preparation.get(), signatures)
        : writeGoldenArrays(folder, signatures);
  }

  private Golden writeGoldenArrays(Path folder, List<Signature> signatures) throws IOException {
    Files.createDirectories(folder.resolve("golden"));
    List<FlatInput> inputs = inputs();
    List<HostTensor> arrays = GoldenArrays.of(model.backbone(), inputs);
    write(folder.resolve("golden/prepared.npy"), arrays.get(0));
    Map<String, String> others = new LinkedHashMap<>();
    for (int i = 1; i < inputs.size(); i++) {
      String file = "golden/input_" + i + ".npy";
      write(folder.resolve(file), arrays.get(i));
      others.put(name(inputs.get(i)), file);
    }
    return writeAnswers(folder, arrays, List.of(), others, signatures);
  }

  private Golden writeGoldenImages(Path folder, Preparation how, List<Signature> signatures)
      throws IOException {
    Map<String, byte[]> images = GoldenImages.of(model.backbone());
    Path golden = Files.createDirectories(folder.resolve("golden/images")).getParent();
    List<String> paths = new ArrayList<>();
    List<float[]> prepared = new ArrayList<>();
    HostTensor batch;
    try (ImageReader reader = ImageReader.open(how)) {
      for (Map.Entry<String, byte[]> image : images.entrySet()) {
        String path = "golden/images/" + image.getKey();
        Files.write(folder.resolve(path), image.getValue());
        paths.add(path);
        prepared.add(reader.read(image.getValue()));
      }
      batch = ImageBatch.of(reader.shape(), prepared);
    } catch (BadImageException e) {
      throw new IOException("A golden image of the backbone can't be read: " + e.getMessage(), e);
    }
    write(golden.resolve("prepared.npy"), batch);
    return writeAnswers(folder, List.of(batch), paths, Map.of(), signatures);
  }

  /** What the model in memory answers, as {@code .npy} files. */
  private Golden writeAnswers(
      Path folder,
      List<HostTensor> inputs,
      List<String> images,
      Map<String, String> otherInputs,
      List<Signature> signatures)
      throws IOException {
    List<String> computed = new ArrayList<>();
    Map<String, String> outputs = new LinkedHashMap<>();
    Map<String, String> otherOutputs = new LinkedHashMap<>();
    try (FrozenGraph graph = model.open()) {
      List<HostTensor> answers = graph.run(inputs);
      for (Signature signature : signatures) {
        for (TensorInfo output : signature.outputs()) {
          int index = index(output.alias());
          if (index >= 0 && !computed.contains(output.alias())) {
            String file = "golden/" + output.alias() + ".npy";
            write(folder.resolve(file), answers.get(index));
            computed.add(output.alias());
            (signature == signatures.get(0) ? outputs : otherOutputs).put(output.alias(), file);
          }
        }
      }
    }
    return new Golden(images, "golden/prepared.npy", otherInputs, outputs, otherOutputs, TOLERANCE);
  }

  /** Among the outputs of {@link JoinedModel#open}; -1 for the labels, which follow from others. */
  private static int index(String output) {
    return switch (output) {
      case ServingGraph.LOGITS -> 0;
      case ServingGraph.PROBABILITIES, ServingGraph.NUMBERS -> 1;
      case Signature.FEATURES -> 2;
      default -> -1;
    };
  }

  private static void write(Path file, HostTensor tensor) throws IOException {
    switch (tensor.dtype()) {
      case DT_INT32 -> Npy.writeInts(file, new NpyArray<>(tensor.shape(), tensor.ints()));
      case DT_INT64 -> Npy.writeLongs(file, new NpyArray<>(tensor.shape(), tensor.longs()));
      default -> Npy.writeFloats(file, new NpyArray<>(tensor.shape(), tensor.floats()));
    }
  }

  /** The licence of the backbone's weights goes where the weights go. */
  private void writeLicence(Path folder) throws IOException {
    Optional<String> file = model.backbone().handoff().flatMap(known -> known.weights().file());
    if (file.isPresent()) {
      Files.copy(model.backbone().source().resolve(file.get()), folder.resolve(file.get()));
    }
  }

  private Handoff handoff(Golden golden, List<Signature> signatures) throws IOException {
    Backbone backbone = model.backbone();
    Optional<Handoff> origin = backbone.handoff();
    String name =
        origin
            .map(known -> known.model().name())
            .orElse(backbone.source().getFileName().toString());
    List<Layer> layers = layers();
    long parameters = layers.stream().mapToLong(Layer::parameters).sum();
    return new Handoff(
        new ModelInfo(name, "graft", true, parameters),
        new WeightsInfo(
            "graft",
            origin.flatMap(known -> known.weights().licence()),
            origin.flatMap(known -> known.weights().file())),
        Versions.provenance(),
        signatures.get(0),
        signatures.subList(1, signatures.size()),
        preparation,
        Optional.of(model.task().kind()),
        Optional.of(model.labels().names()),
        layers,
        Map.of(),
        Optional.of(golden),
        Optional.empty(),
        Optional.of(training()));
  }

  /** What the model was made of, so that Keras can make it again, and what made it. */
  private Map<String, Object> training() throws IOException {
    Map<String, Object> made = new LinkedHashMap<>();
    made.put("head", model.head().describe());
    made.put("backbone", origin());
    made.putAll(training);
    return made;
  }

  /** The hash of the backbone's handoff stands for all its files. */
  private Map<String, Object> origin() throws IOException {
    Backbone backbone = model.backbone();
    Map<String, Object> origin = new LinkedHashMap<>();
    backbone
        .handoff()
        .ifPresent(
            known -> {
              origin.put("name", known.model().name());
              origin.put("source", known.model().source());
              origin.put("includeTop", known.model().includeTop());
              origin.put("weights", known.weights().source());
              origin.put("madeWith", known.versions());
              known.training().ifPresent(made -> origin.put("training", made));
            });
    origin.putIfAbsent("name", backbone.source().getFileName().toString());
    backbone.outputLayer().ifPresent(layer -> origin.put("output", layer));
    Path handoff = backbone.source().resolve(Handoff.FILE_NAME);
    Path model = backbone.source().resolve("saved_model.pb");
    origin.put("sha256", Sha256.of(Files.exists(handoff) ? handoff : model));
    return origin;
  }

  private List<Layer> layers() throws IOException {
    Map<String, JoinedModel.Weight> byNode = new LinkedHashMap<>();
    model.weights().forEach(weight -> byNode.put(weight.node(), weight));
    Map<String, Map<LayerVariable, HostTensor>> unread = model.backbone().unread();
    List<Layer> layers = new ArrayList<>();
    for (BackboneLayer layer : model.backbone().layers()) {
      boolean isLeftOut =
          !layer.variables().isEmpty()
              && !unread.containsKey(layer.name())
              && layer.variables().stream().map(FlatVariable::node).noneMatch(byNode::containsKey);
      if (isLeftOut) {
        continue;
      }
      List<LayerVariable> variables = new ArrayList<>();
      layer.variables().stream()
          .map(FlatVariable::node)
          .filter(byNode::containsKey)
          .map(node -> variable(byNode.get(node)))
          .forEach(variables::add);
      unread.getOrDefault(layer.name(), Map.of()).keySet().stream()
          .map(ModelExport::kept)
          .forEach(variables::add);
      layers.add(
          new Layer(
              layer.name(),
              layer.type().orElse("Layer"),
              layer.outputShape(),
              parameters(variables),
              layer.trainable(),
              variables));
    }
    Map<String, List<LayerVariable>> head =
        model.weights().stream()
            .filter(JoinedModel.Weight::head)
            .map(ModelExport::variable)
            .collect(
                Collectors.groupingBy(
                    variable -> variable.name().substring(0, variable.name().lastIndexOf('/')),
                    LinkedHashMap::new,
                    Collectors.toList()));
    head.forEach(
        (name, variables) ->
            layers.add(
                new Layer(
                    name,
                    headClass(name),
                    Optional.empty(),
                    parameters(variables),
                    true,
                    variables)));
    return layers;
  }

  private static LayerVariable kept(LayerVariable variable) {
    return new LayerVariable(
        variable.name(),
        variable.name(),
        variable.dtype(),
        variable.shape(),
        variable.trainable(),
        variable.sha256());
  }

  private static String headClass(String layer) {
    return layer.startsWith("head/dense")
        ? "Dense"
        : layer.startsWith("head/batch_normalization") ? "BatchNormalization" : "Layer";
  }

  private static long parameters(List<LayerVariable> variables) {
    return variables.stream()
        .mapToLong(variable -> variable.shape().stream().reduce(1L, Math::multiplyExact))
        .sum();
  }

  private static LayerVariable variable(JoinedModel.Weight weight) {
    return new LayerVariable(
        name(weight),
        name(weight),
        "float32",
        weight.value().shape(),
        weight.trainable(),
        weight.value().sha256());
  }
}
