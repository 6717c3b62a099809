package dev.graft.savedmodel;

import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.FunctionDef;
import org.tensorflow.proto.FunctionDefLibrary;
import org.tensorflow.proto.NameAttrList;
import org.tensorflow.proto.NodeDef;

/** The functions that nodes name in their attributes: branches and bodies of control flow. */
final class FunctionLibrary {
  private FunctionLibrary() {}

  /**
   * The part of a library that some nodes need.
   *
   * @throws IllegalArgumentException if a function is missing
   */
  static FunctionDefLibrary needed(
      FunctionDefLibrary library, Collection<NodeDef> nodes, Attributes attributes) {
    Map<String, FunctionDef> all = new HashMap<>();
    library.getFunctionList().forEach(f -> all.put(f.getSignature().getName(), f));
    Map<String, FunctionDef> kept = new TreeMap<>();
    Deque<String> waiting = new ArrayDeque<>();
    nodes.forEach(node -> named(node, all).forEach(waiting::add));
    while (!waiting.isEmpty()) {
      String name = waiting.remove();
      FunctionDef function = all.get(name);
      if (function == null) {
        throw new IllegalArgumentException("function " + name + " is not in its library");
      }
      if (kept.putIfAbsent(name, clean(function, attributes)) == null) {
        function.getNodeDefList().forEach(node -> named(node, all).forEach(waiting::add));
      }
    }
    return FunctionDefLibrary.newBuilder().addAllFunction(kept.values()).build();
  }

  private static FunctionDef clean(FunctionDef function, Attributes attributes) {
    FunctionDef.Builder builder = function.toBuilder().clearNodeDef();
    function
        .getNodeDefList()
        .forEach(node -> builder.addNodeDef(attributes.clean(node).toBuilder().clearDevice()));
    return builder.build();
  }

  private static Stream<String> named(NodeDef node, Map<String, FunctionDef> all) {
    Stream<String> called = all.containsKey(node.getOp()) ? Stream.of(node.getOp()) : Stream.of();
    Stream<String> inAttributes =
        new TreeMap<>(node.getAttrMap()).values().stream().flatMap(FunctionLibrary::functions);
    return Stream.concat(called, inAttributes);
  }

  private static Stream<String> functions(AttrValue value) {
    Stream<NameAttrList> lists =
        value.hasFunc() ? Stream.of(value.getFunc()) : value.getList().getFuncList().stream();
    return lists.map(NameAttrList::getName).filter(name -> !name.isEmpty());
  }
}
