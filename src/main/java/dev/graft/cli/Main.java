package dev.graft.cli;

import java.io.PrintWriter;
import java.util.Locale;
import java.util.Set;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * The command line's entry point. Results go to standard output, everything else to standard error.
 */
@Command(
    name = "graft",
    description = "Joins a new head to a Keras model, trains it on your images and exports it.",
    scope = ScopeType.INHERIT,
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false,
    usageHelpWidth = 100,
    synopsisSubcommandLabel = "COMMAND",
    commandListHeading = "%nCommands:%n",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:done",
      "1:failed",
      "2:wrong usage",
      "3:done, but a gate was not met, such as --assert-accuracy",
      "130:stopped by Ctrl-C"
    },
    subcommands = {
      InspectCommand.class,
      VerifyCommand.class,
      DiffCommand.class,
      TrainCommand.class,
      ResumeCommand.class,
      TuneCommand.class,
      EvaluateCommand.class,
      PredictCommand.class,
      ReportCommand.class,
      BatchCommand.class,
      FeaturesCommand.class,
      ExportCommand.class,
      CalibrateCommand.class,
      DoctorCommand.class,
      HelpCommand.class
    })
public final class Main {
  private Main() {}

  /**
   * Runs one command and ends the process: 0 done, 1 failed, 2 wrong usage, 3 a gate not met.
   *
   * @param args the command and its options
   */
  public static void main(String[] args) {
    Locale.setDefault(Locale.ENGLISH); // the sentences are English, so their numbers are too
    System.exit(commandLine().execute(args));
  }

  /** The whole command line, ready to execute; its output can be redirected. */
  static CommandLine commandLine() {
    return new CommandLine(new Main())
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setExpandAtFiles(false)
        .setExecutionStrategy(Failures::execute)
        .setExecutionExceptionHandler(Failures::report)
        .setParameterExceptionHandler(Main::wrongUsage);
  }

  private static int wrongUsage(ParameterException failure, String[] args) {
    CommandLine command = failure.getCommandLine();
    PrintWriter err = command.getErr();
    err.println("graft: " + sentence(failure));
    UnmatchedArgumentException.printSuggestions(failure, err);
    err.println("Try: " + command.getCommandSpec().qualifiedName() + " --help");
    err.flush();
    return ExitCode.WRONG_USAGE.code();
  }

  private static String sentence(ParameterException failure) {
    Set<String> commands = failure.getCommandLine().getSubcommands().keySet();
    if (commands.isEmpty() || !(failure instanceof UnmatchedArgumentException unmatched)) {
      return picocliSentence(Failures.oneLine(failure.getMessage()));
    }
    String word = unmatched.getUnmatched().get(0);
    return word.startsWith("-")
        ? "There is no option " + word + " before the command."
        : "There is no command %s; there are %s.".formatted(word, String.join(", ", commands));
  }

  /** Picocli's own messages have no full stop, and some start with a word too many. */
  private static String picocliSentence(String message) {
    String sentence = message.replaceFirst("^Error: ", "");
    return sentence.endsWith(".") ? sentence : sentence + ".";
  }
}
