package dev.graft.parity;

import dev.graft.parity.HistoryFigures.Apart;
import dev.graft.parity.HistoryFigures.OfPhase;
import dev.graft.parity.HistoryFigures.Step;
import java.util.ArrayList;
import java.util.List;

/** What is not as it should be in the figures of a recipe, one sentence each. */
final class HistoryViolations {
  static final double FALL = 0.3;
  static final double HEAD_LOSS = 1e-4;
  static final double STEP_LOSS = 1e-5;
  static final double SPREADS = 3;

  private final List<String> found = new ArrayList<>();

  private HistoryViolations() {}

  static List<String> of(HistoryFigures figures) {
    HistoryViolations violations = new HistoryViolations();
    for (OfPhase phase : figures.phases()) {
      String name = phase.keras().name();
      violations.atLeast(name + ": share of the loss that is gone", phase.fall(), FALL);
      if (phase.keras().tunes() || figures.recipe().unsteady()) {
        violations.checkSpread(name, phase);
      } else {
        violations.checkHead(name, phase);
      }
      phase.steps().forEach(step -> violations.checkStep(name, step));
    }
    violations.checkFiltered("head, with --precision winograd", figures.filtered());
    return violations.found;
  }

  /** As without minimal filtering, or where Keras is further from itself, by its spread. */
  private void checkFiltered(String name, OfPhase phase) {
    boolean steady =
        phase.loss().relative() <= HEAD_LOSS && phase.validationLoss().relative() <= HEAD_LOSS;
    if (steady) {
      checkHead(name, phase);
    } else {
      checkSpread(name, phase);
    }
  }

  private void checkHead(String name, OfPhase phase) {
    atMost(name + ": training loss, relative,", phase.loss().relative(), HEAD_LOSS);
    atMost(name + ": validation loss, relative,", phase.validationLoss().relative(), HEAD_LOSS);
    atMost(name + ": right answers apart in training", images(phase.right()), 1);
    atMost(name + ": right answers apart in validation", images(phase.validationRight()), 1);
  }

  private void checkSpread(String name, OfPhase phase) {
    atMost(name + ": training loss, in spreads,", spreads(phase.loss()), SPREADS);
    atMost(name + ": validation loss, in spreads,", spreads(phase.validationLoss()), SPREADS);
    withinSpreads(name + ": right answers apart in training", phase.right());
    withinSpreads(name + ": right answers apart in validation", phase.validationRight());
  }

  /** Right answers come in whole images: one may always differ. */
  private void withinSpreads(String what, Apart right) {
    atMost(what, images(right), Math.max(1, SPREADS * Math.rint(right.spread())));
  }

  /**
   * A step in which Keras is beyond the limit from itself at the same weights is reported apart.
   */
  private void checkStep(String name, Step step) {
    String what = name + ", step " + step.step() + ", trunk " + step.trunk() + ": ";
    atMost(what + "difference of the loss", step.loss(), STEP_LOSS);
    if (!step.illConditioned()) {
      atMost(what + "weights, in parts of what is allowed,", step.worst(), 1);
    }
  }

  /** The difference in units of Keras's own spread. */
  static double spreads(Apart apart) {
    return apart.absolute() == 0 ? 0 : apart.absolute() / apart.spread();
  }

  /** Keras's accuracies are float32, so a count of images is off a whole number by its rounding. */
  static double images(Apart right) {
    return Math.rint(right.absolute());
  }

  private void atLeast(String what, double value, double limit) {
    if (!(value >= limit)) {
      found.add("%s is %.2f, expected at least %.2f".formatted(what, value, limit));
    }
  }

  private void atMost(String what, double value, double limit) {
    if (!(value <= limit)) {
      found.add("%s is %.2e, allowed are %.0e".formatted(what, value, limit));
    }
  }
}
