package dev.graft.savedmodel;

import dev.graft.tensor.HostTensor;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.tensorflow.TensorFlow;
import org.tensorflow.proto.AssetFileDef;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.MetaGraphDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.OpList;
import org.tensorflow.proto.SignatureDef;
import org.tensorflow.proto.TensorInfo;

/**
 * Writes a SavedModel folder in TensorFlow 1's form with resource variables.
 *
 * <p>What it writes is loaded by {@code tf.saved_model.load}, {@code keras.layers.TFSMLayer},
 * TensorFlow Serving, {@code SavedModelBundle} and {@link SavedModel}. In Python the variables have
 * their names and trainable flags; {@code fingerprint.pb} says what TensorFlow would say. The same
 * input gives the same bytes of every file.
 *
 * <p>For one thread.
 */
public final class SavedModelWriter {
  /**
   * One tensor of a signature.
   *
   * @param tensor {@code node} or {@code node:index} in the graph
   * @param dtype element type
   * @param shape sizes of the dimensions, -1 where unknown; null if even their number is unknown
   */
  public record SignatureTensor(String tensor, DataType dtype, List<Long> shape) {
    public SignatureTensor {
      shape = shape == null ? null : List.copyOf(shape);
    }
  }

  private static final String METHOD = "tensorflow/serving/predict";

  private final GraphDef graph;
  private final Map<String, WrittenVariable> variables = new TreeMap<>();
  private final Map<String, SignatureDef> signatures = new TreeMap<>();
  private final Map<String, byte[]> assets = new TreeMap<>();
  private final Map<String, HostTensor> kept = new TreeMap<>();

  /**
   * Starts from the nodes that make predictions.
   *
   * @param graph placeholders, constants, VarHandleOps with ReadVariableOps, and what is computed
   *     from them; nothing that trains, saves or restores
   */
  public SavedModelWriter(GraphDef graph) {
    this.graph = graph;
  }

  /**
   * Gives a variable its value.
   *
   * @param node name of its VarHandleOp in the graph
   * @param name what Keras calls it, such as {@code dense/kernel}: its key in the checkpoint and
   *     its name in Python
   * @param value numbers or truth values of the variable's type and shape
   * @param trainable the flag that Python shows
   * @throws IllegalArgumentException if another variable has this name, or the value holds strings
   */
  public SavedModelWriter variable(String node, String name, HostTensor value, boolean trainable) {
    if (value.dtype() == DataType.DT_STRING) {
      throw new IllegalArgumentException(
          "Variable \"" + name + "\" holds strings: use a constant or an asset.");
    }
    if (variables.putIfAbsent(name, new WrittenVariable(node, name, value, trainable)) != null) {
      throw new IllegalArgumentException(
          "Two variables are called \"" + name + "\": give each its own name.");
    }
    return this;
  }

  /**
   * Keeps a value in the checkpoint that the graph does not read.
   *
   * @param name its key in the checkpoint
   * @throws IllegalArgumentException if a variable has this name
   */
  public SavedModelWriter kept(String name, HostTensor value) {
    if (variables.containsKey(name) || kept.putIfAbsent(name, value) != null) {
      throw new IllegalArgumentException(
          "Two variables are called \"" + name + "\": give each its own name.");
    }
    return this;
  }

  /**
   * Adds a signature.
   *
   * @param name such as {@code serving_default}
   * @param inputs by key
   * @param outputs by key; at least one
   * @throws IllegalArgumentException if there is no output
   */
  public SavedModelWriter signature(
      String name, Map<String, SignatureTensor> inputs, Map<String, SignatureTensor> outputs) {
    if (outputs.isEmpty()) {
      throw new IllegalArgumentException("Signature \"" + name + "\" has no outputs: name one.");
    }
    SignatureDef.Builder signature = SignatureDef.newBuilder().setMethodName(METHOD);
    inputs.forEach((key, tensor) -> signature.putInputs(key, info(tensor)));
    outputs.forEach((key, tensor) -> signature.putOutputs(key, info(tensor)));
    signatures.put(name, signature.build());
    return this;
  }

  /**
   * Adds a file to the folder {@code assets}.
   *
   * @param name a plain file name
   * @param content its bytes
   * @throws IllegalArgumentException if the name has a folder in it
   */
  public SavedModelWriter asset(String name, byte[] content) {
    if (!Path.of(name).equals(Path.of(name).getFileName()) || name.startsWith(".")) {
      throw new IllegalArgumentException(
          "An asset is expected to have a plain file name but got \"" + name + "\".");
    }
    assets.put(name, content.clone());
    return this;
  }

  private static TensorInfo info(SignatureTensor tensor) {
    return TensorInfo.newBuilder()
        .setName(Ref.parse(tensor.tensor()).toString())
        .setDtype(tensor.dtype())
        .setTensorShape(Shapes.proto(tensor.shape()))
        .build();
  }

  /**
   * Writes the folder. It is made beside its place under another name and then moved, so that it is
   * whole or not there.
   *
   * @param folder a path where nothing is; its parent exists or is made
   * @throws IllegalArgumentException if something is there, there is no signature, or graph,
   *     variables and signatures do not fit each other
   * @throws IOException if the disk fails
   */
  public void write(Path folder) throws IOException {
    if (Files.exists(folder)) {
      throw new IllegalArgumentException(
          folder + " exists already: delete it or choose another folder.");
    }
    requireFit();
    Path parent = Files.createDirectories(folder.toAbsolutePath().getParent());
    Path partial = Files.createTempDirectory(parent, "." + folder.getFileName() + ".partial");
    try {
      Path made = Files.createDirectory(partial.resolve("model"));
      writeFiles(made);
      Files.move(made, folder);
    } finally {
      delete(partial);
    }
  }

  private void writeFiles(Path folder) throws IOException {
    MetaGraphDef meta = metaGraph();
    byte[] model =
        Fingerprint.deterministic(
            org.tensorflow.proto.SavedModel.newBuilder()
                .setSavedModelSchemaVersion(1)
                .addMetaGraphs(meta)
                .build());
    Files.write(folder.resolve("saved_model.pb"), model);
    Path variablesFolder = Files.createDirectory(folder.resolve("variables"));
    byte[] index = {};
    if (!variables.isEmpty() || !kept.isEmpty()) {
      CheckpointWriter.write(variablesFolder.resolve("variables"), values());
      index = Files.readAllBytes(variablesFolder.resolve("variables.index"));
    }
    Files.write(folder.resolve("fingerprint.pb"), Fingerprint.of(model, meta, index));
    Path assetsFolder = Files.createDirectory(folder.resolve("assets"));
    for (Map.Entry<String, byte[]> asset : assets.entrySet()) {
      Files.write(assetsFolder.resolve(asset.getKey()), asset.getValue());
    }
  }

  private TreeMap<String, HostTensor> values() {
    TreeMap<String, HostTensor> values = new TreeMap<>(SavedModelWriter::compareUtf8);
    values.putAll(kept);
    variables.forEach((name, variable) -> values.put(name, variable.value()));
    return values;
  }

  private static int compareUtf8(String first, String second) {
    return Arrays.compareUnsigned(
        first.getBytes(StandardCharsets.UTF_8), second.getBytes(StandardCharsets.UTF_8));
  }

  private void requireFit() {
    if (signatures.isEmpty()) {
      throw new IllegalArgumentException("A SavedModel needs a signature: add one.");
    }
    Map<String, NodeDef> nodes = new HashMap<>();
    graph.getNodeList().forEach(node -> nodes.put(node.getName(), node));
    Set<String> unvalued = new HashSet<>();
    graph.getNodeList().stream()
        .filter(node -> node.getOp().equals("VarHandleOp"))
        .forEach(node -> unvalued.add(node.getName()));
    for (WrittenVariable variable : variables.values()) {
      if (!unvalued.remove(variable.node())) {
        throw new IllegalArgumentException(
            "Variable \""
                + variable.name()
                + "\" is expected to have a VarHandleOp \""
                + variable.node()
                + "\" of its own in the graph but there is none.");
      }
      requireType(variable, nodes.get(variable.node()));
    }
    if (!unvalued.isEmpty()) {
      throw new IllegalArgumentException(
          "The graph's variables " + new TreeSet<>(unvalued) + " have no values: give each one.");
    }
    signatures.forEach((name, signature) -> requireTensors(name, signature, nodes.keySet()));
  }

  private static void requireTensors(String name, SignatureDef signature, Set<String> nodes) {
    Stream<TensorInfo> tensors =
        Stream.concat(
            signature.getInputsMap().values().stream(),
            signature.getOutputsMap().values().stream());
    tensors
        .map(info -> Ref.parse(info.getName()).node())
        .filter(node -> !nodes.contains(node))
        .findFirst()
        .ifPresent(
            node -> {
              throw new IllegalArgumentException(
                  "Signature \""
                      + name
                      + "\" names node \""
                      + node
                      + "\", which is not in the graph.");
            });
  }

  private static void requireType(WrittenVariable variable, NodeDef handle) {
    DataType dtype = handle.getAttrOrThrow("dtype").getType();
    List<Long> shape = Shapes.list(handle.getAttrOrThrow("shape").getShape());
    HostTensor value = variable.value();
    boolean known = shape != null && !shape.contains(-1L);
    if (value.dtype() != dtype || known && !value.shape().equals(shape)) {
      throw new IllegalArgumentException(
          "Variable \""
              + variable.name()
              + "\" is "
              + dtype
              + shape
              + " in the graph but its value is "
              + value.dtype()
              + value.shape()
              + ".");
    }
  }

  private MetaGraphDef metaGraph() {
    MetaGraphDef.Builder meta = MetaGraphDef.newBuilder();
    NodeNames names = new NodeNames();
    NamedAfterVariables renaming = new NamedAfterVariables(graph, variables.values(), names);
    GraphDef.Builder whole = renaming.graph().toBuilder();
    signatures.forEach((name, signature) -> meta.putSignatureDef(name, renaming.of(signature)));
    if (!variables.isEmpty()) {
      new SaveNodes(names).add(meta, whole, renaming.variables());
    }
    addAssets(meta, whole, names);
    GraphDef stripped = DefaultAttributes.strip(whole.build());
    return meta.setGraphDef(stripped).setMetaInfoDef(metaInfo(stripped)).build();
  }

  private static MetaGraphDef.MetaInfoDef metaInfo(GraphDef stripped) {
    OpList.Builder ops = OpList.newBuilder();
    DefaultAttributes.opNames(stripped).forEach(name -> ops.addOp(Ops.get(name)));
    return MetaGraphDef.MetaInfoDef.newBuilder()
        .addTags("serve")
        .setTensorflowVersion(TensorFlow.version())
        .setStrippedDefaultAttrs(true)
        .setStrippedOpList(ops)
        .build();
  }

  private void addAssets(MetaGraphDef.Builder meta, GraphDef.Builder whole, NodeNames names) {
    for (String asset : assets.keySet()) {
      NodeDef path = Nodes.string(names.unique("assets/" + asset), asset);
      whole.addNode(path);
      meta.addAssetFileDef(
          AssetFileDef.newBuilder()
              .setFilename(asset)
              .setTensorInfo(TensorInfo.newBuilder().setName(path.getName() + ":0")));
    }
  }

  private static void delete(Path folder) throws IOException {
    List<Path> paths = new ArrayList<>();
    try (Stream<Path> walk = Files.walk(folder)) {
      walk.sorted(Comparator.reverseOrder()).forEach(paths::add);
    }
    for (Path path : paths) {
      Files.delete(path);
    }
  }
}
