package dev.graft.train;

import dev.graft.model.Graft;
import dev.graft.tensor.HostTensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.types.TFloat32;

/** Puts a trainer where another framework's optimizer was. */
public final class TrainerStates {
  private TrainerStates() {}

  /**
   * Sets the optimizer's slots and the number of steps made.
   *
   * @param slots by the node of their variable, a slash and the slot's name
   */
  public static void set(Graft graft, Trainer trainer, Map<String, HostTensor> slots, long steps) {
    Map<String, String> nodes = new HashMap<>();
    for (NodeDef node : graft.graph().toGraphDef().getNodeList()) {
      if (node.getOp().equals("VarHandleOp")) {
        nodes.put(node.getAttrOrThrow("shared_name").getS().toStringUtf8(), node.getName());
      }
    }
    Ops tf = Ops.create(graft.graph()).withSubScope("states");
    Session.Runner runner = graft.session().runner();
    List<Tensor> fed = new ArrayList<>();
    try {
      slots.forEach(
          (name, value) -> {
            String node = nodes.get("optimizer/" + name);
            if (node == null) {
              throw new IllegalArgumentException(
                  "The optimizer has no slot " + name + ", only " + nodes.keySet() + ".");
            }
            Tensor tensor = value.toNative();
            fed.add(tensor);
            Placeholder<TFloat32> placeholder = tf.placeholder(TFloat32.class);
            runner
                .feed(placeholder, tensor)
                .addTarget(
                    tf.assignVariableOp(
                        graft.graph().operationOrThrow(node).output(0), placeholder));
          });
      runner.run().close();
    } finally {
      fed.forEach(Tensor::close);
    }
    trainer.resumeAt(steps);
  }
}
