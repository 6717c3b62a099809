package dev.graft.savedmodel;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.tensorflow.TensorFlow;
import org.tensorflow.proto.FunctionDef;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.OpDef;

/**
 * Puts the bodies of called functions in the place of the calls, to any depth.
 *
 * <p>First every body is written out, and what a call gives is only noted as another name for what
 * its body returns; then the other names are followed. So the order of nodes does not matter.
 */
final class Inliner {
  private static final Set<String> CALLS = Set.of("PartitionedCall", "StatefulPartitionedCall");
  private static final Pattern CALL_SCOPE = Pattern.compile("(Stateful)?PartitionedCall(_\\d+)?$");
  private static final int MAX_NODES = 1_000_000;

  private final Map<String, FunctionDef> functions = new HashMap<>();
  private final Map<String, NodeDef> nodes = new LinkedHashMap<>();
  private final Map<Ref, Ref> aliases = new HashMap<>();
  private final Set<String> running = new HashSet<>();
  private final NodeNames names;
  private int calls;

  Inliner(GraphDef graph, NodeNames names) {
    graph
        .getLibrary()
        .getFunctionList()
        .forEach(function -> functions.put(function.getSignature().getName(), function));
    this.names = names;
  }

  /** The function that a node calls, or null if the node is an op. */
  static String calledFunction(NodeDef node, Collection<String> functions) {
    if (CALLS.contains(node.getOp())) {
      return node.getAttrOrThrow("f").getFunc().getName();
    }
    return functions.contains(node.getOp()) ? node.getOp() : null;
  }

  /** Says that one tensor is to stand for another. */
  void alias(Ref tensor, Ref replacement) {
    aliases.put(tensor, replacement);
  }

  /**
   * Writes out nodes of a graph with all that they call.
   *
   * @param graphNodes the nodes, with the names that they have in the graph
   */
  void inlineGraph(List<NodeDef> graphNodes) {
    Map<String, String> flatNames = flatNames("", graphNodes);
    for (NodeDef node : graphNodes) {
      List<Ref> inputs = new ArrayList<>();
      for (String input : dataInputs(node)) {
        Ref ref = Ref.parse(input);
        inputs.add(new Ref(inGraph(ref.node()), ref.index()));
      }
      alias(node, flatNames.get(node.getName()));
      inline(node, flatNames.get(node.getName()), "", inputs);
    }
  }

  /** What a tensor of the graph is called while it is written out, before aliases are followed. */
  static Ref inGraph(Ref ref) {
    return new Ref(inGraph(ref.node()), ref.index());
  }

  private static String inGraph(String node) {
    return "graph>" + node;
  }

  private void alias(NodeDef node, String flatName) {
    int outputs = outputCount(node);
    for (int i = 0; i < outputs; i++) {
      aliases.putIfAbsent(new Ref(inGraph(node.getName()), i), new Ref(flatName, i));
    }
  }

  private int outputCount(NodeDef node) {
    return definition(node).getOutputArgList().stream()
        .mapToInt(output -> Ops.width(output, node.getAttrMap()))
        .sum();
  }

  /** All nodes that were written out, their inputs followed to the nodes that make them. */
  Map<String, NodeDef> nodes() {
    Map<String, NodeDef> resolved = new LinkedHashMap<>();
    nodes.forEach((name, node) -> resolved.put(name, withResolvedInputs(node)));
    return resolved;
  }

  private NodeDef withResolvedInputs(NodeDef node) {
    NodeDef.Builder builder = node.toBuilder().clearInput();
    node.getInputList().forEach(input -> builder.addInput(resolve(Ref.parse(input)).asInput()));
    return builder.build();
  }

  /** The tensor that another name stands for. */
  Ref resolve(Ref ref) {
    Ref current = ref;
    for (int steps = 0; aliases.containsKey(current); steps++) {
      if (steps > aliases.size()) {
        throw new IllegalArgumentException("tensor " + ref + " is made from itself");
      }
      current = aliases.get(current);
    }
    return current;
  }

  private Map<String, String> flatNames(String prefix, List<NodeDef> body) {
    Map<String, String> flatNames = new HashMap<>();
    for (NodeDef node : body) {
      boolean call = calledFunction(node, functions.keySet()) != null;
      String name = call ? "call>" + calls++ : names.unique(prefix + node.getName());
      flatNames.put(node.getName(), name);
    }
    return flatNames;
  }

  private void inline(NodeDef node, String flatName, String prefix, List<Ref> inputs) {
    String called = calledFunction(node, functions.keySet());
    if (called == null) {
      write(node, flatName, inputs);
    } else {
      inlineCall(node, called, flatName, prefix, inputs);
    }
  }

  private void write(NodeDef node, String flatName, List<Ref> inputs) {
    NodeDef.Builder builder = node.toBuilder().setName(flatName).clearInput().clearDevice();
    inputs.forEach(input -> builder.addInput(input.toString()));
    nodes.put(flatName, builder.clearExperimentalDebugInfo().build());
    if (nodes.size() > MAX_NODES) {
      throw new IllegalArgumentException("it has more than " + MAX_NODES + " nodes");
    }
  }

  private void inlineCall(
      NodeDef node, String called, String flatName, String prefix, List<Ref> inputs) {
    FunctionDef function = function(called);
    if (!running.add(called)) {
      throw new IllegalArgumentException("function " + called + " calls itself");
    }
    String scope = CALL_SCOPE.matcher(prefix + node.getName()).replaceFirst("");
    String inner = scope.isEmpty() || scope.endsWith("/") ? scope : scope + "/";
    List<Ref> returned = inlineBody(function, inner, inputs);
    for (int i = 0; i < returned.size(); i++) {
      aliases.put(new Ref(flatName, i), returned.get(i));
    }
    running.remove(called);
  }

  private List<Ref> inlineBody(FunctionDef function, String prefix, List<Ref> arguments) {
    Map<String, String> flatNames = flatNames(prefix, function.getNodeDefList());
    Body body = new Body(function, flatNames, arguments);
    for (NodeDef node : function.getNodeDefList()) {
      List<Ref> inputs = dataInputs(node).stream().map(body::resolve).toList();
      inline(node, flatNames.get(node.getName()), prefix, inputs);
    }
    List<Ref> returned = new ArrayList<>();
    for (OpDef.ArgDef output : function.getSignature().getOutputArgList()) {
      returned.add(body.resolve(function.getRetOrThrow(output.getName())));
    }
    return returned;
  }

  private FunctionDef function(String name) {
    FunctionDef function = functions.get(name);
    if (function == null) {
      throw new IllegalArgumentException("function " + name + " is not in its library");
    }
    return function;
  }

  private OpDef definition(NodeDef node) {
    String called = calledFunction(node, functions.keySet());
    if (called != null) {
      return function(called).getSignature();
    }
    OpDef op = Ops.get(node.getOp());
    if (op == null) {
      throw new IllegalArgumentException(
          "node "
              + node.getName()
              + " is of op "
              + node.getOp()
              + ", which this TensorFlow ("
              + TensorFlow.version()
              + ") does not know");
    }
    return op;
  }

  private static List<String> dataInputs(NodeDef node) {
    return node.getInputList().stream().filter(input -> !Ref.isControl(input)).toList();
  }

  /** The references inside one body that is being written out. */
  private final class Body {
    private final Map<String, NodeDef> nodes = new HashMap<>();
    private final Map<String, Ref> arguments = new HashMap<>();
    private final Map<String, String> flatNames;

    Body(FunctionDef function, Map<String, String> flatNames, List<Ref> values) {
      this.flatNames = flatNames;
      function.getNodeDefList().forEach(node -> nodes.put(node.getName(), node));
      List<OpDef.ArgDef> declared = function.getSignature().getInputArgList();
      if (declared.size() != values.size()) {
        throw new IllegalArgumentException(
            "function "
                + function.getSignature().getName()
                + " takes "
                + declared.size()
                + " arguments but is called with "
                + values.size());
      }
      for (int i = 0; i < declared.size(); i++) {
        arguments.put(declared.get(i).getName(), values.get(i));
      }
    }

    /** Reads {@code argument}, or {@code node:output:index}. */
    Ref resolve(String input) {
      String[] parts = input.split(":");
      Ref argument = arguments.get(parts[0]);
      if (argument != null) {
        return argument;
      }
      NodeDef node = nodes.get(parts[0]);
      if (node == null || parts.length != 3) {
        throw new IllegalArgumentException("tensor " + input + " is made by no node");
      }
      int index = outputIndex(node, parts[1], Integer.parseInt(parts[2]));
      return new Ref(flatNames.get(parts[0]), index);
    }

    private int outputIndex(NodeDef node, String output, int index) {
      boolean partitionedCall = CALLS.contains(node.getOp());
      return partitionedCall ? index : Ops.outputIndex(definition(node), node, output, index);
    }
  }
}
