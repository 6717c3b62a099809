package dev.graft.model;

import dev.graft.data.Task;
import dev.graft.tensor.HostTensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.tensorflow.Graph;
import org.tensorflow.Output;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.family.TType;

/**
 * The part of a model that trains: the unfrozen layers and the head, from the tensors of the cut to
 * the loss, with its variables as resource variables. Owns a graph and a session; close it.
 *
 * <p>{@code dev.graft.train} adds the optimizer's ops to {@link #graph()} before the first step.
 * Not thread-safe.
 */
public final class Graft implements AutoCloseable {
  /**
   * A variable that training changes.
   *
   * @param node its {@code VarHandleOp}
   * @param name as in Keras, {@code layer/variable}
   * @param shape of its value
   * @param trainable false for a statistic, which no gradient reaches
   */
  public record Variable(String node, String name, List<Long> shape, boolean trainable) {}

  private final Graph graph;
  private final Session session;
  private final List<Variable> variables;
  private final List<CutTensor> inputs;
  private final JoinedGraph.Tensors tensors;
  private final Task task;
  private final List<Op> updates = new ArrayList<>();
  private final List<Output<?>> reads = new ArrayList<>();
  private boolean closed;

  private Graft(Graph graph, List<Variable> variables, List<CutTensor> inputs, JoinedGraph joined) {
    this.graph = graph;
    this.variables = List.copyOf(variables);
    this.inputs = List.copyOf(inputs);
    this.tensors = joined.tensors();
    this.task = joined.task();
    Ops tf = Ops.create(graph).withSubScope("graft");
    for (Variable variable : variables) {
      reads.add(tf.readVariableOp(handle(variable), TFloat32.class).asOutput());
    }
    for (JoinedGraph.Update update : joined.updates()) {
      Output<?> value = graph.outputOrThrow(update.value().toString());
      updates.add(tf.assignVariableOp(handle(update.variable()), value));
    }
    // Last: a graph waits for its sessions when it is closed, also for one that nobody can close.
    this.session = new Session(graph, false);
  }

  /**
   * Opens the graft with the given values.
   *
   * @param values of the frozen variables and of those that train, by node
   */
  static Graft open(
      Cut cut, JoinedGraph joined, List<Variable> variables, Map<String, HostTensor> values) {
    requireReached(cut.graft(), joined, variables);
    Map<String, HostTensor> frozen = new LinkedHashMap<>(values);
    variables.forEach(variable -> frozen.remove(variable.node()));
    Graph graph = new Graph();
    try {
      graph.importGraphDef(ConstantVariables.fill(cut.graft(), frozen));
      Graft graft = new Graft(graph, variables, cut.tensors(), joined);
      try {
        Map<String, HostTensor> live = ConstantVariables.live(cut.graft(), frozen);
        variables.forEach(variable -> live.put(variable.node(), values.get(variable.node())));
        VariableValues.assign(graph, graft.session, live);
        return graft;
      } catch (RuntimeException | Error e) {
        graft.session.close();
        throw e;
      }
    } catch (RuntimeException | Error e) {
      graph.close();
      throw e;
    }
  }

  private static void requireReached(GraphDef graft, JoinedGraph joined, List<Variable> variables) {
    Set<String> reached =
        new GraphNodes(graft).ancestors(List.of(joined.tensors().trainingLoss().node()));
    List<String> unreached =
        variables.stream()
            .filter(variable -> variable.trainable() && !reached.contains(variable.node()))
            .map(Variable::name)
            .toList();
    if (!unreached.isEmpty()) {
      throw new IllegalArgumentException(
          "These variables do not reach the loss, so they can't train: "
              + String.join(", ", unreached)
              + "; freeze their layers.");
    }
  }

  /** The graph, to which an optimizer adds its ops. Belongs to this object. */
  public Graph graph() {
    return graph;
  }

  /** The session. Belongs to this object. */
  public Session session() {
    return session;
  }

  /** What an answer consists of. */
  public Task task() {
    return task;
  }

  /** What the graft reads, in the order of the cut. */
  public List<CutTensor> inputs() {
    return inputs;
  }

  /** The variables that training changes: those with gradients and the statistics. */
  public List<Variable> variables() {
    return variables;
  }

  /** The ops that write the statistics; run them with every training step. */
  public List<Op> updates() {
    return List.copyOf(updates);
  }

  /** The handle of a variable of this graft. */
  public Output<? extends TType> handle(Variable variable) {
    return handle(variable.node());
  }

  private Output<? extends TType> handle(String node) {
    return graph.operationOrThrow(node).output(0);
  }

  /**
   * Adds the gradients of the training loss to the graph, for the trainable variables in order.
   *
   * @throws IllegalStateException when TensorFlow has no gradient for an op on the way
   */
  public List<Output<TFloat32>> gradients() {
    List<Variable> trained = variables.stream().filter(Variable::trainable).toList();
    // With respect to the handles: a variable that is read twice would get part of its gradient.
    Output<?>[] handles = trained.stream().map(this::handle).toArray(Output<?>[]::new);
    try {
      Output<?>[] gradients =
          graph.addGradients("gradients", new Output<?>[] {trainingLoss()}, handles, null);
      List<Output<TFloat32>> typed = new ArrayList<>();
      for (Output<?> gradient : gradients) {
        typed.add(gradient.expect(TFloat32.class));
      }
      return typed;
    } catch (org.tensorflow.exceptions.TensorFlowException e) {
      throw new IllegalStateException(
          "The unfrozen layers can't train: " + e.getMessage() + "; freeze them.", e);
    }
  }

  /** With dropout: mean over the batch of loss × weight, and the head's penalties; a scalar. */
  public Output<?> trainingLoss() {
    return graph.outputOrThrow(tensors.trainingLoss().toString());
  }

  /** With dropout, {@code [batch, classes]}. */
  public Output<?> trainingProbabilities() {
    return graph.outputOrThrow(tensors.trainingProbabilities().toString());
  }

  /** Without dropout, {@code [batch, classes]}. */
  public Output<?> probabilities() {
    return graph.outputOrThrow(tensors.probabilities().toString());
  }

  /** Without dropout: loss × weight, and the head's penalties, {@code [batch]}. */
  public Output<?> exampleLoss() {
    return graph.outputOrThrow(tensors.exampleLoss().toString());
  }

  /** Name of the placeholder of the targets, {@code [batch, classes]}: one-hot for classes. */
  public String labels() {
    return JoinedGraph.LABELS;
  }

  /** Name of the placeholder of example weights, {@code [batch]}. */
  public String weights() {
    return JoinedGraph.WEIGHTS;
  }

  /** Name of the placeholder of the training step, an int64 scalar. */
  public String step() {
    return JoinedGraph.STEP;
  }

  /** The current values of the variables, by node. */
  public Map<String, HostTensor> values() {
    requireOpen();
    Session.Runner runner = session.runner();
    reads.forEach(runner::fetch);
    Map<String, HostTensor> values = new LinkedHashMap<>();
    try (Result result = runner.run()) {
      for (int i = 0; i < variables.size(); i++) {
        values.put(variables.get(i).node(), HostTensor.fromNative(result.get(i)));
      }
    }
    return values;
  }

  /**
   * Gives the variables other values.
   *
   * @param values of all of them, by node, as {@link #values()} gives them
   */
  public void assign(Map<String, HostTensor> values) {
    requireOpen();
    Map<String, HostTensor> own = new LinkedHashMap<>();
    variables.forEach(variable -> own.put(variable.node(), values.get(variable.node())));
    VariableValues.assign(graph, session, own);
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("The graft was closed; cut the model again to train it.");
    }
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      session.close();
      graph.close();
    }
  }
}
