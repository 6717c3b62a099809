package dev.graft.savedmodel;

import dev.graft.tensor.HostTensor;

/**
 * A variable that is being written.
 *
 * @param node name of its VarHandleOp
 * @param name its key in the checkpoint
 * @param value what the checkpoint gets
 * @param trainable the flag that Python shows
 */
record WrittenVariable(String node, String name, HostTensor value, boolean trainable) {
  WrittenVariable withNode(String renamed) {
    return new WrittenVariable(renamed, name, value, trainable);
  }
}
