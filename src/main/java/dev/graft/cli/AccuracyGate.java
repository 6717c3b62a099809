package dev.graft.cli;

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

  /**
   * Ends the command if the accuracy is lower.
   *
   * @param what whose accuracy, at the start of a sentence
   */
  void check(String what, double accuracy) {
    if (accuracy < least) {
      throw new GateNotMetException(
          "%s is %.4f, expected at least %s (--assert-accuracy).".formatted(what, accuracy, least));
    }
  }
}
