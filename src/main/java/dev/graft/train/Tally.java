package dev.graft.train;

/**
 * Sums over examples, not means of batch means.
 *
 * @param lossSum of the losses
 * @param right answers; of several labels, shares of them; NaN for numbers
 * @param examples counted
 */
record Tally(double lossSum, double right, long examples) {
  static final Tally EMPTY = new Tally(0, 0, 0);

  Tally plus(double meanLoss, double rightOnes, int count) {
    return new Tally(lossSum + meanLoss * count, right + rightOnes, examples + count);
  }

  double loss() {
    return examples == 0 ? Double.NaN : lossSum / examples;
  }

  double accuracy() {
    return examples == 0 ? Double.NaN : right / examples;
  }
}
