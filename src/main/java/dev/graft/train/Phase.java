package dev.graft.train;

import java.util.Optional;

/**
 * A stretch of training with one optimizer.
 *
 * @param name a word, as in {@code head} or {@code fine-tune}
 * @param epochs how many, at least 0
 * @param batching what a step and an epoch are
 * @param optimizer with its learning rate
 * @param schedule how the optimizer's learning rate changes over the phase
 * @param stopping whether it ends early; without, the weights of the last epoch are kept
 */
public record Phase(
    String name,
    int epochs,
    Batching batching,
    Optimizer optimizer,
    Schedule schedule,
    Optional<EarlyStopping> stopping) {
  /** Checks the range. */
  public Phase {
    if (epochs < 0) {
      throw new IllegalArgumentException(
          "The number of epochs must be 0 or more, got " + epochs + ".");
    }
  }

  /** A phase at a constant rate, to its end, of passes over the examples in a random order. */
  public Phase(String name, int epochs, int batchSize, Optimizer optimizer, long seed) {
    this(
        name, epochs, Batching.of(batchSize, seed), optimizer, Schedule.CONSTANT, Optional.empty());
  }

  /** The same with other steps and epochs. */
  public Phase withBatching(Batching other) {
    return new Phase(name, epochs, other, optimizer, schedule, stopping);
  }

  /** The same with another schedule. */
  public Phase withSchedule(Schedule other) {
    return new Phase(name, epochs, batching, optimizer, other, stopping);
  }

  /** The same, ending early. */
  public Phase withEarlyStopping(EarlyStopping other) {
    return new Phase(name, epochs, batching, optimizer, schedule, Optional.of(other));
  }

  /** A phase of 32 examples a step, seed 1. */
  public static Phase of(String name, int epochs, Optimizer optimizer) {
    return new Phase(name, epochs, 32, optimizer, 1);
  }
}
