package dev.graft.savedmodel;

import java.util.Collections;
import java.util.List;
import org.tensorflow.proto.CollectionDef;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.MetaGraphDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.SaverDef;
import org.tensorflow.proto.VariableDef;

/**
 * The nodes of a graph that save and restore its variables, and the lists by which Python finds
 * variables. A variable is initialised by restoring it: the graph knows no other value.
 */
final class SaveNodes {
  private final NodeNames names;

  SaveNodes(NodeNames names) {
    this.names = names;
  }

  /** Adds all of them, in the order of the variables. */
  void add(MetaGraphDef.Builder meta, GraphDef.Builder graph, List<WrittenVariable> variables) {
    NodeDef prefix = addPrefix(graph);
    NodeDef keys =
        addStrings(graph, "save/tensor_names", variables.stream().map(v -> v.name()).toList());
    NodeDef slices =
        addStrings(graph, "save/shape_and_slices", Collections.nCopies(variables.size(), ""));
    List<DataType> types = variables.stream().map(v -> v.value().dtype()).toList();
    NodeDef restore = storage("RestoreV2", prefix, keys, slices, types).build();
    graph.addNode(restore);
    NodeDef.Builder save = storage("SaveV2", prefix, keys, slices, types);
    NodeDef.Builder restoreAll = Nodes.node("NoOp", names.unique("save/restore_all"));
    CollectionDef.BytesList.Builder all = CollectionDef.BytesList.newBuilder();
    CollectionDef.BytesList.Builder trainable = CollectionDef.BytesList.newBuilder();
    for (int i = 0; i < variables.size(); i++) {
      VariableDef definition = addVariable(graph, variables.get(i), new Ref(restore.getName(), i));
      save.addInput(Ref.parse(definition.getSnapshotName()).asInput());
      restoreAll.addInput("^" + definition.getInitializerName());
      all.addValue(definition.toByteString());
      if (definition.getTrainable()) {
        trainable.addValue(definition.toByteString());
      }
    }
    NodeDef saved = saved(prefix, save);
    graph.addNode(save).addNode(saved).addNode(restoreAll);
    meta.putCollectionDef("variables", CollectionDef.newBuilder().setBytesList(all).build())
        .putCollectionDef(
            "trainable_variables", CollectionDef.newBuilder().setBytesList(trainable).build())
        .setSaverDef(saver(prefix, saved, restoreAll));
  }

  /** The tensor through which the loader says where the files are. */
  private NodeDef addPrefix(GraphDef.Builder graph) {
    NodeDef filename = Nodes.string(names.unique("save/filename"), "model");
    NodeDef prefix =
        Nodes.node("PlaceholderWithDefault", names.unique("save/Const"), filename.getName())
            .putAttr("dtype", Nodes.type(DataType.DT_STRING))
            .putAttr("shape", Nodes.shape(List.of()))
            .build();
    graph.addNode(filename).addNode(prefix);
    return prefix;
  }

  private NodeDef addStrings(GraphDef.Builder graph, String name, List<String> values) {
    NodeDef node = Nodes.strings(names.unique(name), values);
    graph.addNode(node);
    return node;
  }

  private NodeDef.Builder storage(
      String op, NodeDef prefix, NodeDef keys, NodeDef slices, List<DataType> types) {
    return Nodes.node(
            op, names.unique("save/" + op), prefix.getName(), keys.getName(), slices.getName())
        .putAttr("dtypes", Nodes.types(types));
  }

  private VariableDef addVariable(GraphDef.Builder graph, WrittenVariable variable, Ref restored) {
    String handle = variable.node();
    NodeDef.Builder read =
        Nodes.node("ReadVariableOp", names.unique(handle + "/Read/ReadVariableOp"), handle)
            .putAttr("dtype", Nodes.type(variable.value().dtype()));
    NodeDef.Builder assign =
        Nodes.node("AssignVariableOp", names.unique(handle + "/Assign"), handle, restored.asInput())
            .putAttr("dtype", Nodes.type(variable.value().dtype()));
    graph.addNode(read).addNode(assign);
    return VariableDef.newBuilder()
        .setVariableName(handle + ":0")
        .setInitialValueName(restored.toString())
        .setInitializerName(assign.getName())
        .setSnapshotName(read.getName() + ":0")
        .setIsResource(true)
        .setTrainable(variable.trainable())
        .build();
  }

  private NodeDef saved(NodeDef prefix, NodeDef.Builder save) {
    return Nodes.node(
            "Identity",
            names.unique("save/control_dependency"),
            prefix.getName(),
            "^" + save.getName())
        .putAttr("T", Nodes.type(DataType.DT_STRING))
        .build();
  }

  private static SaverDef saver(NodeDef prefix, NodeDef saved, NodeDef.Builder restoreAll) {
    return SaverDef.newBuilder()
        .setFilenameTensorName(prefix.getName() + ":0")
        .setSaveTensorName(saved.getName() + ":0")
        .setRestoreOpName(restoreAll.getName())
        .setVersion(SaverDef.CheckpointFormatVersion.V2)
        .build();
  }
}
