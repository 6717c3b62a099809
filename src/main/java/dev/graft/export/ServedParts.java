package dev.graft.export;

import dev.graft.data.Preparation;
import dev.graft.data.Task;
import dev.graft.model.ConstantVariables;
import dev.graft.tensor.HostTensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.GraphDef;

/**
 * What an export is made of.
 *
 * @param graph from the inputs to answers, without anything that only training needs
 * @param inputs its placeholders
 * @param answers {@code probabilities}, or {@code numbers}: its tensor, {@code [batch, size]}
 * @param logits its tensor, {@code [batch, units]}; empty where numbers are their own
 * @param features what the head reads, {@code [batch, …]}
 * @param variables of the graph
 * @param kept values that go into the checkpoint though the graph does not read them, by name
 * @param task what it says of an example
 * @param preparation of its images; empty for a model over arrays
 */
record ServedParts(
    GraphDef graph,
    List<Input> inputs,
    String answers,
    Optional<String> logits,
    String features,
    List<Variable> variables,
    Map<String, HostTensor> kept,
    Task task,
    Optional<Preparation> preparation) {

  /** Copies the lists. */
  ServedParts {
    inputs = List.copyOf(inputs);
    variables = List.copyOf(variables);
    kept = Map.copyOf(kept);
  }

  /**
   * An input.
   *
   * @param name in the signatures
   * @param node its placeholder
   */
  record Input(String name, String node, DataType dtype, List<Long> shape) {}

  /**
   * A variable.
   *
   * @param node its {@code VarHandleOp}
   * @param name in Python
   */
  record Variable(String node, String name, HostTensor value, boolean trainable) {}

  /** The same with constants in place of the variables, but for those that loops read. */
  ServedParts asConstants() {
    Map<String, HostTensor> values = new LinkedHashMap<>();
    variables.forEach(variable -> values.put(variable.node(), variable.value()));
    Map<String, HostTensor> live = ConstantVariables.live(graph, values);
    return new ServedParts(
        ConstantVariables.fill(graph, values),
        inputs,
        answers,
        logits,
        features,
        variables.stream().filter(variable -> live.containsKey(variable.node())).toList(),
        kept,
        task,
        preparation);
  }
}
