package dev.graft.train;

import java.util.OptionalInt;

/**
 * How examples become steps and steps become epochs. An epoch is one pass over the training
 * examples, or {@code steps} steps, as in Keras's {@code fit} on a repeated dataset: the passes
 * then go on from epoch to epoch, and the last step of each pass may have fewer examples.
 *
 * @param size examples a step, at least 1
 * @param steps steps of an epoch, at least 1; empty for one pass
 * @param validationSteps steps on which each epoch is validated, from the first validation example
 *     on and round again where there are fewer, at least 1; empty for all examples once
 * @param order in which order the training examples are gone through
 */
public record Batching(
    int size, OptionalInt steps, OptionalInt validationSteps, ExampleOrder order) {
  /** Checks the ranges. */
  public Batching {
    requirePositive("The batch size", size);
    requirePositive("The number of steps of an epoch", steps.orElse(1));
    requirePositive("The number of steps to validate on", validationSteps.orElse(1));
  }

  /** One pass an epoch, in a random order. */
  public static Batching of(int size, long seed) {
    return new Batching(
        size, OptionalInt.empty(), OptionalInt.empty(), ExampleOrder.shuffled(seed));
  }

  /** The same with epochs of so many steps. */
  public Batching withSteps(int other) {
    return new Batching(size, OptionalInt.of(other), validationSteps, order);
  }

  /** The same, validating on so many steps. */
  public Batching withValidationSteps(int other) {
    return new Batching(size, steps, OptionalInt.of(other), order);
  }

  /** The same in another order. */
  public Batching withOrder(ExampleOrder other) {
    return new Batching(size, steps, validationSteps, other);
  }

  /** Steps of an epoch, at least 1. */
  int stepsPerEpoch(int examples) {
    return steps.orElse(Math.max(1, -Math.floorDiv(-examples, size)));
  }

  /** Refuses an order that does not reach for so many epochs. */
  void requireOrder(int firstPass, int epochs, int examples) {
    if (epochs > 0) {
      long batches = (long) epochs * stepsPerEpoch(examples);
      long passes = -Math.floorDiv(-batches, -Math.floorDiv(-examples, size));
      order.of(Math.toIntExact(firstPass + passes - 1), examples);
    }
  }

  private static void requirePositive(String what, int value) {
    if (value < 1) {
      throw new IllegalArgumentException(what + " must be 1 or more, got " + value + ".");
    }
  }
}
