package dev.graft.spark;

import java.util.concurrent.Callable;
import picocli.CommandLine;

/** Runs a job from its command line. */
final class JobLine {
  private JobLine() {}

  /** Ends the process where the job fails (1) or the line is wrong (2). */
  static void run(Callable<Integer> job, String... arguments) {
    int code =
        new CommandLine(job)
            .setExecutionExceptionHandler(
                (failure, command, parsed) -> {
                  command.getErr().println("graft: " + failure.getMessage());
                  failure.printStackTrace(command.getErr());
                  return 1;
                })
            .execute(arguments);
    if (code != 0) {
      System.exit(code);
    }
  }
}
