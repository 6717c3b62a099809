package dev.graft.model;

import dev.graft.data.Task;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;

/**
 * Backbone and head as one graph, with an inference path, a training path (dropout active) and the
 * loss of both. Variables are {@code VarHandleOp}s without values. The training path and the
 * inference path share the backbone, and what their heads have in common.
 *
 * @param graph flat, equal nodes merged
 * @param head the head's variables
 * @param updates statistics and the tensors that training writes into them
 * @param switches the layers of the backbone that can run in training mode, by the node that says
 *     so
 * @param features what the head reads in the inference path
 * @param tensors the names that the graph is called by
 * @param task what an answer consists of
 */
record JoinedGraph(
    GraphDef graph,
    List<HeadScope.Variable> head,
    List<Update> updates,
    Map<String, String> switches,
    TensorName features,
    Tensors tensors,
    Task task) {

  /** Names of the placeholders that training feeds. */
  static final String LABELS = "graft_labels";

  static final String WEIGHTS = "graft_weights";
  static final String STEP = "graft_step";

  /** The node of a statistic and the tensor that becomes its value. */
  record Update(String variable, TensorName value) {}

  /**
   * @param logits inference, {@code [batch, units]}
   * @param probabilities inference, the answers, {@code [batch, size]}
   * @param exampleLoss inference, {@code loss × weight + penalties}, {@code [batch]}
   * @param trainingProbabilities with dropout, {@code [batch, size]}
   * @param trainingLoss with dropout, {@code Σ loss × weight / batch + penalties}, a scalar
   */
  record Tensors(
      TensorName logits,
      TensorName probabilities,
      TensorName exampleLoss,
      TensorName trainingProbabilities,
      TensorName trainingLoss) {
    List<TensorName> all() {
      return List.of(logits, probabilities, exampleLoss, trainingProbabilities, trainingLoss);
    }
  }

  static JoinedGraph of(Backbone backbone, Head head, Objective objective, long seed) {
    int size = objective.task().size();
    Readout readout = objective.readout(head);
    Loss loss = objective.loss(head);
    try (Graph graph = new Graph()) {
      Optional<TrainingPath> path = backbone.trainingPath().map(known -> known.seeded(seed));
      graph.importGraphDef(path.map(TrainingPath::graph).orElse(backbone.flat().graph()));
      Ops tf = Ops.create(graph);
      Output<TFloat32> features = features(graph, backbone.output());
      Output<TFloat32> trainingFeatures =
          path.isEmpty() ? features : features(graph, backbone.trainingOutput());
      HeadScope.Shared shared = new HeadScope.Shared(size, readout.units(size), seed);
      Placeholder<TFloat32> labels =
          tf.withName(LABELS)
              .placeholder(TFloat32.class, Placeholder.shape(Shape.of(Shape.UNKNOWN_SIZE, size)));
      Placeholder<TFloat32> weights =
          tf.withName(WEIGHTS)
              .placeholder(TFloat32.class, Placeholder.shape(Shape.of(Shape.UNKNOWN_SIZE)));
      Operand<TInt64> step = step(graph, tf);

      Ops inference = tf.withSubScope("head");
      Operand<TFloat32> logits = head.logits(new HeadScope(inference, shared, null), features);
      requireUnits(objective.task(), readout, logits);
      Operand<TFloat32> probabilities =
          inference.withName("probabilities").identity(readout.answers(inference, logits));
      Operand<TFloat32> penalty = penalty(inference, shared);
      Operand<TFloat32> exampleLoss =
          inference.math.add(
              inference.math.mul(
                  loss.of(inference, logits, readout.targets(inference, labels)), weights),
              penalty); // [batch]

      Ops training = tf.withSubScope("head_training");
      Operand<TFloat32> trainingLogits =
          head.logits(new HeadScope(training, shared, step), trainingFeatures);
      Operand<TFloat32> losses =
          loss.of(training, trainingLogits, readout.targets(training, labels)); // [batch]
      Operand<TFloat32> trainingLoss =
          training.math.add(
              training.math.mean(training.math.mul(losses, weights), training.constant(0)),
              penalty);
      Operand<TFloat32> trained = readout.answers(training, trainingLogits);
      requireVariables(shared);

      List<Update> updates = new ArrayList<>();
      shared.updates.forEach(
          update -> updates.add(new Update(update.variable().node(), name(update.value()))));
      path.ifPresent(
          known -> known.updates().forEach((node, value) -> updates.add(new Update(node, value))));
      Tensors tensors =
          new Tensors(
              name(inference.withName("logits").identity(logits)),
              name(probabilities),
              name(exampleLoss),
              name(training.withName("probabilities").identity(trained)),
              name(training.withName("loss").identity(trainingLoss)));
      return merged(
          graph.toGraphDef(),
          List.copyOf(shared.variables.values()),
          updates,
          path.map(TrainingPath::switches).orElse(Map.of()),
          name(features),
          tensors,
          objective.task());
    }
  }

  private static JoinedGraph merged(
      GraphDef graph,
      List<HeadScope.Variable> head,
      List<Update> updates,
      Map<String, String> switches,
      TensorName features,
      Tensors tensors,
      Task task) {
    Set<String> named = new HashSet<>(Set.of(features.node()));
    tensors.all().forEach(tensor -> named.add(tensor.node()));
    updates.forEach(update -> named.add(update.value().node()));
    return new JoinedGraph(
        CommonNodes.merge(graph, named), head, updates, switches, features, tensors, task);
  }

  /**
   * The graph in which the unfrozen layers of the backbone are in training mode, if they have one,
   * and all others in inference mode, which the training path then shares.
   *
   * @param unfrozen names of layers
   * @param frozen nodes of the variables that stay as they are
   */
  JoinedGraph training(Set<String> unfrozen, Set<String> frozen) {
    if (switches.isEmpty()) {
      return this;
    }
    TrainingPath.Switched set = TrainingPath.set(graph, switches, unfrozen);
    List<Update> wanted = new ArrayList<>();
    for (Update update : updates) {
      if (!frozen.contains(update.variable())) {
        wanted.add(new Update(update.variable(), set.of(update.value())));
      }
    }
    return merged(set.graph(), head, wanted, Map.of(), features, tensors, task);
  }

  /** The training path of a backbone has the step already. */
  private static Operand<TInt64> step(Graph graph, Ops tf) {
    return graph.operation(STEP) == null
        ? tf.withName(STEP).placeholder(TInt64.class, Placeholder.shape(Shape.scalar()))
        : graph.operation(STEP).<TInt64>output(0);
  }

  private static Output<TFloat32> features(Graph graph, String output) {
    Output<?> features = graph.outputOrThrow(output);
    if (features.dataType() != DataType.DT_FLOAT) {
      throw new IllegalArgumentException(
          "A head joins a float32 output but \"" + output + "\" is " + features.dataType() + ".");
    }
    return features.expect(TFloat32.class);
  }

  private static Operand<TFloat32> penalty(Ops tf, HeadScope.Shared shared) {
    Operand<TFloat32> none = tf.constant(0f);
    return shared.penalties.stream().reduce(tf.math::add).orElse(none);
  }

  private static void requireUnits(Task task, Readout readout, Operand<TFloat32> logits) {
    int units = readout.units(task.size());
    Shape shape = logits.shape();
    if (shape.numDimensions() != 2 || shape.get(1) != units) {
      throw new IllegalArgumentException(
          "The head must answer [batch, "
              + units
              + "] for "
              + task.describe()
              + " but answers "
              + shape
              + ".");
    }
  }

  private static void requireVariables(HeadScope.Shared shared) {
    if (shared.variables.values().stream().noneMatch(HeadScope.Variable::trainable)) {
      throw new IllegalArgumentException(
          "The head has no variable to train: make them with HeadScope.variable.");
    }
  }

  private static TensorName name(Operand<?> operand) {
    Output<?> output = operand.asOutput();
    return new TensorName(output.op().name(), output.index());
  }
}
