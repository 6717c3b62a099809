package dev.graft.savedmodel;

import com.google.protobuf.ByteString;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.MetaGraphDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.SignatureDef;
import org.tensorflow.proto.TensorInfo;

/**
 * Makes one graph of one signature. Says what is wrong as IllegalArgumentException without the
 * path, which the caller adds.
 *
 * <p>Control edges are dropped: what a signature does on the side (assertions, printing, counters
 * that no output reads) does not happen.
 */
final class Flattener {
  private final MetaGraphDef meta;
  private final SignatureDef signature;
  private final Checkpoint checkpoint;
  private final NodeNames names = new NodeNames();
  private final Inliner inliner;
  private final Map<String, NodeDef> graphNodes = new LinkedHashMap<>();
  private final Map<String, NodeDef> placeholders = new LinkedHashMap<>();
  private final List<FlatInput> inputs = new ArrayList<>();

  Flattener(MetaGraphDef meta, SignatureDef signature, Checkpoint checkpoint) {
    this.meta = meta;
    this.signature = signature;
    this.checkpoint = checkpoint;
    this.inliner = new Inliner(meta.getGraphDef(), names);
  }

  FlatModel flatten(Path source) throws IOException {
    addInputs();
    addReachedNodes();
    Map<String, StoredVariable> stored = findVariables();
    inliner.inlineGraph(List.copyOf(graphNodes.values()));
    Map<String, NodeDef> all = inliner.nodes();
    all.putAll(placeholders);
    List<FlatOutput> outputs = outputs();
    Map<String, NodeDef> needed = needed(all, outputs);
    List<FlatVariable> variables = variables(stored, needed);
    return new FlatModel(graph(needed), inputs, outputs, variables, source);
  }

  private void addInputs() {
    for (Map.Entry<String, TensorInfo> input : sorted(signature.getInputsMap()).entrySet()) {
      TensorInfo info = dense("input", input.getKey(), input.getValue());
      String node = names.unique(input.getKey());
      inputs.add(
          new FlatInput(input.getKey(), node, info.getDtype(), Shapes.list(info.getTensorShape())));
      inliner.alias(Inliner.inGraph(Ref.parse(info.getName())), new Ref(node, 0));
      placeholders.put(node, placeholder(node, info));
    }
  }

  private static NodeDef placeholder(String name, TensorInfo info) {
    return NodeDef.newBuilder()
        .setName(name)
        .setOp("Placeholder")
        .putAttr("dtype", AttrValue.newBuilder().setType(info.getDtype()).build())
        .putAttr("shape", AttrValue.newBuilder().setShape(info.getTensorShape()).build())
        .build();
  }

  private static TensorInfo dense(String kind, String key, TensorInfo info) {
    if (info.getEncodingCase() != TensorInfo.EncodingCase.NAME) {
      throw new IllegalArgumentException(
          kind
              + " \""
              + key
              + "\" is not one dense tensor (sparse and ragged ones are not supported)");
    }
    return info;
  }

  private void addReachedNodes() {
    Map<String, NodeDef> all = new HashMap<>();
    meta.getGraphDef().getNodeList().forEach(node -> all.put(node.getName(), node));
    Set<String> fed = new HashSet<>();
    signature
        .getInputsMap()
        .values()
        .forEach(info -> fed.add(Ref.parse(info.getName()).toString()));
    Set<String> reached = new LinkedHashSet<>();
    List<String> waiting = new ArrayList<>();
    signature.getOutputsMap().values().forEach(info -> waiting.add(info.getName()));
    while (!waiting.isEmpty()) {
      Ref tensor = Ref.parse(waiting.remove(waiting.size() - 1));
      if (!fed.contains(tensor.toString()) && reached.add(tensor.node())) {
        NodeDef node = all.get(tensor.node());
        if (node == null) {
          throw new IllegalArgumentException("node " + tensor.node() + " is missing");
        }
        dataInputs(node).forEach(waiting::add);
      }
    }
    meta.getGraphDef().getNodeList().stream()
        .filter(node -> reached.contains(node.getName()))
        .forEach(node -> graphNodes.put(node.getName(), node));
  }

  /** Variables by the name of their handle in the graph; a second handle of one is redirected. */
  private Map<String, StoredVariable> findVariables() throws IOException {
    VariableDirectory directory = new VariableDirectory(meta, checkpoint);
    Set<String> functions = new HashSet<>();
    meta.getGraphDef()
        .getLibrary()
        .getFunctionList()
        .forEach(function -> functions.add(function.getSignature().getName()));
    for (NodeDef node : graphNodes.values()) {
      String called = Inliner.calledFunction(node, functions);
      if (called != null) {
        directory.follow(called, dataInputs(node).stream().map(i -> Ref.parse(i).node()).toList());
      }
    }
    Map<String, StoredVariable> stored = new LinkedHashMap<>();
    Map<String, String> handlesOfKeys = new HashMap<>();
    for (NodeDef node : graphNodes.values()) {
      if (node.getOp().equals("VarHandleOp")) {
        StoredVariable variable = directory.find(node);
        String first = handlesOfKeys.putIfAbsent(variable.key(), node.getName());
        if (first == null) {
          stored.put(node.getName(), variable);
        } else {
          inliner.alias(
              Inliner.inGraph(new Ref(node.getName(), 0)), Inliner.inGraph(new Ref(first, 0)));
        }
      }
    }
    return stored;
  }

  private List<FlatOutput> outputs() {
    List<FlatOutput> outputs = new ArrayList<>();
    for (Map.Entry<String, TensorInfo> output : sorted(signature.getOutputsMap()).entrySet()) {
      TensorInfo info = dense("output", output.getKey(), output.getValue());
      Ref tensor = inliner.resolve(Inliner.inGraph(Ref.parse(info.getName())));
      outputs.add(
          new FlatOutput(
              output.getKey(),
              tensor.toString(),
              info.getDtype(),
              Shapes.list(info.getTensorShape())));
    }
    if (outputs.isEmpty()) {
      throw new IllegalArgumentException("it has no outputs");
    }
    return outputs;
  }

  private Map<String, NodeDef> needed(Map<String, NodeDef> all, List<FlatOutput> outputs) {
    Set<String> wanted = new LinkedHashSet<>(placeholders.keySet());
    outputs.forEach(output -> wanted.add(Ref.parse(output.tensor()).node()));
    Map<String, NodeDef> needed = GraphOrder.needed(all, wanted);
    needed.values().stream()
        .filter(node -> !placeholders.containsKey(node.getName()))
        // What reads a table is named after its layer, the table is not.
        .sorted(Comparator.comparing(node -> !node.getOp().startsWith("LookupTable")))
        .forEach(Unsupported::refuse);
    Unsupported.refuseWrites(all, needed.keySet());
    return needed;
  }

  private List<FlatVariable> variables(
      Map<String, StoredVariable> stored, Map<String, NodeDef> needed) {
    Map<String, StoredVariable> byNode = new HashMap<>();
    stored.forEach(
        (handle, variable) ->
            byNode.put(inliner.resolve(Inliner.inGraph(new Ref(handle, 0))).node(), variable));
    Set<String> variableNames = new HashSet<>();
    List<FlatVariable> variables = new ArrayList<>();
    for (NodeDef node : needed.values()) {
      if (node.getOp().equals("VarHandleOp")) {
        variables.add(variable(node, byNode.get(node.getName()), variableNames));
      }
    }
    return variables;
  }

  private FlatVariable variable(NodeDef node, StoredVariable stored, Set<String> variableNames) {
    if (stored == null) {
      throw new IllegalArgumentException(
          "variable " + node.getName() + " is made inside a function and has no stored value");
    }
    Checkpoint.Entry entry = checkpoint.entry(stored.key());
    List<Long> declared = Shapes.list(node.getAttrOrThrow("shape").getShape());
    DataType dtype = node.getAttrOrThrow("dtype").getType();
    boolean known = declared != null && !declared.contains(-1L);
    if (dtype != entry.dtype() || known && !declared.equals(entry.shape())) {
      throw new IllegalArgumentException(
          "variable "
              + stored.name()
              + " is "
              + dtype
              + declared
              + " in the graph but "
              + entry.dtype()
              + entry.shape()
              + " in the checkpoint");
    }
    return new FlatVariable(
        node.getName(),
        unique(stored.name(), variableNames),
        stored.key(),
        dtype,
        entry.shape(),
        stored.trainable());
  }

  private static String unique(String name, Set<String> taken) {
    String unique = name;
    for (int i = 1; !taken.add(unique); i++) {
      unique = name + "_" + i;
    }
    return unique;
  }

  private GraphDef graph(Map<String, NodeDef> needed) {
    Attributes attributes = new Attributes(meta.getMetaInfoDef());
    GraphDef.Builder graph = GraphDef.newBuilder().setVersions(meta.getGraphDef().getVersions());
    needed.values().stream().map(attributes::clean).map(this::ownName).forEach(graph::addNode);
    return graph
        .setLibrary(
            FunctionLibrary.needed(meta.getGraphDef().getLibrary(), needed.values(), attributes))
        .build();
  }

  /** Gives a variable its node's name, so that no two variables share one by accident. */
  private NodeDef ownName(NodeDef node) {
    if (!node.getOp().equals("VarHandleOp")) {
      return node;
    }
    AttrValue name = AttrValue.newBuilder().setS(ByteString.copyFromUtf8(node.getName())).build();
    return node.toBuilder().putAttr("shared_name", name).removeAttr("container").build();
  }

  private static List<String> dataInputs(NodeDef node) {
    return node.getInputList().stream().filter(input -> !Ref.isControl(input)).toList();
  }

  private static Map<String, TensorInfo> sorted(Map<String, TensorInfo> tensors) {
    return new TreeMap<>(tensors);
  }
}
