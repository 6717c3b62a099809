package dev.graft.savedmodel;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.tensorflow.proto.MetaGraphDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.SavedObjectGraphOuterClass.SavedConcreteFunction;
import org.tensorflow.proto.SavedObjectGraphOuterClass.SavedObject;
import org.tensorflow.proto.SavedObjectGraphOuterClass.SavedObjectGraph;
import org.tensorflow.proto.SavedObjectGraphOuterClass.SavedVariable;
import org.tensorflow.proto.TrackableObjectGraphOuterClass.TrackableObjectGraph;
import org.tensorflow.proto.TrackableObjectGraphOuterClass.TrackableObjectGraph.TrackableObject;
import org.tensorflow.proto.VariableDef;

/**
 * Finds, for a VarHandleOp of a SavedModel's graph, the name, the checkpoint key and the trainable
 * flag of its variable.
 *
 * <p>Where there is an object graph, the handles that a signature's function captures are followed:
 * input of the call, bound input of the concrete function, object, same path from the root in the
 * checkpoint's own object graph, key. Names of handles are not to be trusted there: a Keras 3 model
 * written by {@code tf.saved_model.save} fills variables with other handles than the ones that its
 * signature uses (https://github.com/keras-team/keras/issues/19274). Where there is no object graph
 * (TensorFlow 1's form, which Graft writes too), the handle's shared name is the key and the name.
 */
final class VariableDirectory {
  private static final String OBJECT_GRAPH_KEY = "_CHECKPOINTABLE_OBJECT_GRAPH";

  private final SavedObjectGraph objects;
  private final Checkpoint checkpoint;
  private final Map<String, Integer> objectsOfHandles = new HashMap<>();
  private final Map<Integer, String> keysOfObjects = new HashMap<>();
  private final Map<String, Boolean> listed = new HashMap<>();

  VariableDirectory(MetaGraphDef meta, Checkpoint checkpoint) throws IOException {
    this.objects = meta.getObjectGraphDef();
    this.checkpoint = checkpoint;
    if (checkpoint.entry(OBJECT_GRAPH_KEY) != null && objects.getNodesCount() > 0) {
      byte[] stored = checkpoint.read(OBJECT_GRAPH_KEY).strings().get(0);
      matchPaths(TrackableObjectGraph.parseFrom(stored));
    }
    list(meta, "variables");
    list(meta, "trainable_variables");
  }

  private void list(MetaGraphDef meta, String collection) throws InvalidProtocolBufferException {
    List<ByteString> definitions =
        meta.getCollectionDefOrDefault(
                collection, org.tensorflow.proto.CollectionDef.getDefaultInstance())
            .getBytesList()
            .getValueList();
    for (ByteString bytes : definitions) {
      VariableDef definition = VariableDef.parseFrom(bytes);
      boolean trainable = collection.equals("trainable_variables") || definition.getTrainable();
      listed.put(Ref.parse(definition.getVariableName()).node(), trainable);
    }
  }

  /** Walks both object graphs side by side, so that every object gets its checkpoint key. */
  private void matchPaths(TrackableObjectGraph stored) {
    Map<Integer, Integer> storedIds = new HashMap<>(Map.of(0, 0));
    Deque<Integer> waiting = new ArrayDeque<>(List.of(0));
    while (!waiting.isEmpty()) {
      int id = waiting.remove();
      TrackableObject twin = stored.getNodes(storedIds.get(id));
      twin.getAttributesList().stream()
          .filter(attribute -> attribute.getName().equals("VARIABLE_VALUE"))
          .forEach(attribute -> keysOfObjects.put(id, attribute.getCheckpointKey()));
      Map<String, Integer> twinChildren = new HashMap<>();
      twin.getChildrenList()
          .forEach(child -> twinChildren.put(child.getLocalName(), child.getNodeId()));
      for (TrackableObject.ObjectReference child : objects.getNodes(id).getChildrenList()) {
        Integer twinChild = twinChildren.get(child.getLocalName());
        if (twinChild != null && storedIds.putIfAbsent(child.getNodeId(), twinChild) == null) {
          waiting.add(child.getNodeId());
        }
      }
    }
  }

  /**
   * Notes which objects a call of a signature's function captures.
   *
   * @param function name of the function
   * @param inputs nodes whose outputs the call takes, arguments first
   */
  void follow(String function, List<String> inputs) {
    SavedConcreteFunction concrete = objects.getConcreteFunctionsMap().get(function);
    if (concrete == null) {
      return;
    }
    int arguments = inputs.size() - concrete.getBoundInputsCount();
    for (int i = 0; i < concrete.getBoundInputsCount(); i++) {
      objectsOfHandles.put(inputs.get(arguments + i), concrete.getBoundInputs(i));
    }
  }

  /**
   * What is known of a variable.
   *
   * @param handle a VarHandleOp
   * @throws IllegalArgumentException if nothing is
   */
  StoredVariable find(NodeDef handle) {
    String shared = handle.getAttrOrThrow("shared_name").getS().toStringUtf8();
    Integer object = objectsOfHandles.get(handle.getName());
    if (object != null && objects.getNodes(object).hasVariable()) {
      return ofObject(handle, object);
    }
    String key = shared.isEmpty() ? handle.getName() : shared;
    if (checkpoint.entry(key) == null) {
      throw new IllegalArgumentException(
          "variable " + handle.getName() + " has no value in the checkpoint");
    }
    Boolean trainable = listed.get(handle.getName());
    return new StoredVariable(key, key, trainable == null || trainable);
  }

  private StoredVariable ofObject(NodeDef handle, int object) {
    SavedObject saved = objects.getNodes(object);
    SavedVariable variable = saved.getVariable();
    String key = keysOfObjects.get(object);
    if (key == null || checkpoint.entry(key) == null) {
      throw new IllegalArgumentException(
          "variable " + variable.getName() + " has no value in the checkpoint");
    }
    String name = variable.getName().isEmpty() ? handle.getName() : variable.getName();
    return new StoredVariable(Ref.parse(name).node(), key, variable.getTrainable());
  }
}
