package dev.graft.parity;

import dev.graft.model.Backbone;
import dev.graft.model.VariableValues;
import dev.graft.savedmodel.FlatInput;
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
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Constant;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.family.TType;

/** The gradients of a model's variables, of the sum of output × seeded tensor. */
final class LiveGradients {
  private final Backbone backbone;
  private final Graph graph = new Graph();
  private final Ops tf = Ops.create(graph).withSubScope("parity");

  private LiveGradients(Backbone backbone) {
    this.backbone = backbone;
  }

  /**
   * @param variables nodes of those that are asked for
   * @param inputs by the key of the signature
   * @param seeds by the key of the output
   * @return by the node of the variable
   */
  static Map<String, float[]> of(
      Backbone backbone,
      List<String> variables,
      Map<String, HostTensor> inputs,
      Map<String, HostTensor> seeds)
      throws IOException {
    if (variables.isEmpty()) {
      return Map.of();
    }
    LiveGradients live = new LiveGradients(backbone);
    try (live.graph) {
      return live.answer(variables, inputs, seeds);
    }
  }

  private Map<String, float[]> answer(
      List<String> variables, Map<String, HostTensor> inputs, Map<String, HostTensor> seeds)
      throws IOException {
    graph.importGraphDef(backbone.flat().graph());
    Output<?>[] handles =
        variables.stream()
            .map(variable -> graph.operationOrThrow(variable).output(0))
            .toArray(Output<?>[]::new);
    Output<?>[] gradients = graph.addGradients(loss(seeds), handles);
    try (Session session = new Session(graph)) {
      VariableValues.assign(graph, session, backbone.values());
      List<float[]> values = run(session, inputs, gradients);
      Map<String, float[]> byNode = new LinkedHashMap<>();
      for (int i = 0; i < variables.size(); i++) {
        byNode.put(variables.get(i), values.get(i));
      }
      return byNode;
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

  private List<float[]> run(
      Session session, Map<String, HostTensor> inputs, Output<?>[] gradients) {
    List<Tensor> fed = new ArrayList<>();
    try {
      Session.Runner runner = session.runner();
      for (FlatInput input : backbone.flat().inputs()) {
        Tensor tensor = inputs.get(input.key()).toNative();
        fed.add(tensor);
        runner.feed(input.node(), tensor);
      }
      for (Output<?> gradient : gradients) {
        runner.fetch(gradient);
      }
      List<float[]> values = new ArrayList<>();
      try (Result result = runner.run()) {
        for (int i = 0; i < gradients.length; i++) {
          values.add(ParityRow.floats(HostTensor.fromNative(result.get(i))));
        }
      }
      return values;
    } finally {
      fed.forEach(Tensor::close);
    }
  }
}
