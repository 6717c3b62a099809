package dev.graft.train;

/**
 * A step that has ended.
 *
 * @param phase its name
 * @param epoch number of the epoch, from 1, counted over all phases
 * @param lastEpoch number of the last epoch that the phase may have
 * @param step number in the epoch, from 1
 * @param steps of the epoch
 * @param loss mean over the epoch's examples so far
 * @param accuracy of the epoch's examples so far, 0 to 1; NaN where there is none
 */
public record TrainingStep(
    String phase, int epoch, int lastEpoch, int step, int steps, double loss, double accuracy) {}
