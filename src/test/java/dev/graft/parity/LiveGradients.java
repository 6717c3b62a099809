package dev.graft.parity;

import dev.graft.model.Backbone;
import dev.graft.savedmodel.FlatInput;
import dev.graft.savedmodel.FlatVariable;
import dev.graft.tensor.HostTensor;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.exceptions.TensorFlowException;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Constant;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.family.TType;

/** The gradients of a model's variables, of the sum of output × seeded tensor. */
final class LiveGradients {
  /**
   * @param values by the node of the variable
   * @param refused why a variable has none, by its node
   */
  record Answer(Map<String, float[]> values, Map<String, String> refused) {}

  private final Backbone backbone;
  private final Graph graph = new Graph();
  private final Ops tf = Ops.create(graph).withSubScope("parity");

  private LiveGradients(Backbone backbone) {
    this.backbone = backbone;
  }

  /**
   * @param inputs by the key of the signature
   * @param seeds by the key of the output
   */
  static Answer of(Backbone backbone, Map<String, HostTensor> inputs, Map<String, HostTensor> seeds)
      throws IOException {
    LiveGradients live = new LiveGradients(backbone);
    try (live.graph) {
      return live.answer(inputs, seeds);
    }
  }

  private Answer answer(Map<String, HostTensor> inputs, Map<String, HostTensor> seeds)
      throws IOException {
    graph.importGraphDef(backbone.flat().graph());
    Output<?> loss = loss(seeds);
    Map<String, Output<?>> gradients = new LinkedHashMap<>();
    Map<String, String> refused = new LinkedHashMap<>();
    List<FlatVariable> trainable =
        backbone.flat().variables().stream().filter(FlatVariable::trainable).toList();
    add(trainable, loss, gradients, refused);
    try (Session session = new Session(graph)) {
      backbone.values().forEach((node, value) -> assign(session, node, value));
      return new Answer(run(session, inputs, gradients), refused);
    }
  }

  /** All at once, or one by one to learn which of them have none. */
  private void add(
      List<FlatVariable> variables,
      Output<?> loss,
      Map<String, Output<?>> gradients,
      Map<String, String> refused) {
    Output<?>[] handles =
        variables.stream()
            .map(variable -> graph.operationOrThrow(variable.node()).output(0))
            .toArray(Output<?>[]::new);
    try {
      Output<?>[] added =
          graph.addGradients(
              "gradients" + gradients.size() + "_" + refused.size(),
              new Output<?>[] {loss},
              handles,
              null);
      for (int i = 0; i < added.length; i++) {
        gradients.put(variables.get(i).node(), added[i]);
      }
    } catch (TensorFlowException e) {
      if (variables.size() == 1) {
        refused.put(variables.get(0).node(), e.getMessage());
      } else {
        variables.forEach(variable -> add(List.of(variable), loss, gradients, refused));
      }
    }
  }

  private Output<?> loss(Map<String, HostTensor> seeds) {
    List<Operand<TFloat32>> sums = new ArrayList<>();
    backbone
        .flat()
        .outputs()
        .forEach(
            output -> {
              Operand<TFloat32> values = tf.dtypes.cast(tensor(output.tensor()), TFloat32.class);
              Constant<TFloat32> seed;
              try (Tensor value = seeds.get(output.key()).toNative()) {
                seed = tf.constantOf((TFloat32) value);
              }
              Operand<TInt32> axes = tf.range(tf.constant(0), tf.rank(values), tf.constant(1));
              sums.add(tf.reduceSum(tf.math.mul(values, seed), axes));
            });
    return tf.math.addN(sums).asOutput();
  }

  private Output<? extends TType> tensor(String name) {
    return graph.outputOrThrow(name);
  }

  private void assign(Session session, String node, HostTensor value) {
    Output<? extends TType> handle = graph.operationOrThrow(node).output(0);
    try (Tensor tensor = value.toNative()) {
      var fed = tf.placeholder(((TType) tensor).type());
      var assign = tf.assignVariableOp(handle, fed);
      session.runner().feed(fed, tensor).addTarget(assign).run().close();
    }
  }

  private Map<String, float[]> run(
      Session session, Map<String, HostTensor> inputs, Map<String, Output<?>> gradients) {
    if (gradients.isEmpty()) {
      return Map.of();
    }
    List<Tensor> fed = new ArrayList<>();
    try {
      Session.Runner runner = session.runner();
      for (FlatInput input : backbone.flat().inputs()) {
        Tensor tensor = inputs.get(input.key()).toNative();
        fed.add(tensor);
        runner.feed(input.node(), tensor);
      }
      gradients.values().forEach(runner::fetch);
      Map<String, float[]> values = new LinkedHashMap<>();
      try (Result result = runner.run()) {
        int i = 0;
        for (String node : gradients.keySet()) {
          values.put(node, ParityRow.floats(HostTensor.fromNative(result.get(i++))));
        }
      }
      return values;
    } finally {
      fed.forEach(Tensor::close);
    }
  }
}
