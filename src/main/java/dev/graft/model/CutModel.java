package dev.graft.model;

import java.util.List;
import java.util.Set;

/**
 * A joined model in its two parts. Owns both; close it.
 *
 * @param trunk from the prepared images to the tensors of the cut; frozen
 * @param graft from there to the loss; trains
 * @param trunkHash SHA-256 of the trunk's graph, outputs and weights: equal trunks make equal
 *     features
 * @param unfrozen names of the backbone's layers that train
 */
public record CutModel(FrozenGraph trunk, Graft graft, String trunkHash, Set<String> unfrozen)
    implements AutoCloseable {
  /** Copies the names. */
  public CutModel {
    unfrozen = Set.copyOf(unfrozen);
  }

  /** What crosses from the trunk to the graft. */
  public List<CutTensor> tensors() {
    return graft.inputs();
  }

  @Override
  public void close() {
    try {
      trunk.close();
    } finally {
      graft.close();
    }
  }
}
