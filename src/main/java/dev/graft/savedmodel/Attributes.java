package dev.graft.savedmodel;

import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.tensorflow.TensorFlow;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.MetaGraphDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.OpDef;

/**
 * The attributes of nodes that a foreign TensorFlow wrote.
 *
 * <p>A newer version may write attributes that this one does not know. One that has the default of
 * its version says nothing and is dropped; any other is refused by name. Notes for placing and
 * inferring, which do not survive inlining, are dropped too.
 */
final class Attributes {
  private static final Set<String> NOTES = Set.of("_class", "_output_shapes");

  /**
   * Attributes that TensorFlow 2.19 to 2.21 added to ops which a Keras model may hold, with their
   * defaults, for a writer that does not list its ops.
   */
  private static final Map<String, AttrValue> ADDED =
      Map.of(
          "TensorListGetItem.Tshape",
          AttrValue.newBuilder().setType(DataType.DT_INT32).build(),
          "XlaCallModule.use_shardy_partitioner",
          AttrValue.newBuilder().setB(false).build());

  private final Map<String, OpDef> writersOps;

  Attributes(MetaGraphDef.MetaInfoDef meta) {
    writersOps =
        meta.getStrippedOpList().getOpList().stream()
            .collect(Collectors.toMap(OpDef::getName, op -> op, (first, second) -> first));
  }

  /**
   * The node with attributes that this TensorFlow knows.
   *
   * @throws IllegalArgumentException if one is unknown and not the default
   */
  NodeDef clean(NodeDef node) {
    OpDef op = Ops.get(node.getOp());
    if (op == null) {
      return node;
    }
    Set<String> known =
        op.getAttrList().stream().map(OpDef.AttrDef::getName).collect(Collectors.toSet());
    NodeDef.Builder builder = node.toBuilder().clearAttr();
    new TreeMap<>(node.getAttrMap())
        .forEach(
            (name, value) -> {
              if (known.contains(name) || name.startsWith("_") && !NOTES.contains(name)) {
                builder.putAttr(name, value);
              } else if (!name.startsWith("_")) {
                requireDefault(node, name, value);
              }
            });
    return builder.build();
  }

  private void requireDefault(NodeDef node, String name, AttrValue value) {
    OpDef writersOp = writersOps.get(node.getOp());
    boolean isDefault =
        value.equals(ADDED.get(node.getOp() + "." + name))
            || writersOp != null
                && writersOp.getAttrList().stream()
                    .anyMatch(a -> a.getName().equals(name) && a.getDefaultValue().equals(value));
    if (!isDefault) {
      throw new IllegalArgumentException(
          "node "
              + node.getName()
              + " of op "
              + node.getOp()
              + " has the attribute \""
              + name
              + "\", which this TensorFlow ("
              + TensorFlow.version()
              + ") does not know");
    }
  }
}
