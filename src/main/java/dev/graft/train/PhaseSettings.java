package dev.graft.train;

import dev.graft.model.FreezePlan;
import java.util.List;
import java.util.Optional;

/**
 * One phase of a run.
 *
 * @param name a word for the history, as in {@code fine-tune}; another one in each phase
 * @param plan which layers of the backbone train
 * @param epochs at least 0
 * @param batchSize images a step
 * @param optimizer with its learning rate; begins anew in each phase
 * @param schedule how the learning rate changes over the phase
 * @param stopping whether the phase ends early
 */
public record PhaseSettings(
    String name,
    FreezePlan plan,
    int epochs,
    int batchSize,
    Optimizer optimizer,
    Schedule schedule,
    Optional<EarlyStopping> stopping) {
  /** Checks name and ranges. */
  public PhaseSettings {
    if (!name.matches("[^,=()\"\\p{Cntrl}]+")) {
      throw new IllegalArgumentException(
          "A phase's name is a word without commas, quotes, parentheses and equals signs, but got"
              + " \""
              + name
              + "\".");
    }
    new Phase(
        name, epochs, Batching.of(batchSize, 0), optimizer, schedule, stopping); // checks ranges
  }

  /**
   * Reads the phase that follows others, from settings divided by commas: {@code epochs=4,
   * unfreeze=block4_*, block5_*, learning_rate=1e-5}. What is not given stays as in the phase
   * before; only the epochs must be given. Settings are {@code name}, {@code epochs}, {@code
   * unfreeze} (one or more patterns, or {@code none}), {@code unfreeze_from}, {@code
   * unfreeze_last}, {@code batch_size}, {@code optimizer}, {@code learning_rate}, {@code schedule}
   * and {@code early_stopping} (0 for none).
   *
   * @param before the phases so far, at least one
   * @throws IllegalArgumentException when the text is no such list
   */
  public static PhaseSettings parse(String text, List<PhaseSettings> before) {
    return PhaseText.parse(text, before);
  }

  /** As {@link #parse} reads it, with every setting. */
  public String describe() {
    return PhaseText.of(this);
  }

  /** The same under another name. */
  public PhaseSettings withName(String other) {
    return new PhaseSettings(other, plan, epochs, batchSize, optimizer, schedule, stopping);
  }

  /** The same with other layers that train. */
  public PhaseSettings withPlan(FreezePlan other) {
    return new PhaseSettings(name, other, epochs, batchSize, optimizer, schedule, stopping);
  }

  /** The same for another number of epochs. */
  public PhaseSettings withEpochs(int other) {
    return new PhaseSettings(name, plan, other, batchSize, optimizer, schedule, stopping);
  }

  /** The same with another batch size. */
  public PhaseSettings withBatchSize(int other) {
    return new PhaseSettings(name, plan, epochs, other, optimizer, schedule, stopping);
  }

  /** The same with another optimizer. */
  public PhaseSettings withOptimizer(Optimizer other) {
    return new PhaseSettings(name, plan, epochs, batchSize, other, schedule, stopping);
  }

  /** The same with another schedule. */
  public PhaseSettings withSchedule(Schedule other) {
    return new PhaseSettings(name, plan, epochs, batchSize, optimizer, other, stopping);
  }

  /** The same, ending early or not. */
  public PhaseSettings withEarlyStopping(Optional<EarlyStopping> other) {
    return new PhaseSettings(name, plan, epochs, batchSize, optimizer, schedule, other);
  }
}
