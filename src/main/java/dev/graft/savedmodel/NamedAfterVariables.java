package dev.graft.savedmodel;

import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.SignatureDef;
import org.tensorflow.proto.TensorInfo;

/**
 * A graph whose variables' nodes have the variables' names, because Python shows a node's name as
 * the variable's. Other nodes that have such a name make way.
 */
final class NamedAfterVariables {
  private final GraphDef graph;
  private final Map<String, WrittenVariable> variablesByNode = new HashMap<>();
  private final Map<String, String> renamed = new HashMap<>();
  private final List<WrittenVariable> variables;

  NamedAfterVariables(GraphDef graph, Collection<WrittenVariable> variables, NodeNames names) {
    this.graph = graph;
    variables.forEach(variable -> variablesByNode.put(variable.node(), variable));
    variables.forEach(variable -> renamed.put(variable.node(), names.unique(variable.name())));
    graph.getNodeList().stream()
        .map(NodeDef::getName)
        .filter(name -> !renamed.containsKey(name))
        .forEach(name -> renamed.put(name, names.unique(name)));
    this.variables = variables.stream().map(v -> v.withNode(renamed.get(v.node()))).toList();
  }

  /** The variables with their nodes' new names. */
  List<WrittenVariable> variables() {
    return variables;
  }

  /** The graph with new names; a variable's key in the checkpoint is its shared name. */
  GraphDef graph() {
    GraphDef.Builder builder = graph.toBuilder().clearNode();
    graph.getNodeList().forEach(node -> builder.addNode(of(node)));
    return builder.build();
  }

  private NodeDef.Builder of(NodeDef node) {
    NodeDef.Builder copy = node.toBuilder().setName(renamed.get(node.getName()));
    copy.clearInput().clearDevice();
    node.getInputList().forEach(input -> copy.addInput(of(input)));
    WrittenVariable variable = variablesByNode.get(node.getName());
    if (variable != null) {
      copy.putAttr("shape", Nodes.shape(variable.value().shape()))
          .putAttr("shared_name", Nodes.text(variable.name()))
          .removeAttr("container");
    }
    return copy;
  }

  private String of(String input) {
    if (Ref.isControl(input)) {
      return "^" + renamed.get(input.substring(1));
    }
    return of(Ref.parse(input)).asInput();
  }

  private Ref of(Ref tensor) {
    return new Ref(renamed.get(tensor.node()), tensor.index());
  }

  /** The signature with the new names of its tensors; its keys stay. */
  SignatureDef of(SignatureDef signature) {
    SignatureDef.Builder builder = signature.toBuilder();
    signature.getInputsMap().forEach((key, info) -> builder.putInputs(key, of(info)));
    signature.getOutputsMap().forEach((key, info) -> builder.putOutputs(key, of(info)));
    return builder.build();
  }

  private TensorInfo of(TensorInfo info) {
    return info.toBuilder().setName(of(Ref.parse(info.getName())).toString()).build();
  }
}
