package dev.graft.train;

import dev.graft.model.FreezePlan;
import dev.graft.model.Head;

/**
 * One combination of what is tuned.
 *
 * @param head in the head language
 * @param learningRate of the optimizer
 * @param plan which layers of the backbone train
 */
public record Candidate(String head, double learningRate, FreezePlan plan) {
  /** The settings with this combination in place of theirs, trained for so many epochs. */
  public TrainSettings in(TrainSettings settings, int epochs) {
    LoopSettings loop = settings.loop();
    return settings
        .withJoin(settings.join().withHead(Head.parse(head)).withPlan(plan))
        .withLoop(
            loop.withEpochs(epochs).withOptimizer(loop.optimizer().withLearningRate(learningRate)));
  }

  /** One line for people and for finding it again. */
  public String describe() {
    return head + "; learning rate " + learningRate + "; " + plan.describe();
  }
}
