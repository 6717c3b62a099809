package dev.graft.model;

import dev.graft.savedmodel.FlatModel;
import dev.graft.savedmodel.FlatOutput;
import dev.graft.savedmodel.FlatVariable;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.TensorProto;
import org.tensorflow.proto.TensorShapeProto;

/**
 * A backbone as it runs while it is trained, from the signature {@code training} that {@code
 * graft-export --with-training} writes: nodes to add to the graph of its inference, with whose
 * inputs and variables they are joined. Each layer that behaves differently in training has a
 * switch, a placeholder that selects between both ways; {@link #set} sets them.
 *
 * @param graph the inference's nodes and those of the training path
 * @param outputs the tensor of each output, by its key
 * @param switches the layer of each switch, by its node
 * @param updates the next value of each variable that training updates without a gradient, by node
 */
record TrainingPath(
    GraphDef graph,
    Map<String, String> outputs,
    Map<String, String> switches,
    Map<String, TensorName> updates) {
  static final String SIGNATURE = "training";

  private static final String PREFIX = "graft_training/";
  private static final String SWITCH = "training_";
  private static final String UPDATE = "update/";
  private static final String RANDOM = "random";

  /**
   * @param inference the backbone's serving signature
   * @param training its signature {@link #SIGNATURE}
   * @param layers names of the layers in the order of the handoff
   */
  static TrainingPath of(FlatModel inference, FlatModel training, List<String> layers) {
    Map<String, String> joined = new LinkedHashMap<>();
    Map<String, String> known = new LinkedHashMap<>();
    inference.variables().forEach(variable -> known.put(variable.key(), variable.node()));
    for (FlatVariable variable : training.variables()) {
      Optional.ofNullable(known.get(variable.key()))
          .ifPresent(node -> joined.put(variable.node(), node));
    }
    Map<String, String> inputs = new LinkedHashMap<>();
    inference.inputs().forEach(input -> inputs.put(input.key(), input.node()));
    Map<String, String> switches = new LinkedHashMap<>();
    String random = "";
    for (var input : training.inputs()) {
      if (inputs.containsKey(input.key())) {
        joined.put(input.node(), inputs.get(input.key()));
      } else if (input.key().startsWith(SWITCH)) {
        int layer = Integer.parseInt(input.key().substring(SWITCH.length()));
        switches.put(PREFIX + input.node(), layers.get(layer));
      } else if (input.key().equals(RANDOM)) {
        random = input.node();
      }
    }
    GraphDef.Builder graph = inference.graph().toBuilder();
    for (NodeDef node : training.graph().getNodeList()) {
      if (node.getName().equals(random)) {
        randomOfStep(random).forEach(graph::addNode);
      } else if (!joined.containsKey(node.getName())) {
        graph.addNode(renamed(node, joined));
      }
    }
    graph.getLibraryBuilder().addAllFunction(training.graph().getLibrary().getFunctionList());
    Map<String, String> outputs = new LinkedHashMap<>();
    Map<String, TensorName> updates = new LinkedHashMap<>();
    Map<String, String> nodes = new LinkedHashMap<>();
    inference.variables().forEach(variable -> nodes.put(variable.name(), variable.node()));
    for (FlatOutput output : training.outputs()) {
      TensorName tensor = renamed(TensorName.parse(output.tensor()), joined);
      if (output.key().startsWith(UPDATE)) {
        updates.put(nodes.get(output.key().substring(UPDATE.length())), tensor);
      } else {
        outputs.put(output.key(), tensor.toString());
      }
    }
    return new TrainingPath(graph.build(), outputs, switches, updates);
  }

  /** The nodes of the training path alone. */
  GraphDef nodes() {
    GraphDef.Builder own = graph.toBuilder().clearNode();
    graph.getNodeList().stream()
        .filter(node -> node.getName().startsWith(PREFIX))
        .forEach(own::addNode);
    return own.build();
  }

  /** Seed and step; the seed's constant is {@link #seeded} for a run. */
  private static List<NodeDef> randomOfStep(String name) {
    AttrValue int64 = AttrValue.newBuilder().setType(DataType.DT_INT64).build();
    NodeDef step =
        NodeDef.newBuilder()
            .setName(JoinedGraph.STEP)
            .setOp("Placeholder")
            .putAttr("dtype", int64)
            .putAttr(
                "shape",
                AttrValue.newBuilder().setShape(TensorShapeProto.getDefaultInstance()).build())
            .build();
    NodeDef both =
        NodeDef.newBuilder()
            .setName(PREFIX + name)
            .setOp("Pack")
            .addInput(PREFIX + "seed")
            .addInput(JoinedGraph.STEP)
            .putAttr("T", int64)
            .putAttr("N", AttrValue.newBuilder().setI(2).build())
            .putAttr("axis", AttrValue.newBuilder().setI(0).build())
            .build();
    return List.of(step, seed(0), both);
  }

  private static NodeDef seed(long value) {
    return NodeDef.newBuilder()
        .setName(PREFIX + "seed")
        .setOp("Const")
        .putAttr("dtype", AttrValue.newBuilder().setType(DataType.DT_INT64).build())
        .putAttr(
            "value",
            AttrValue.newBuilder()
                .setTensor(
                    TensorProto.newBuilder()
                        .setDtype(DataType.DT_INT64)
                        .setTensorShape(TensorShapeProto.getDefaultInstance())
                        .addInt64Val(value))
                .build())
        .build();
  }

  /** The same with the seed of a run, from which dropout draws. */
  TrainingPath seeded(long seed) {
    GraphDef.Builder seeded = graph.toBuilder().clearNode();
    graph
        .getNodeList()
        .forEach(
            node -> seeded.addNode(node.getName().equals(PREFIX + "seed") ? seed(seed) : node));
    return new TrainingPath(seeded.build(), outputs, switches, updates);
  }

  private static NodeDef renamed(NodeDef node, Map<String, String> joined) {
    NodeDef.Builder renamed = node.toBuilder().setName(PREFIX + node.getName()).clearInput();
    for (TensorName input : GraphNodes.inputs(node)) {
      renamed.addInput(renamed(input, joined).asInput());
    }
    return renamed.build();
  }

  private static TensorName renamed(TensorName tensor, Map<String, String> joined) {
    return new TensorName(
        joined.getOrDefault(tensor.node(), PREFIX + tensor.node()), tensor.index());
  }

  /**
   * A graph with its switches set: what reads a selection reads what is selected.
   *
   * @param graph with these switches
   * @param unfrozen names of the layers that are in training mode; all others are in inference mode
   * @return where each selection's readers read now, too
   */
  static Switched set(GraphDef graph, Map<String, String> switches, Set<String> unfrozen) {
    Map<TensorName, TensorName> chosen = new LinkedHashMap<>();
    GraphDef.Builder set = graph.toBuilder().clearNode();
    List<NodeDef> rest = new ArrayList<>();
    for (NodeDef node : graph.getNodeList()) {
      String layer =
          node.getOp().equals("SelectV2")
              ? switches.get(TensorName.parse(node.getInput(0)).node())
              : null;
      if (layer == null) {
        rest.add(node);
      } else {
        TensorName input = TensorName.parse(node.getInput(unfrozen.contains(layer) ? 1 : 2));
        chosen.put(new TensorName(node.getName(), 0), chosen.getOrDefault(input, input));
      }
    }
    for (NodeDef node : rest) {
      NodeDef.Builder redirected = node.toBuilder().clearInput();
      for (TensorName input : GraphNodes.inputs(node)) {
        redirected.addInput(chosen.getOrDefault(input, input).asInput());
      }
      set.addNode(redirected);
    }
    return new Switched(set.build(), chosen);
  }

  /**
   * @param graph without the selections
   * @param chosen what each selection selected
   */
  record Switched(GraphDef graph, Map<TensorName, TensorName> chosen) {
    TensorName of(TensorName tensor) {
      return chosen.getOrDefault(tensor, tensor);
    }
  }
}
