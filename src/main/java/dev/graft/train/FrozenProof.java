package dev.graft.train;

import dev.graft.handoff.Handoff;
import dev.graft.model.Backbone;
import dev.graft.savedmodel.Checkpoint;
import dev.graft.savedmodel.FlatVariable;
import dev.graft.savedmodel.SavedModel;
import dev.graft.tensor.HostTensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Frozen means frozen: the hashes of the variables before training and in the export on disk. */
final class FrozenProof {
  private FrozenProof() {}

  /**
   * Compares.
   *
   * @param unfrozen names of the layers that trained
   * @param exported folder of the exported model, whose checkpoint is read again
   * @throws IllegalStateException when a frozen variable has changed
   */
  static List<FrozenVariable> of(Backbone backbone, Set<String> unfrozen, Path exported)
      throws IOException {
    Checkpoint checkpoint = SavedModel.read(exported).checkpoint();
    Map<String, String> handedOver = new HashMap<>();
    backbone.handoff().map(Handoff::variables).orElse(List.of()).stream()
        .forEach(variable -> handedOver.put(variable.key(), variable.sha256()));
    Map<String, HostTensor> read = handedOver.isEmpty() ? backbone.values() : Map.of();
    List<FrozenVariable> frozen = new ArrayList<>();
    for (FlatVariable variable : backbone.flat().variables()) {
      if (!backbone.changes(variable, unfrozen) && checkpoint.keys().containsKey(variable.name())) {
        String before =
            handedOver.isEmpty()
                ? read.get(variable.node()).sha256()
                : handedOver.get(variable.key());
        frozen.add(
            new FrozenVariable(variable.name(), before, checkpoint.read(variable.name()).sha256()));
      }
    }
    requireUntouched(frozen);
    return List.copyOf(frozen);
  }

  private static void requireUntouched(List<FrozenVariable> frozen) {
    List<String> changed =
        frozen.stream()
            .filter(variable -> !variable.isUntouched())
            .map(FrozenVariable::name)
            .toList();
    if (!changed.isEmpty()) {
      throw new IllegalStateException(
          "These frozen variables changed, which is a defect of Graft: "
              + String.join(", ", changed)
              + ".");
    }
  }
}
