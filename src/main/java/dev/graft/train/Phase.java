package dev.graft.train;

import java.util.Optional;

/**
 * A stretch of training with one optimizer.
 *
 * @param name a word, as in {@code head} or {@code fine-tune}
 * @param epochs passes over the training examples, at least 0
 * @param batchSize examples a step, at least 1; the last step of an epoch may have fewer
 * @param optimizer with its learning rate
 * @param schedule how the optimizer's learning rate changes over the phase
 * @param stopping whether it ends early; without, the weights of the last epoch are kept
 * @param seed of the order of the examples
 */
public record Phase(
    String name,
    int epochs,
    int batchSize,
    Optimizer optimizer,
    Schedule schedule,
    Optional<EarlyStopping> stopping,
    long seed) {
  /** Checks the ranges. */
  public Phase {
    if (epochs < 0) {
      throw new IllegalArgumentException(
          "The number of epochs must be 0 or more, got " + epochs + ".");
    }
    if (batchSize < 1) {
      throw new IllegalArgumentException(
          "The batch size must be 1 or more, got " + batchSize + ".");
    }
  }

  /** A phase at a constant rate, to its end. */
  public Phase(String name, int epochs, int batchSize, Optimizer optimizer, long seed) {
    this(name, epochs, batchSize, optimizer, Schedule.CONSTANT, Optional.empty(), seed);
  }

  /** The same with another schedule. */
  public Phase withSchedule(Schedule other) {
    return new Phase(name, epochs, batchSize, optimizer, other, stopping, seed);
  }

  /** The same, ending early. */
  public Phase withEarlyStopping(EarlyStopping other) {
    return new Phase(name, epochs, batchSize, optimizer, schedule, Optional.of(other), seed);
  }

  /** A phase of 32 examples a step, seed 1. */
  public static Phase of(String name, int epochs, Optimizer optimizer) {
    return new Phase(name, epochs, 32, optimizer, 1);
  }
}
