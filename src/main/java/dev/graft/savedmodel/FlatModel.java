package dev.graft.savedmodel;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;

/**
 * One signature of a SavedModel as one graph without function calls.
 *
 * <p>The graph holds what the outputs need and nothing else, every node behind its inputs, and the
 * same folder always gives the same graph. Node names keep the scopes that Keras gave them, such as
 * {@code vgg16_1/block1_conv1_1/convolution}. There are no control edges and no devices. Control
 * flow (While, If, Case) keeps its branches in the graph's function library. The shared name of
 * every variable is the name of its node.
 *
 * @param graph the nodes
 * @param inputs in the order of their keys; an input that no output needs is in the graph too
 * @param outputs in the order of their keys
 * @param variables those that the outputs need, in the order in which the graph reaches them
 * @param source the folder that it was read from
 */
public record FlatModel(
    GraphDef graph,
    List<FlatInput> inputs,
    List<FlatOutput> outputs,
    List<FlatVariable> variables,
    Path source) {
  public FlatModel {
    inputs = List.copyOf(inputs);
    outputs = List.copyOf(outputs);
    variables = List.copyOf(variables);
  }

  /** The same with some of the outputs, and without what only the others need. */
  public FlatModel withOutputs(Predicate<FlatOutput> kept) {
    List<FlatOutput> some = outputs.stream().filter(kept).toList();
    Map<String, NodeDef> nodes = new LinkedHashMap<>();
    graph.getNodeList().forEach(node -> nodes.put(node.getName(), node));
    List<String> wanted = new ArrayList<>();
    inputs.forEach(input -> wanted.add(input.node()));
    some.forEach(output -> wanted.add(Ref.parse(output.tensor()).node()));
    Set<String> needed = GraphOrder.needed(nodes, wanted).keySet();
    nodes.keySet().retainAll(needed);
    return new FlatModel(
        graph.toBuilder().clearNode().addAllNode(nodes.values()).build(),
        inputs,
        some,
        variables.stream().filter(variable -> needed.contains(variable.node())).toList(),
        source);
  }
}
