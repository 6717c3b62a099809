package dev.graft.train;

import dev.graft.model.FreezePlan;
import java.util.List;

/**
 * A phase of a run.
 *
 * @param phase how it trains
 * @param plan what is unfrozen in it
 * @param last whether the test images are evaluated after it
 */
record PlannedPhase(Phase phase, FreezePlan plan, boolean last) {
  /** The phases that the settings ask for, in order. */
  static List<PlannedPhase> of(TrainSettings settings) {
    LoopSettings loop = settings.loop();
    FreezePlan plan = settings.join().plan();
    LoopSettings.FineTune fineTune = loop.fineTune();
    boolean twoPhases = fineTune.epochs() > 0;
    Phase first =
        new Phase(
            twoPhases || plan.equals(FreezePlan.allFrozen()) ? "head" : "head and backbone",
            loop.epochs(),
            loop.batchSize(),
            loop.optimizer(),
            loop.schedule(),
            loop.stopping(),
            loop.seed());
    if (!twoPhases) {
      return List.of(new PlannedPhase(first, plan, true));
    }
    Phase second =
        new Phase(
            "fine-tune",
            fineTune.epochs(),
            loop.batchSize(),
            loop.optimizer().withLearningRate(fineTune.learningRate()),
            loop.schedule(),
            loop.stopping(),
            loop.seed());
    return List.of(
        new PlannedPhase(first, FreezePlan.allFrozen(), false),
        new PlannedPhase(second, plan, true));
  }
}
