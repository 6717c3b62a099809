package dev.graft.model;

import com.google.protobuf.CodedOutputStream;
import dev.graft.data.Labels;
import dev.graft.data.Sha256;
import dev.graft.data.Task;
import dev.graft.savedmodel.FlatInput;
import dev.graft.savedmodel.FlatVariable;
import dev.graft.tensor.Arithmetic;
import dev.graft.tensor.HostTensor;
import dev.graft.tensor.Precision;
import dev.graft.tensor.TypeName;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;

/**
 * A backbone with a head joined to it: a graph and the values of its variables, as plain values. To
 * train it, {@link #cut} it; what was learnt comes back through {@link #with}. Immutable and safe
 * for use by several threads; holds no native memory.
 */
public final class JoinedModel {
  private final Backbone backbone;
  private final Head head;
  private final Objective objective;
  private final JoinedGraph joined;
  private final Map<String, HostTensor> values;

  private JoinedModel(
      Backbone backbone,
      Head head,
      Objective objective,
      JoinedGraph joined,
      Map<String, HostTensor> values) {
    this.backbone = backbone;
    this.head = head;
    this.objective = objective;
    this.joined = joined;
    this.values = Map.copyOf(values);
  }

  /**
   * Joins a head to a backbone.
   *
   * @param labels the classes to tell apart, at least two
   * @param seed of the head's first values and of its dropout
   * @throws IllegalArgumentException when the head does not fit the backbone's output or the
   *     classes
   * @throws IOException when the backbone's weights can't be read
   */
  public static JoinedModel join(Backbone backbone, Head head, Labels labels, long seed)
      throws IOException {
    return join(backbone, head, Objective.of(Task.classes(labels)), seed);
  }

  /**
   * Joins a head to a backbone.
   *
   * @param objective what the model is to say, and how it is judged
   * @param seed of the head's first values and of its dropout
   * @throws IllegalArgumentException when the head does not fit the backbone's output or the
   *     objective, or the backbone is an export in other numbers than float32
   * @throws IOException when the backbone's weights can't be read
   */
  public static JoinedModel join(Backbone backbone, Head head, Objective objective, long seed)
      throws IOException {
    backbone.requireFloat32();
    JoinedGraph joined = JoinedGraph.of(backbone, head, objective, seed);
    Map<String, HostTensor> values = new LinkedHashMap<>(backbone.values());
    joined.head().forEach(variable -> values.put(variable.node(), variable.initial()));
    return new JoinedModel(backbone, head, objective, joined, values);
  }

  /** The backbone as it was loaded. */
  public Backbone backbone() {
    return backbone;
  }

  /** The head. */
  public Head head() {
    return head;
  }

  /** What it learns. */
  public Objective objective() {
    return objective;
  }

  /** What it says of an example. */
  public Task task() {
    return objective.task();
  }

  /** The loss that it trains with. */
  public Loss loss() {
    return objective.loss(head);
  }

  /** How its logits become answers. */
  public Readout readout() {
    return objective.readout(head);
  }

  /** The classes, labels or numbers, in the order of an answer. */
  public Labels labels() {
    return task().labels();
  }

  /** The same model with other values in some variables. */
  public JoinedModel with(Map<String, HostTensor> changed) {
    Map<String, HostTensor> next = new LinkedHashMap<>(values);
    next.putAll(changed);
    return new JoinedModel(backbone, head, objective, joined, next);
  }

  /**
   * Cuts the model for training. The caller closes the result.
   *
   * @throws IllegalArgumentException when the plan names a layer that is not there, does not reach
   *     the head, or was frozen in Keras, or only layers without weights to train
   */
  public CutModel cut(FreezePlan plan) {
    return cut(plan, Precision.FLOAT32);
  }

  /**
   * As the other {@code cut}, with a trunk that computes in a precision.
   *
   * @param precision of the trunk; the graft trains in float32
   */
  public CutModel cut(FreezePlan plan, Precision precision) {
    Set<String> unfrozen = requireTrains(plan);
    JoinedGraph graph = training(unfrozen);
    List<Graft.Variable> training = training(graph, unfrozen);
    Cut cut = Cut.of(graph.graph(), sources(graph, training), shapes(graph));
    FrozenGraph trunk =
        FrozenGraph.open(
            precision.arithmetic(),
            cut.trunk(),
            values,
            inputs(cut.trunk()),
            cut.tensors().stream().map(CutTensor::tensor).toList());
    try {
      Graft graft = Graft.open(cut, graph, training, values);
      return new CutModel(trunk, graft, hash(cut), unfrozen);
    } catch (RuntimeException | Error e) {
      trunk.close();
      throw e;
    }
  }

  /**
   * Refuses a plan that {@link #cut} would refuse, without cutting.
   *
   * @return the names of the layers that train
   * @throws IllegalArgumentException as {@link #cut} does
   */
  public Set<String> requireTrains(FreezePlan plan) {
    Set<String> unfrozen = plan.unfrozen(backbone.layerNames());
    requireTrainable(unfrozen);
    JoinedGraph graph = training(unfrozen);
    Preflight.require(
        graph.graph(),
        graph.tensors().trainingLoss().node(),
        trained(training(graph, unfrozen)),
        backbone.layerNames());
    return unfrozen;
  }

  /** Opens the whole model for prediction: prepared images to logits, probabilities, features. */
  public FrozenGraph open() {
    GraphDef graph = inferenceGraph();
    return FrozenGraph.open(
        Arithmetic.AS_BUILT,
        graph,
        values,
        inputs(graph),
        List.of(logitsTensor(), probabilitiesTensor(), featuresTensor()));
  }

  /** From the inputs to logits and probabilities, without anything that only training needs. */
  public GraphDef inferenceGraph() {
    GraphNodes nodes = new GraphNodes(joined.graph());
    return nodes
        .keep(
            nodes.ancestors(
                List.of(joined.tensors().logits().node(), joined.tensors().probabilities().node())))
        .build();
  }

  /** The tensor of the logits in {@link #inferenceGraph()}, {@code [batch, units]}. */
  public String logitsTensor() {
    return joined.tensors().logits().toString();
  }

  /** The tensor of the probabilities in {@link #inferenceGraph()}, {@code [batch, classes]}. */
  public String probabilitiesTensor() {
    return joined.tensors().probabilities().toString();
  }

  /** The tensor that the head reads in {@link #inferenceGraph()}, {@code [batch, …]}. */
  public String featuresTensor() {
    return joined.features().toString();
  }

  /** A variable of the inference graph with its value; {@code head} tells where it belongs. */
  public record Weight(
      String node, String name, HostTensor value, boolean trainable, boolean head) {
    /** The layer that it belongs to. */
    public String layer() {
      int slash = name.lastIndexOf('/');
      return slash < 0 ? name : name.substring(0, slash);
    }
  }

  /** All variables that the inference graph reads: the backbone's in its order, then the head's. */
  public List<Weight> weights() {
    Set<String> present = new HashSet<>();
    inferenceGraph().getNodeList().forEach(node -> present.add(node.getName()));
    List<Weight> weights = new ArrayList<>();
    for (FlatVariable variable : backbone.flat().variables()) {
      if (present.contains(variable.node())) {
        weights.add(
            new Weight(
                variable.node(),
                variable.name(),
                values.get(variable.node()),
                variable.trainable(),
                false));
      }
    }
    for (HeadScope.Variable variable : joined.head()) {
      weights.add(
          new Weight(
              variable.node(),
              variable.name(),
              values.get(variable.node()),
              variable.trainable(),
              true));
    }
    return weights;
  }

  /** A plan that would train less than it says must not pass in silence. */
  private void requireTrainable(Set<String> unfrozen) {
    List<BackboneLayer> layers =
        backbone.layers().stream().filter(layer -> unfrozen.contains(layer.name())).toList();
    for (BackboneLayer layer : layers) {
      boolean frozenInKeras = layer.type().isPresent() && !layer.trainable();
      if (frozenInKeras && !layer.variables().isEmpty()) {
        throw new IllegalArgumentException(
            "Layer \""
                + layer.name()
                + "\" was frozen in Keras, so it can't be unfrozen: set its trainable = True and"
                + " export the backbone again, or leave the layer out.");
      }
    }
    boolean trains =
        layers.stream()
            .flatMap(layer -> layer.variables().stream())
            .anyMatch(FlatVariable::trainable);
    if (!layers.isEmpty() && !trains) {
      throw new IllegalArgumentException(
          "No unfrozen layer has weights to train (\""
              + layers.stream().map(BackboneLayer::name).collect(Collectors.joining("\", \""))
              + "\"): unfreeze others, or none.");
    }
  }

  private JoinedGraph training(Set<String> unfrozen) {
    Set<String> frozen =
        backbone.flat().variables().stream()
            .filter(variable -> !unfrozen.contains(backbone.layerOf(variable)))
            .map(FlatVariable::node)
            .collect(Collectors.toSet());
    return joined.training(unfrozen, frozen);
  }

  private List<Graft.Variable> training(JoinedGraph graph, Set<String> unfrozen) {
    Set<String> updated =
        graph.updates().stream().map(JoinedGraph.Update::variable).collect(Collectors.toSet());
    List<Graft.Variable> training = new ArrayList<>();
    for (FlatVariable variable : backbone.flat().variables()) {
      boolean trains = variable.trainable() && unfrozen.contains(backbone.layerOf(variable));
      if (trains || updated.contains(variable.node())) {
        requireFloat32(variable);
        training.add(
            new Graft.Variable(variable.node(), variable.name(), variable.shape(), trains));
      }
    }
    for (HeadScope.Variable variable : joined.head()) {
      training.add(
          new Graft.Variable(
              variable.node(), variable.name(), variable.initial().shape(), variable.trainable()));
    }
    return training;
  }

  private void requireFloat32(FlatVariable variable) {
    if (variable.dtype() != DataType.DT_FLOAT) {
      throw new IllegalArgumentException(
          ("Layer \"%s\" can't train: its variable %s is %s, expected float32; keep the layer frozen,"
                  + " or build the model in float32 (mixed_float16 has float32 variables).")
              .formatted(
                  backbone.layerOf(variable), variable.name(), TypeName.of(variable.dtype())));
    }
  }

  private static Map<String, String> trained(List<Graft.Variable> training) {
    Map<String, String> names = new LinkedHashMap<>();
    training.stream()
        .filter(Graft.Variable::trainable)
        .forEach(variable -> names.put(variable.node(), variable.name()));
    return names;
  }

  private Cut.Sources sources(JoinedGraph graph, List<Graft.Variable> training) {
    List<String> fed = List.of(JoinedGraph.LABELS, JoinedGraph.WEIGHTS, JoinedGraph.STEP);
    List<String> changing = new ArrayList<>(fed);
    training.forEach(variable -> changing.add(variable.node()));
    List<String> targets = new ArrayList<>(fed);
    graph.tensors().all().forEach(tensor -> targets.add(tensor.node()));
    graph.updates().forEach(update -> targets.add(update.value().node()));
    return new Cut.Sources(backboneInputs(), changing, targets);
  }

  private TensorShapes shapes(JoinedGraph graph) {
    return TensorShapes.of(graph.graph(), backboneInputs());
  }

  private List<String> backboneInputs() {
    return backbone.flat().inputs().stream().map(FlatInput::node).toList();
  }

  private List<String> inputs(GraphDef graph) {
    List<String> present = graph.getNodeList().stream().map(NodeDef::getName).toList();
    return backboneInputs().stream().filter(present::contains).toList();
  }

  private String hash(Cut cut) {
    try {
      return Sha256.of(
          out -> {
            CodedOutputStream graph = CodedOutputStream.newInstance(out);
            graph.useDeterministicSerialization();
            cut.trunk().writeTo(graph);
            graph.flush();
            for (CutTensor tensor : cut.tensors()) {
              out.write((tensor.tensor() + '\n').getBytes(StandardCharsets.UTF_8));
            }
            for (NodeDef node : cut.trunk().getNodeList()) {
              if (values.containsKey(node.getName())) {
                out.write(values.get(node.getName()).sha256().getBytes(StandardCharsets.US_ASCII));
              }
            }
          });
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
