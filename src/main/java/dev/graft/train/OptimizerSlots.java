package dev.graft.train;

import dev.graft.model.Graft;
import dev.graft.model.VariableValues;
import dev.graft.tensor.HostTensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.tensorflow.Output;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.VarHandleOp;
import org.tensorflow.types.TFloat32;

/** What an optimizer remembers from step to step. Belongs to the graft's graph and session. */
final class OptimizerSlots {
  private final Graft graft;
  private final Map<String, String> nodes = new LinkedHashMap<>();
  private final List<Output<?>> reads = new ArrayList<>();

  OptimizerSlots(Graft graft, Map<String, VarHandleOp> handles) {
    this.graft = graft;
    Ops tf = Ops.create(graft.graph()).withSubScope("optimizer");
    handles.forEach(
        (name, handle) -> {
          nodes.put(name, handle.op().name());
          reads.add(tf.readVariableOp(handle, TFloat32.class).asOutput());
        });
  }

  /** The current values, by variable and name: {@code optimizer/dense/kernel/m}. */
  Map<String, HostTensor> values() {
    Map<String, HostTensor> values = new LinkedHashMap<>();
    if (reads.isEmpty()) {
      return values;
    }
    Session.Runner runner = graft.session().runner();
    reads.forEach(runner::fetch);
    try (Result result = runner.run()) {
      int i = 0;
      for (String name : nodes.keySet()) {
        values.put(name, HostTensor.fromNative(result.get(i++)));
      }
    }
    return values;
  }

  /**
   * Gives the slots other values.
   *
   * @param values of all of them, as {@link #values()} gives them
   * @throws IllegalArgumentException when these are not this optimizer's slots
   */
  void assign(Map<String, HostTensor> values) {
    Map<String, HostTensor> now = values();
    Map<String, HostTensor> byNode = new LinkedHashMap<>();
    now.forEach(
        (name, value) -> {
          HostTensor given = values.get(name);
          if (given == null || !given.shape().equals(value.shape())) {
            throw new IllegalArgumentException(
                "Slot %s of the optimizer is expected to be %s but got %s."
                    .formatted(name, value.shape(), given == null ? "nothing" : given.shape()));
          }
          byNode.put(nodes.get(name), given);
        });
    VariableValues.assign(graft.graph(), graft.session(), byNode);
  }
}
