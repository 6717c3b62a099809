package dev.graft.cli;

import dev.graft.tensor.Precision;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** What {@code train}, {@code tune}, {@code batch} and {@code features} compute in. */
final class PrecisionOption {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  @Option(
      names = "--precision",
      paramLabel = "NUMBERS",
      description =
          "What the frozen part is computed in: float32, as Keras does; winograd, which is float32 with"
              + " large 3x3 convolutions by minimal filtering, faster and a few millionths off; bfloat16, faster on"
              + " processors that have it, less exact (how much is said); or auto, which is bfloat16 where the"
              + " processor has it (default: float32 to train on, winograd for batch and features).")
  private String text;

  /**
   * What was asked for.
   *
   * @param standard if nothing was, and for {@code auto} on a processor without bfloat16
   */
  Precision or(Precision standard) {
    try {
      return text == null ? standard : Precision.parse(text, standard);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(
          command.commandLine(), "Invalid value for option '--precision': " + e.getMessage());
    }
  }
}
