package dev.graft.savedmodel;

import java.nio.file.Path;
import java.util.List;
import org.tensorflow.proto.GraphDef;

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
}
