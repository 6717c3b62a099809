package dev.graft.savedmodel;

import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.FunctionDef;
import org.tensorflow.proto.FunctionDefLibrary;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.OpDef;

/**
 * Leaves out attributes that have their default values, so that a TensorFlow which does not know
 * them can read the graph.
 */
final class DefaultAttributes {
  private DefaultAttributes() {}

  static GraphDef strip(GraphDef graph) {
    GraphDef.Builder builder = graph.toBuilder().clearNode().clearLibrary();
    graph.getNodeList().forEach(node -> builder.addNode(strip(node)));
    FunctionDefLibrary.Builder library = graph.getLibrary().toBuilder().clearFunction();
    for (FunctionDef function : graph.getLibrary().getFunctionList()) {
      FunctionDef.Builder stripped = function.toBuilder().clearNodeDef();
      function.getNodeDefList().forEach(node -> stripped.addNodeDef(strip(node)));
      library.addFunction(stripped);
    }
    return builder.setLibrary(library).build();
  }

  private static NodeDef strip(NodeDef node) {
    OpDef op = Ops.get(node.getOp());
    if (op == null) {
      return node;
    }
    NodeDef.Builder builder = node.toBuilder();
    for (OpDef.AttrDef attribute : op.getAttrList()) {
      AttrValue value = node.getAttrMap().get(attribute.getName());
      if (attribute.hasDefaultValue() && attribute.getDefaultValue().equals(value)) {
        builder.removeAttr(attribute.getName());
      }
    }
    return builder.build();
  }

  /** Names of all ops in the graph and its functions, without calls of functions by name. */
  static SortedSet<String> opNames(GraphDef graph) {
    SortedSet<String> names = new TreeSet<>();
    add(names, graph.getNodeList());
    graph.getLibrary().getFunctionList().forEach(f -> add(names, f.getNodeDefList()));
    return names;
  }

  private static void add(SortedSet<String> names, List<NodeDef> nodes) {
    nodes.stream().map(NodeDef::getOp).filter(op -> Ops.get(op) != null).forEach(names::add);
  }
}
