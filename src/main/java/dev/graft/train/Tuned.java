package dev.graft.train;

import java.nio.file.Path;
import java.util.List;

/**
 * What came of tuning.
 *
 * @param trials in the order in which they were made
 * @param trainedOn images on which each trial was trained
 * @param heldOut images on which it was measured
 * @param best settings of the best trial, for all training images
 * @param run the folder of the run with these settings
 * @param accuracy of that run on the validation images, on which nothing was tuned
 */
public record Tuned(
    List<Trial> trials, int trainedOn, int heldOut, TrainSettings best, Path run, double accuracy) {
  /** Copies the list. */
  public Tuned {
    trials = List.copyOf(trials);
  }

  /** The trials, the best first: those that got furthest, then by accuracy and loss. */
  public List<Trial> bestFirst() {
    return trials.stream()
        .sorted(
            java.util.Comparator.comparingInt((Trial trial) -> -trial.rung())
                .thenComparing(Trial.BEST_FIRST))
        .toList();
  }
}
