package dev.graft.cli;

import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The options that say how a command talks; every command mixes them in. */
final class OutputOptions {
  @Option(names = "--json", description = "Print the result as one JSON object instead of a table.")
  private boolean json;

  @Option(names = "--quiet", description = "Print no progress.")
  private boolean quiet;

  @Option(names = "--verbose", description = "Print the stack trace of a failure.")
  private boolean verbose;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  /** A console that does as these options say. */
  Console console() {
    CommandLine line = command.commandLine();
    return new Console(line.getOut(), line.getErr(), json, quiet, Terminal.ofStandardError());
  }

  /** Whether the command that failed was told to say more. */
  static boolean verbose(CommandLine.ParseResult parsed) {
    CommandLine.ParseResult last = parsed;
    while (last.hasSubcommand()) {
      last = last.subcommand();
    }
    return last.hasMatchedOption("--verbose");
  }
}
