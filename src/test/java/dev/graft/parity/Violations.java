package dev.graft.parity;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What is not as it should be in the figures of a row, one sentence each. */
final class Violations {
  private final Figures figures;
  private final Tolerances allowed;
  private final List<String> found = new ArrayList<>();

  private Violations(Figures figures) {
    this.figures = figures;
    this.allowed = figures.tolerances();
  }

  static List<String> of(Figures figures) {
    Violations violations = new Violations(figures);
    ParityRow.Manifest row = figures.row();
    violations.checkReason("The model", row.unusable(), figures.unusable());
    if (figures.unusable() == null) {
      violations.checkReason("Its training", row.untrained(), figures.training().refused());
      violations.checkOutputs();
      violations.checkGradients();
      violations.checkRefusals();
      figures.training().runs().stream()
          .filter(Figures.Run::isSteady)
          .forEach(violations::checkRun);
      figures.training().built().forEach(violations::checkRun);
      figures.training().unsteady().forEach(draw -> violations.checkRun(draw.built()));
    }
    return violations.found;
  }

  private void checkReason(String what, String expected, String reason) {
    if (expected == null && reason != null) {
      found.add(what + " is refused: " + reason);
    } else if (expected != null && (reason == null || !reason.contains(expected))) {
      found.add(what + " should be refused for \"" + expected + "\" but: " + reason);
    }
  }

  private void checkOutputs() {
    figures.outputs().forEach((key, value) -> atMost("Output " + key, value, allowed.output()));
  }

  private void checkGradients() {
    for (Figures.Gradient one : figures.gradients()) {
      atMost("Gradient of " + one.variable() + ", of what is allowed,", one.ofAllowed(allowed), 1);
    }
  }

  private void checkRefusals() {
    List<String> expected = figures.row().refused();
    Map<String, String> refused = figures.refused();
    for (ParityRow.Weight weight : figures.row().variables()) {
      boolean should = expected.stream().anyMatch(weight.name()::contains);
      if (should != refused.containsKey(weight.name())) {
        found.add(
            "Variable %s %s be refused, but: %s"
                .formatted(
                    weight.name(), should ? "should" : "should not", refused.get(weight.name())));
      }
    }
  }

  private void checkRun(Figures.Run run) {
    atMost(
        run.optimizer() + ", " + run.worst() + ", of the change,",
        run.ofChange(),
        allowed.change());
    atMost(run.optimizer() + ", of the weights,", run.ofWeights(), allowed.weights());
  }

  private void atMost(String what, double value, double limit) {
    if (!(value <= limit)) {
      found.add("%s is %.1e, allowed are %.0e".formatted(what, value, limit));
    }
  }
}
