package dev.graft.model;

import dev.graft.tensor.HostTensor;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;

/**
 * A graph whose backbone is computed in bfloat16, by casts that are part of it, so that every
 * runtime computes it so. {@link dev.graft.tensor.Arithmetic#BFLOAT16} asks the same of one session
 * only.
 *
 * <p>Convolutions and matrix products of constant weights are cast, their weights as they are
 * stored, and what follows them as long as all that it reads is in bfloat16 or constant. Scales and
 * shifts are folded into convolutions before, in float32. All else stays float32, as do the inputs,
 * the outputs and the head.
 */
public final class Bfloat16Graph {
  /** What is worth it by itself; its weights are the second input. */
  private static final Set<String> PRODUCTS = Set.of("Conv2D", "DepthwiseConv2dNative", "MatMul");

  /** What follows, with the number of its inputs that are values; -1 for all. */
  private static final Map<String, Integer> FOLLOWING =
      Map.ofEntries(
          Map.entry("Add", -1),
          Map.entry("AddV2", -1),
          Map.entry("AvgPool", -1),
          Map.entry("BiasAdd", -1),
          Map.entry("Identity", -1),
          Map.entry("LeakyRelu", -1),
          Map.entry("MaxPool", -1),
          Map.entry("Mul", -1),
          Map.entry("Pad", 1),
          Map.entry("Relu", -1),
          Map.entry("Relu6", -1),
          Map.entry("Reshape", 1),
          Map.entry("Sigmoid", -1),
          Map.entry("Squeeze", -1));

  private static final String SUFFIX = "/bfloat16";
  private static final AttrValue FLOAT = type(DataType.DT_FLOAT);
  private static final AttrValue BFLOAT16 = type(DataType.DT_BFLOAT16);

  private final GraphNodes nodes;
  private final Set<String> backbone;

  /** The nodes that are cast. */
  private final Set<String> cast = new HashSet<>();

  /** What is cast for them, and those of it that are weights. */
  private final Map<String, NodeDef> added = new LinkedHashMap<>();

  private final Set<String> weights = new LinkedHashSet<>();

  private Bfloat16Graph(GraphDef graph, String features) {
    nodes = new GraphNodes(graph);
    backbone = nodes.ancestors(List.of(TensorName.parse(features).node()));
  }

  /**
   * Casts a graph's backbone.
   *
   * @param graph a flat one whose variables are constants
   * @param features what the backbone hands to the head, {@code node:index}
   * @param outputs names of the tensors that stay to be fetched, in float32
   * @throws IllegalArgumentException when there is nothing to cast
   */
  public static GraphDef of(GraphDef graph, String features, List<String> outputs) {
    List<String> fetched = Stream.concat(Stream.of(features), outputs.stream()).toList();
    Bfloat16Graph made = new Bfloat16Graph(FoldedScales.fold(graph, fetched), features);
    made.choose();
    if (made.cast.isEmpty()) {
      throw new IllegalArgumentException(
          "The backbone has no convolution or matrix product of constant weights, so bfloat16 would"
              + " change nothing: export it in float32.");
    }
    return made.rewritten(fetched);
  }

  /** Again and again, as a graph may name a node before its inputs. */
  private void choose() {
    int before;
    do {
      before = cast.size();
      for (NodeDef node : nodes.all()) {
        if (!cast.contains(node.getName()) && isCast(node)) {
          cast.add(node.getName());
        }
      }
    } while (cast.size() > before);
  }

  private boolean isCast(NodeDef node) {
    if (!backbone.contains(node.getName()) || !node.getAttrOrDefault("T", BFLOAT16).equals(FLOAT)) {
      return false;
    }
    List<TensorName> inputs = GraphNodes.inputs(node);
    if (PRODUCTS.contains(node.getOp())) {
      return nodes.constant(inputs.get(1)).isPresent();
    }
    if (!FOLLOWING.containsKey(node.getOp())) {
      return false;
    }
    List<TensorName> values = values(node);
    return values.stream().anyMatch(value -> cast.contains(value.node()))
        && values.stream()
            .allMatch(value -> cast.contains(value.node()) || nodes.constant(value).isPresent());
  }

  private List<TensorName> values(NodeDef node) {
    List<TensorName> inputs = GraphNodes.inputs(node);
    int values = FOLLOWING.getOrDefault(node.getOp(), -1);
    return values < 0 ? inputs : inputs.subList(0, values);
  }

  private GraphDef rewritten(List<String> fetched) {
    GraphDef.Builder graph = nodes.keep(Set.of());
    for (NodeDef node : nodes.all()) {
      if (cast.contains(node.getName())) {
        NodeDef made = inBfloat16(node);
        graph.addNode(made);
        graph.addNode(cast(node.getName(), made.getName(), DataType.DT_FLOAT));
      } else {
        graph.addNode(node);
      }
    }
    graph.addAllNode(added.values());
    GraphDef whole = withWeights(graph.build());
    Set<String> wanted =
        fetched.stream().map(name -> TensorName.parse(name).node()).collect(Collectors.toSet());
    GraphNodes all = new GraphNodes(whole);
    return all.keep(all.ancestors(wanted)).build();
  }

  /** The node in bfloat16; under its own name stays a cast back, for who reads it in float32. */
  private NodeDef inBfloat16(NodeDef node) {
    NodeDef.Builder made =
        node.toBuilder().setName(node.getName() + SUFFIX).putAttr("T", BFLOAT16).clearInput();
    int values = values(node).size();
    List<TensorName> inputs = GraphNodes.inputs(node);
    for (int i = 0; i < inputs.size(); i++) {
      made.addInput(i < values ? valueInBfloat16(inputs.get(i)) : inputs.get(i).asInput());
    }
    return made.build();
  }

  private String valueInBfloat16(TensorName value) {
    if (cast.contains(value.node())) {
      return value.node() + SUFFIX;
    }
    Optional<String> constant = nodes.constant(value).map(NodeDef::getName);
    String from = constant.orElse(value.asInput());
    String name = from.replace(':', '_') + SUFFIX;
    added.put(name, cast(name, from, DataType.DT_BFLOAT16));
    constant.ifPresent(unused -> weights.add(name));
    return name;
  }

  /** The graph with its weights as they are to be stored, in place of casts of them. */
  private GraphDef withWeights(GraphDef graph) {
    GraphNodes all = new GraphNodes(graph);
    Map<String, HostTensor> values =
        ConstantValues.of(
            all.keep(all.ancestors(weights)).build(),
            weights.stream().map(name -> name + ":0").toList());
    GraphDef.Builder stored = graph.toBuilder().clearNode();
    for (NodeDef node : graph.getNodeList()) {
      HostTensor value = values.get(node.getName() + ":0");
      stored.addNode(value == null ? node : ConstantVariables.constant(node.getName(), value));
    }
    return stored.build();
  }

  private static NodeDef cast(String name, String from, DataType to) {
    boolean back = to == DataType.DT_FLOAT;
    return NodeDef.newBuilder()
        .setName(name)
        .setOp("Cast")
        .addInput(from)
        .putAttr("SrcT", back ? BFLOAT16 : FLOAT)
        .putAttr("DstT", back ? FLOAT : BFLOAT16)
        .build();
  }

  private static AttrValue type(DataType type) {
    return AttrValue.newBuilder().setType(type).build();
  }
}
