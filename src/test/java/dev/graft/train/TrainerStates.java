package dev.graft.train;

import dev.graft.features.Examples;
import dev.graft.metrics.History;
import dev.graft.tensor.HostTensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Lets a trainer go on from where another framework's optimizer was, as from a checkpoint. */
public final class TrainerStates {
  private TrainerStates() {}

  /**
   * Makes one step, on one batch, and returns its loss.
   *
   * @param trainer of a phase of one epoch
   * @param slots of the optimizer, by the node of their variable, a slash and the slot's name;
   *     others stay
   * @param steps that were made before
   */
  public static double step(
      Trainer trainer, Map<String, HostTensor> slots, long steps, Examples batch) {
    Map<String, HostTensor> all = new LinkedHashMap<>(trainer.slots());
    slots.forEach(
        (name, value) -> {
          if (all.put("optimizer/" + name, value) == null) {
            throw new IllegalArgumentException("There is no slot " + name + " in " + all.keySet());
          }
        });
    PhaseState before =
        new PhaseState(
            History.empty(), 1, steps, 0, new Batches.Position(1, 0), Tally.EMPTY, 0, 0, 0);
    RunState state = new RunState(1, 0, before, Map.of(), List.of(), Map.of(), null);
    trainer.goOn(new RunCheckpoint(state, Map.of(), all, Map.of()));
    trainer.fit(batch, batch, LoopWatch.of(TrainListener.none()));
    return trainer.state().history().epochs().get(0).loss();
  }
}
