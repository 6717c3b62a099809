package dev.graft.savedmodel;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.tensorflow.proto.FunctionDef;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.OpDef;

/**
 * Makes a function of a graph: what a node of a loop or a map names as its body. The reverse of
 * what {@link SavedModel#flatten} does. The same graph gives the same bytes.
 */
public final class FunctionBody {
  private final Map<String, NodeDef> nodes = new HashMap<>();
  private final List<String> arguments;

  private FunctionBody(GraphDef graph, List<String> arguments) {
    graph.getNodeList().forEach(node -> nodes.put(node.getName(), node));
    this.arguments = arguments;
  }

  /**
   * A function.
   *
   * @param name by which nodes name it
   * @param graph flat, every node of it part of the function
   * @param arguments names of its placeholders, in the order of the arguments
   * @param results tensors, {@code node:index}, in their order
   * @throws IllegalArgumentException if an argument or result is not in the graph
   */
  public static FunctionDef of(
      String name, GraphDef graph, List<String> arguments, List<String> results) {
    return new FunctionBody(graph, arguments).function(name, graph, results);
  }

  private FunctionDef function(String name, GraphDef graph, List<String> results) {
    OpDef.Builder signature = OpDef.newBuilder().setName(name);
    for (String argument : arguments) {
      signature.addInputArg(
          OpDef.ArgDef.newBuilder()
              .setName(argument)
              .setType(node(argument).getAttrOrThrow("dtype").getType()));
    }
    FunctionDef.Builder function = FunctionDef.newBuilder();
    graph.getNodeList().stream()
        .filter(node -> !arguments.contains(node.getName()))
        .forEach(node -> function.addNodeDef(inFunction(node)));
    for (int i = 0; i < results.size(); i++) {
      Ref result = Ref.parse(results.get(i));
      String output = "result_" + i;
      signature.addOutputArg(
          OpDef.ArgDef.newBuilder()
              .setName(output)
              .setType(Ops.type(node(result.node()), result.index())));
      function.putRet(output, inFunction(result));
    }
    return function.setSignature(signature).build();
  }

  private NodeDef node(String name) {
    NodeDef node = nodes.get(name);
    if (node == null) {
      throw new IllegalArgumentException("The graph of the function has no node " + name + ".");
    }
    return node;
  }

  private NodeDef inFunction(NodeDef node) {
    NodeDef.Builder copy = node.toBuilder().clearInput().clearDevice();
    node.getInputList().stream()
        .map(input -> Ref.isControl(input) ? input : inFunction(Ref.parse(input)))
        .forEach(copy::addInput);
    return copy.build();
  }

  /** {@code argument}, or {@code node:output:index}. */
  private String inFunction(Ref tensor) {
    return arguments.contains(tensor.node())
        ? tensor.node()
        : tensor.node() + ":" + Ops.outputName(node(tensor.node()), tensor.index());
  }
}
