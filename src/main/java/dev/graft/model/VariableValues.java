package dev.graft.model;

import dev.graft.tensor.HostTensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.op.Ops;
import org.tensorflow.types.family.TType;

/** Gives the variables of an open graph, such as a graft's, their values. */
public final class VariableValues {
  private VariableValues() {}

  /**
   * Assigns all values in one run: TensorFlow prepares the whole graph for each new set of targets.
   *
   * @param values by the name of the {@code VarHandleOp}, of the variables' types and shapes
   */
  public static void assign(Graph graph, Session session, Map<String, HostTensor> values) {
    if (values.isEmpty()) {
      return;
    }
    Ops tf = Ops.create(graph).withSubScope("graft");
    Session.Runner runner = session.runner();
    List<Tensor> fed = new ArrayList<>();
    try {
      values.forEach(
          (node, value) -> {
            Tensor tensor = value.toNative();
            fed.add(tensor);
            Operand<? extends TType> placeholder = tf.placeholder(((TType) tensor).type());
            Output<? extends TType> handle = graph.operationOrThrow(node).output(0);
            runner.feed(placeholder, tensor).addTarget(tf.assignVariableOp(handle, placeholder));
          });
      runner.run().close();
    } finally {
      fed.forEach(Tensor::close);
    }
  }
}
