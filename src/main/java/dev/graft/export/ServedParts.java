package dev.graft.export;

import dev.graft.data.Preparation;
import dev.graft.data.Task;
import dev.graft.handoff.Signature;
import dev.graft.model.Bfloat16Graph;
import dev.graft.model.ConstantVariables;
import dev.graft.tensor.HostTensor;
import java.util.ArrayList;
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

  /** What the answers are called in the signatures. */
  String answersName() {
    return task.kind() == Task.Kind.NUMBERS ? ServingGraph.NUMBERS : ServingGraph.PROBABILITIES;
  }

  /** The tensor of an output of the signatures, one of numbers. */
  String tensor(String output) {
    return switch (output) {
      case ServingGraph.LOGITS -> logits.orElseThrow();
      case Signature.FEATURES -> features;
      default -> answers;
    };
  }

  /** The same in a form. */
  ServedParts in(WeightForm form) {
    return switch (form) {
      case VARIABLES -> this;
      case CONSTANTS -> asConstants();
      case BFLOAT16 -> asConstants().inBfloat16();
    };
  }

  private ServedParts inBfloat16() {
    List<String> outputs = new ArrayList<>(List.of(answers));
    logits.ifPresent(outputs::add);
    return withGraph(Bfloat16Graph.of(graph, features, outputs), variables);
  }

  private ServedParts withGraph(GraphDef other, List<Variable> held) {
    return new ServedParts(other, inputs, answers, logits, features, held, kept, task, preparation);
  }

  /** The same with constants in place of the variables, but for those that loops read. */
  private ServedParts asConstants() {
    Map<String, HostTensor> values = new LinkedHashMap<>();
    variables.forEach(variable -> values.put(variable.node(), variable.value()));
    Map<String, HostTensor> live = ConstantVariables.live(graph, values);
    return withGraph(
        ConstantVariables.fill(graph, values),
        variables.stream().filter(variable -> live.containsKey(variable.node())).toList());
  }
}
