package dev.graft.savedmodel;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.graft.tensor.HostTensor;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.tensorflow.proto.FunctionDef;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.MetaGraphDef;
import org.tensorflow.proto.SignatureDef;
import org.tensorflow.proto.TensorInfo;

/**
 * A SavedModel folder, read and checked.
 *
 * <p>Reads what Keras 3 writes ({@code model.export} and {@code tf.saved_model.save}), Keras 2
 * folders, and TensorFlow 1's form with resource variables, in which Graft itself writes. Immutable
 * and safe for many threads; weights stay on disk until {@link #checkpoint()} reads them.
 */
public final class SavedModel {
  private static final String FILE = "saved_model.pb";
  private static final String DEFAULT_SIGNATURE = "serving_default";
  private static final Set<String> BOOKKEEPING =
      Set.of("__saved_model_init_op", "__saved_model_train_op");

  private final Path directory;
  private final MetaGraphDef meta;
  private final Checkpoint checkpoint;

  private SavedModel(Path directory, MetaGraphDef meta, Checkpoint checkpoint) {
    this.directory = directory;
    this.meta = meta;
    this.checkpoint = checkpoint;
  }

  /**
   * Reads a folder. The weights are not read, but their files are checked for being there and
   * whole.
   *
   * @param directory the folder that holds {@code saved_model.pb}
   * @throws ModelFormatException if it is no SavedModel, or a damaged one
   * @throws IOException if the disk fails
   */
  public static SavedModel read(Path directory) throws IOException {
    MetaGraphDef meta = servingGraph(directory, parse(modelFile(directory)));
    Path prefix = directory.resolve("variables").resolve("variables");
    boolean hasVariables =
        meta.getGraphDef().getNodeList().stream()
            .anyMatch(node -> node.getOp().equals("VarHandleOp"));
    return new SavedModel(
        directory, meta, hasVariables ? Checkpoint.open(prefix) : Checkpoint.empty(prefix));
  }

  private static Path modelFile(Path directory) throws ModelFormatException {
    if (!Files.exists(directory)) {
      throw new ModelFormatException(
          directory,
          "There is no folder " + directory + ": give the folder that holds saved_model.pb.");
    }
    if (!Files.isDirectory(directory)) {
      throw new ModelFormatException(
          directory,
          directory
              + " is a file, not a SavedModel: give the folder that holds saved_model.pb"
              + " (a .keras file is made into one by graft-export).");
    }
    Path file = directory.resolve(FILE);
    if (!Files.isRegularFile(file)) {
      throw new ModelFormatException(
          directory,
          directory
              + " is no SavedModel, it has no saved_model.pb: give the folder that"
              + " graft-export or model.export(...) wrote.");
    }
    return file;
  }

  private static org.tensorflow.proto.SavedModel parse(Path file) throws IOException {
    try (InputStream stream = Files.newInputStream(file)) {
      CodedInputStream coded = CodedInputStream.newInstance(stream);
      coded.setSizeLimit(Integer.MAX_VALUE);
      return org.tensorflow.proto.SavedModel.parseFrom(coded);
    } catch (InvalidProtocolBufferException e) {
      throw new ModelFormatException(
          file,
          file
              + " is damaged or truncated ("
              + Files.size(file)
              + " bytes): copy or export the model again.",
          e);
    }
  }

  private static MetaGraphDef servingGraph(Path directory, org.tensorflow.proto.SavedModel model)
      throws ModelFormatException {
    List<MetaGraphDef> graphs = model.getMetaGraphsList();
    return graphs.stream()
        .filter(graph -> graph.getMetaInfoDef().getTagsList().equals(List.of("serve")))
        .findFirst()
        .or(() -> graphs.size() == 1 ? graphs.stream().findFirst() : Optional.empty())
        .orElseThrow(() -> noServingGraph(directory, graphs));
  }

  private static ModelFormatException noServingGraph(Path directory, List<MetaGraphDef> graphs) {
    Path file = directory.resolve(FILE);
    if (graphs.isEmpty()) {
      return new ModelFormatException(
          file,
          file + " is empty or truncated, it holds no graph: copy or export the model again.");
    }
    return new ModelFormatException(
        file,
        file
            + " has no graph with the tag \"serve\" but "
            + graphs.stream().map(graph -> graph.getMetaInfoDef().getTagsList()).toList()
            + ": export the model for serving.");
  }

  /** The folder. */
  public Path directory() {
    return directory;
  }

  /** The weights on disk. */
  public Checkpoint checkpoint() {
    return checkpoint;
  }

  /**
   * Reads the weights of a flat model, by the node of their variable. Each call reads them anew.
   *
   * @throws ModelFormatException if the checkpoint lacks one or cannot be used
   * @throws IOException if the disk fails
   */
  public Map<String, HostTensor> values(FlatModel flat) throws IOException {
    Map<String, HostTensor> byKey =
        checkpoint.read(flat.variables().stream().map(FlatVariable::key).distinct().toList());
    Map<String, HostTensor> byNode = new LinkedHashMap<>();
    flat.variables().forEach(variable -> byNode.put(variable.node(), byKey.get(variable.key())));
    return byNode;
  }

  /** Names of the signatures, sorted. */
  public Set<String> signatures() {
    Set<String> names = new TreeSet<>(meta.getSignatureDefMap().keySet());
    names.removeAll(BOOKKEEPING);
    return names;
  }

  /** What each of the {@link #signatures} takes and answers, as the file says it. */
  public List<SavedSignature> listedSignatures() {
    return signatures().stream()
        .map(
            name -> {
              SignatureDef definition = meta.getSignatureDefOrThrow(name);
              return new SavedSignature(
                  name, listed(definition.getInputsMap()), listed(definition.getOutputsMap()));
            })
        .toList();
  }

  private static List<SavedSignature.Tensor> listed(Map<String, TensorInfo> tensors) {
    return new TreeMap<>(tensors)
        .entrySet().stream()
            .map(
                tensor ->
                    new SavedSignature.Tensor(
                        tensor.getKey(),
                        tensor.getValue().getDtype(),
                        Shapes.list(tensor.getValue().getTensorShape())))
            .toList();
  }

  /** Types of ops that this TensorFlow does not know, of all signatures and functions, sorted. */
  public Set<String> unknownOps() {
    GraphDef graph = meta.getGraphDef();
    Set<String> functions = new HashSet<>();
    Set<String> ops = new TreeSet<>();
    graph.getNodeList().forEach(node -> ops.add(node.getOp()));
    for (FunctionDef function : graph.getLibrary().getFunctionList()) {
      functions.add(function.getSignature().getName());
      function.getNodeDefList().forEach(node -> ops.add(node.getOp()));
    }
    ops.removeIf(op -> functions.contains(op) || Ops.get(op) != null);
    return ops;
  }

  /**
   * The signature that is meant when none is named: {@code serving_default}, or the only one.
   *
   * @throws IllegalArgumentException if there are several others
   * @throws ModelFormatException if there is none at all
   */
  public String defaultSignature() throws ModelFormatException {
    Set<String> names = signatures();
    if (names.isEmpty()) {
      throw new ModelFormatException(
          directory,
          directory
              + " has no signature: export the model with one"
              + " (model.export(...), or tf.saved_model.save(..., signatures=...)).");
    }
    if (names.contains(DEFAULT_SIGNATURE)) {
      return DEFAULT_SIGNATURE;
    }
    if (names.size() > 1) {
      throw new IllegalArgumentException(
          directory + " has the signatures " + names + " and no serving_default: name one.");
    }
    return names.iterator().next();
  }

  /**
   * One signature as one graph without function calls.
   *
   * @param signature its name; null for the default one
   * @throws IllegalArgumentException if there is no such signature
   * @throws ModelFormatException if the signature is damaged, or uses what is not supported
   * @throws IOException if the disk fails
   */
  public FlatModel flatten(String signature) throws IOException {
    String name = signature == null ? defaultSignature() : signature;
    SignatureDef definition = meta.getSignatureDefMap().get(name);
    if (definition == null || BOOKKEEPING.contains(name)) {
      throw new IllegalArgumentException(
          directory + " has no signature \"" + name + "\" but " + signatures() + ": name one.");
    }
    try {
      return new Flattener(meta, definition, checkpoint).flatten(directory);
    } catch (IllegalArgumentException
        | IndexOutOfBoundsException
        | InvalidProtocolBufferException e) {
      throw new ModelFormatException(
          directory,
          "Signature \""
              + name
              + "\" of "
              + directory
              + " cannot be used: "
              + e.getMessage()
              + "; export the model again for inference alone, without layers that read text.",
          e);
    }
  }
}
