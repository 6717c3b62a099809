package dev.graft.train;

import dev.graft.metrics.Epoch;
import dev.graft.metrics.History;
import java.util.List;

/**
 * How far a phase is. With the values of the variables, of the optimizer's slots and of the best
 * epoch, all that training goes on from: what is random follows from the seed and these counts.
 *
 * @param history the epochs that have ended, those of the phases before among them
 * @param firstEpoch number of the phase's first epoch
 * @param steps of the optimizer in this phase
 * @param stepInEpoch steps of the epoch under way
 * @param position of the next batch
 * @param tally of the epoch under way
 * @param rate learning rate of the last step
 * @param bestEpoch number of the epoch whose weights are kept for early stopping, 0 for none
 * @param waitsFrom epochs of the phase that early stopping does not count as waiting
 */
record PhaseState(
    History history,
    int firstEpoch,
    long steps,
    int stepInEpoch,
    Batches.Position position,
    Tally tally,
    double rate,
    int bestEpoch,
    int waitsFrom) {

  static PhaseState start(History soFar, double rate) {
    int first = soFar.epochs().size() + 1;
    return new PhaseState(
        soFar, first, 0, 0, new Batches.Position(first, 0), Tally.EMPTY, rate, 0, 0);
  }

  /** Epochs of this phase that have ended. */
  int epochs() {
    return history.epochs().size() + 1 - firstEpoch;
  }

  /** Number of the epoch under way, or of the next one. */
  int epoch() {
    return history.epochs().size() + 1;
  }

  /** Of this phase's epochs. */
  List<Double> validationLosses() {
    return history.epochs().stream().skip(firstEpoch - 1L).map(Epoch::validationLoss).toList();
  }

  PhaseState withStep(double newRate, Batches.Position next, Tally sum) {
    return new PhaseState(
        history, firstEpoch, steps + 1, stepInEpoch + 1, next, sum, newRate, bestEpoch, waitsFrom);
  }

  PhaseState withEpoch(Epoch epoch) {
    return new PhaseState(
        history.with(epoch),
        firstEpoch,
        steps,
        0,
        position,
        Tally.EMPTY,
        rate,
        bestEpoch,
        waitsFrom);
  }

  PhaseState withBest(int epoch) {
    return new PhaseState(
        history, firstEpoch, steps, stepInEpoch, position, tally, rate, epoch, waitsFrom);
  }

  /** The same, where early stopping begins to wait now. */
  PhaseState waitingFromHere() {
    return new PhaseState(
        history, firstEpoch, steps, stepInEpoch, position, tally, rate, bestEpoch, epochs());
  }
}
