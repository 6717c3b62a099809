package dev.graft.cli;

import dev.graft.train.ResumableRun;
import dev.graft.train.TrainSettings;
import dev.graft.train.TransferLearning;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code graft resume}. */
@Command(
    name = "resume",
    description =
        "Go on with a run that was interrupted or stopped, or train a finished one longer.")
final class ResumeCommand implements Callable<Integer> {
  @Mixin private OutputOptions output;
  @Mixin private AccuracyGate gate;
  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "RUN", description = "Folder of the run, as given to --out.")
  private Path folder;

  @Option(
      names = "--epochs",
      paramLabel = "N",
      description =
          "Train N epochs more and end there; 0 ends the run as it is (default: to the end of its"
              + " phases).")
  private Integer epochs;

  @Option(
      names = "--learning-rate",
      paramLabel = "R",
      description = "Go on at another rate, such as after a loss that was no number.")
  private Double learningRate;

  @Override
  public Integer call() throws Exception {
    Console console = output.console();
    ResumableRun run = ResumableRun.find(folder);
    if (run.finished() && epochs == null) {
      throw new IllegalArgumentException(
          "%s is finished, after %d epochs: --epochs N trains N more."
              .formatted(run.folder(), run.epochs()));
    }
    TrainSettings settings = settings(run);
    console.say("Going on with %s after epoch %d.".formatted(run.folder(), run.epochs()));
    Path data = settings.data().folder();
    return Training.run(
        console, data, gate, listener -> TransferLearning.resume(settings, listener));
  }

  private TrainSettings settings(ResumableRun run) throws IOException {
    TrainSettings settings = begun(run);
    try {
      if (learningRate != null) {
        settings = run.withLearningRate(settings, learningRate);
      }
      return epochs == null ? settings : run.lengthened(settings, epochs);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }

  /** What the run was begun with, in the folder where it is now. */
  private static TrainSettings begun(ResumableRun run) {
    CommandLine.ParseResult parsed =
        Main.commandLine().parseArgs(run.command().toArray(String[]::new)).subcommand();
    TrainCommand train = (TrainCommand) parsed.commandSpec().userObject();
    TrainSettings settings = train.settings();
    return settings.withOut(settings.out().withFolder(run.folder()));
  }
}
