package dev.graft.train;

import java.util.List;
import java.util.Optional;

/**
 * How long and with what is trained.
 *
 * @param epochs passes over the training images; with {@code fineTune}, of the head alone
 * @param batchSize images a step
 * @param optimizer with its learning rate
 * @param schedule how the learning rate changes over each phase
 * @param stopping whether each phase ends early
 * @param fineTune a second phase with the layers of the freeze plan unfrozen; without epochs, they
 *     train from the start
 * @param phases more phases after these, see {@link PhaseSettings#parse}
 * @param epoch what an epoch is, in every phase
 * @param seed of everything random: the split, the head's first values, the order, the dropout
 */
public record LoopSettings(
    int epochs,
    int batchSize,
    Optimizer optimizer,
    Schedule schedule,
    Optional<EarlyStopping> stopping,
    FineTune fineTune,
    List<PhaseSettings> phases,
    EpochSettings epoch,
    long seed) {
  /**
   * The second phase.
   *
   * @param epochs 0 for none
   * @param learningRate of the same optimizer
   */
  public record FineTune(int epochs, double learningRate) {
    /** Checks the ranges. */
    public FineTune {
      if (epochs < 0) {
        throw new IllegalArgumentException(
            "The number of epochs to fine-tune must be 0 or more, got " + epochs + ".");
      }
      if (!(learningRate > 0 && Double.isFinite(learningRate))) {
        throw new IllegalArgumentException(
            "The learning rate to fine-tune with must be above 0, got " + learningRate + ".");
      }
    }

    /** No second phase. */
    public static final FineTune NONE = new FineTune(0, 1e-5);
  }

  /** Thirty epochs of 32 images a step, {@code adam(1e-3)}, no second phase, seed 1. */
  public static LoopSettings defaults() {
    return new LoopSettings(30, 32, Optimizer.Adam.of(1e-3), FineTune.NONE, 1);
  }

  /** Phases at a constant rate, to their end. */
  public LoopSettings(
      int epochs, int batchSize, Optimizer optimizer, FineTune fineTune, long seed) {
    this(
        epochs,
        batchSize,
        optimizer,
        Schedule.CONSTANT,
        Optional.empty(),
        fineTune,
        List.of(),
        EpochSettings.PASS,
        seed);
  }

  /** The same for another number of epochs. */
  public LoopSettings withEpochs(int other) {
    return new LoopSettings(
        other, batchSize, optimizer, schedule, stopping, fineTune, phases, epoch, seed);
  }

  /** The same with another batch size. */
  public LoopSettings withBatchSize(int other) {
    return new LoopSettings(
        epochs, other, optimizer, schedule, stopping, fineTune, phases, epoch, seed);
  }

  /** The same with another optimizer. */
  public LoopSettings withOptimizer(Optimizer other) {
    return new LoopSettings(
        epochs, batchSize, other, schedule, stopping, fineTune, phases, epoch, seed);
  }

  /** The same with another schedule. */
  public LoopSettings withSchedule(Schedule other) {
    return new LoopSettings(
        epochs, batchSize, optimizer, other, stopping, fineTune, phases, epoch, seed);
  }

  /** The same, each phase ending early. */
  public LoopSettings withEarlyStopping(EarlyStopping other) {
    return new LoopSettings(
        epochs, batchSize, optimizer, schedule, Optional.of(other), fineTune, phases, epoch, seed);
  }

  /** The same with a second phase. */
  public LoopSettings withFineTune(int otherEpochs, double learningRate) {
    return new LoopSettings(
        epochs,
        batchSize,
        optimizer,
        schedule,
        stopping,
        new FineTune(otherEpochs, learningRate),
        phases,
        epoch,
        seed);
  }

  /** The same with more phases after these. */
  public LoopSettings withPhases(PhaseSettings... more) {
    return new LoopSettings(
        epochs, batchSize, optimizer, schedule, stopping, fineTune, List.of(more), epoch, seed);
  }

  /** The same with other epochs. */
  public LoopSettings withEpoch(EpochSettings other) {
    return new LoopSettings(
        epochs, batchSize, optimizer, schedule, stopping, fineTune, phases, other, seed);
  }

  /** The same with another seed, 0 to 2³² − 1. */
  public LoopSettings withSeed(long other) {
    return new LoopSettings(
        epochs, batchSize, optimizer, schedule, stopping, fineTune, phases, epoch, other);
  }

  /** Checks the ranges; the seed is one that numpy's generator takes too. */
  public LoopSettings {
    phases = List.copyOf(phases);
    if (epochs < 0) {
      throw new IllegalArgumentException(
          "The number of epochs must be 0 or more, got " + epochs + ".");
    }
    if (batchSize < 1) {
      throw new IllegalArgumentException(
          "The batch size must be 1 or more, got " + batchSize + ".");
    }
    requireSeed(seed);
  }

  static void requireSeed(long seed) {
    if (seed < 0 || seed > 0xFFFFFFFFL) {
      throw new IllegalArgumentException("A seed must be 0 to 4294967295, got " + seed + ".");
    }
  }
}
