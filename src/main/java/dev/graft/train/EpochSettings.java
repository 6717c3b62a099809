package dev.graft.train;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What an epoch is. See {@link Batching} for what the numbers of steps mean.
 *
 * @param steps steps of an epoch; one pass over the training images by default
 * @param validationSteps steps on which each epoch is validated; all validation images by default.
 *     The figures at the end are always of all validation images.
 * @param order file of the order of the training images in each pass, see {@link
 *     ExampleOrder#read}; random by default
 */
public record EpochSettings(OptionalInt steps, OptionalInt validationSteps, Optional<Path> order) {
  /** One pass over all images in a random order. */
  public static final EpochSettings PASS =
      new EpochSettings(OptionalInt.empty(), OptionalInt.empty(), Optional.empty());

  /** Checks the ranges. */
  public EpochSettings {
    new Batching(1, steps, validationSteps, ExampleOrder.shuffled(0));
  }

  /** The same with epochs of so many steps. */
  public EpochSettings withSteps(int other) {
    return new EpochSettings(OptionalInt.of(other), validationSteps, order);
  }

  /** The same, validating on so many steps. */
  public EpochSettings withValidationSteps(int other) {
    return new EpochSettings(steps, OptionalInt.of(other), order);
  }

  /** The same in the order of a file. */
  public EpochSettings withOrder(Path file) {
    return new EpochSettings(steps, validationSteps, Optional.of(file));
  }

  /** How a phase batches its examples. */
  Batching batching(int batchSize, long seed) throws IOException {
    ExampleOrder written =
        order.isPresent() ? ExampleOrder.read(order.get()) : ExampleOrder.shuffled(seed);
    return new Batching(batchSize, steps, validationSteps, written);
  }
}
