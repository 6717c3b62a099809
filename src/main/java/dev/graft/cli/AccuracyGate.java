package dev.graft.cli;

import dev.graft.data.Task;
import dev.graft.metrics.Evaluation;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The accuracy that the caller requires, if any. */
final class AccuracyGate {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  private double least;

  @Option(
      names = "--assert-accuracy",
      paramLabel = "SHARE",
      description = "Exit with 3 when the accuracy is lower, 0 to 1.")
  void require(double share) {
    if (!(share >= 0 && share <= 1)) {
      throw new ParameterException(
          command.commandLine(),
          "--assert-accuracy must be a share from 0 to 1, as in 0.9, got " + share + ".");
    }
    least = share;
  }

  /** Whether an accuracy is required. */
  boolean isSet() {
    return least > 0;
  }

  /**
   * Requires answers that can be right or wrong, before much is computed for a gate that can't be
   * met.
   */
  void require(Task.Kind kind) {
    if (isSet() && kind == Task.Kind.NUMBERS) {
      throw new ParameterException(
          command.commandLine(),
          "--assert-accuracy is a share of right answers, but the data has numbers, which are never"
              + " just right or wrong: leave it out, and compare mae or r2 of --json.");
    }
  }

  /**
   * Ends the command if the accuracy is lower.
   *
   * @param what whose accuracy, at the start of a sentence
   */
  void check(String what, Evaluation evaluation) {
    check(what, evaluation.accuracy());
  }

  /** See the other {@code check}. */
  void check(String what, double accuracy) {
    if (accuracy < least) {
      throw new GateNotMetException(
          "%s is %.4f, expected at least %s (--assert-accuracy).".formatted(what, accuracy, least));
    }
  }
}
