package dev.graft.savedmodel;

import dev.graft.tensor.HostTensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.tensorflow.Graph;
import org.tensorflow.Output;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;

/** Runs a flat model in a session of its own, its variables live. */
final class FlatRun {
  private FlatRun() {}

  /** Values of the variables, by node, read from where the model came from. */
  static Map<String, HostTensor> values(FlatModel model, Checkpoint checkpoint) throws Exception {
    Map<String, HostTensor> values = new LinkedHashMap<>();
    for (FlatVariable variable : model.variables()) {
      values.put(variable.node(), checkpoint.read(variable.key()));
    }
    return values;
  }

  /** Outputs by key for inputs by key. */
  static Map<String, HostTensor> outputs(
      FlatModel model, Map<String, HostTensor> values, Map<String, HostTensor> inputs) {
    try (Open open = new Open(model, values)) {
      return open.outputs(inputs);
    }
  }

  /** A model for many runs. Owns a graph and a session; close it. */
  static final class Open implements AutoCloseable {
    private final FlatModel model;
    private final Graph graph = new Graph();
    private final Session session;

    Open(FlatModel model, Map<String, HostTensor> values) {
      this.model = model;
      graph.importGraphDef(withAssignments(model.graph(), values));
      session = new Session(graph);
      values.forEach((node, value) -> assign(session, node, value));
    }

    Map<String, HostTensor> outputs(Map<String, HostTensor> inputs) {
      List<String> tensors = model.outputs().stream().map(FlatOutput::tensor).toList();
      List<HostTensor> results = run(session, model, inputs, tensors);
      Map<String, HostTensor> outputs = new LinkedHashMap<>();
      for (int i = 0; i < tensors.size(); i++) {
        outputs.put(model.outputs().get(i).key(), results.get(i));
      }
      return outputs;
    }

    @Override
    public void close() {
      session.close();
      graph.close();
    }
  }

  /**
   * Gradients of sum(output × seed).
   *
   * @param with respect to these nodes' first outputs: variables' handles, or inputs
   */
  static List<HostTensor> gradients(
      FlatModel model,
      Map<String, HostTensor> values,
      Map<String, HostTensor> inputs,
      HostTensor seed,
      List<String> with) {
    try (Graph graph = new Graph()) {
      graph.importGraphDef(withLoss(withAssignments(model.graph(), values), model, seed));
      Output<?>[] x =
          with.stream().map(name -> graph.operation(name).output(0)).toArray(Output<?>[]::new);
      Output<?>[] gradients = graph.addGradients(graph.operation("loss").output(0), x);
      List<String> tensors = new ArrayList<>();
      for (Output<?> gradient : gradients) {
        tensors.add(gradient.op().name() + ":" + gradient.index());
      }
      try (Session session = new Session(graph)) {
        values.forEach((node, value) -> assign(session, node, value));
        return run(session, model, inputs, tensors);
      }
    }
  }

  private static List<HostTensor> run(
      Session session, FlatModel model, Map<String, HostTensor> inputs, List<String> tensors) {
    Session.Runner runner = session.runner();
    List<Tensor> fed = new ArrayList<>();
    try {
      for (FlatInput input : model.inputs()) {
        Tensor tensor = inputs.get(input.key()).toNative();
        fed.add(tensor);
        runner.feed(input.node(), tensor);
      }
      tensors.forEach(runner::fetch);
      try (Result result = runner.run()) {
        List<HostTensor> results = new ArrayList<>();
        for (int i = 0; i < tensors.size(); i++) {
          results.add(HostTensor.fromNative(result.get(i)));
        }
        return results;
      }
    } finally {
      fed.forEach(Tensor::close);
    }
  }

  private static void assign(Session session, String node, HostTensor value) {
    try (Tensor tensor = value.toNative()) {
      session.runner().feed("assign/" + node + "/value", tensor).addTarget("assign/" + node).run();
    }
  }

  private static GraphDef withAssignments(GraphDef graph, Map<String, HostTensor> values) {
    GraphDef.Builder builder = graph.toBuilder();
    values.forEach(
        (node, value) ->
            builder
                .addNode(placeholder("assign/" + node + "/value", value.dtype(), value.shape()))
                .addNode(
                    Nodes.node(
                            "AssignVariableOp", "assign/" + node, node, "assign/" + node + "/value")
                        .putAttr("dtype", Nodes.type(value.dtype()))));
    return builder.build();
  }

  private static GraphDef withLoss(GraphDef graph, FlatModel model, HostTensor seed) {
    DataType type = seed.dtype();
    int[] axes = java.util.stream.IntStream.range(0, seed.shape().size()).toArray();
    return graph.toBuilder()
        .addNode(Nodes.constant("seed", seed))
        .addNode(
            Nodes.node("Mul", "seeded", model.outputs().get(0).tensor(), "seed")
                .putAttr("T", Nodes.type(type)))
        .addNode(Nodes.constant("axes", HostTensor.of(axes, axes.length)))
        .addNode(
            Nodes.node("Sum", "loss", "seeded", "axes")
                .putAttr("T", Nodes.type(type))
                .putAttr("Tidx", Nodes.type(DataType.DT_INT32)))
        .build();
  }

  static NodeDef placeholder(String name, DataType dtype, List<Long> shape) {
    return Nodes.node("Placeholder", name)
        .putAttr("dtype", Nodes.type(dtype))
        .putAttr("shape", Nodes.shape(shape))
        .build();
  }
}
