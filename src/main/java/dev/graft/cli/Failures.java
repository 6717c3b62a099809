package dev.graft.cli;

import dev.graft.train.TrainingStoppedException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import picocli.CommandLine;

/** Turns whatever a command throws into one sentence and an exit code. */
final class Failures {
  private Failures() {}

  /** Picocli lets errors pass by its handler; wrapped, they reach it. */
  static int execute(CommandLine.ParseResult parsed) {
    try {
      return new CommandLine.RunLast().execute(parsed);
    } catch (OutOfMemoryError | LinkageError | AssertionError | StackOverflowError failure) {
      throw new CommandLine.ExecutionException(parsed.commandSpec().commandLine(), "", failure);
    }
  }

  /** Prints the failure's sentence, with {@code --verbose} its stack trace too. */
  static int report(Exception thrown, CommandLine command, CommandLine.ParseResult parsed) {
    Throwable failure = cause(thrown);
    command.getErr().println("graft: " + sentence(failure));
    if (OutputOptions.verbose(parsed)) {
      failure.printStackTrace(command.getErr());
    }
    command.getErr().flush();
    return exitCode(failure).code();
  }

  private static ExitCode exitCode(Throwable failure) {
    if (failure instanceof TrainingStoppedException) {
      return ExitCode.INTERRUPTED;
    }
    return failure instanceof GateNotMetException ? ExitCode.GATE_NOT_MET : ExitCode.FAILED;
  }

  /** What went wrong, behind the exceptions that only carry another. */
  private static Throwable cause(Throwable thrown) {
    boolean carrier =
        thrown instanceof CommandLine.ExecutionException
            || thrown instanceof UncheckedIOException
            || thrown instanceof ExecutionException
            || thrown instanceof CompletionException;
    return carrier && thrown.getCause() != null ? cause(thrown.getCause()) : thrown;
  }

  static String sentence(Throwable failure) {
    if (failure instanceof OutOfMemoryError) {
      return outOfMemory(failure.getMessage());
    }
    if (failure instanceof LinkageError) {
      return linkage(failure);
    }
    if (failure instanceof FileSystemException file) {
      return disk(file);
    }
    if (failure.getMessage() == null || isDefect(failure)) {
      return "Unexpected "
          + oneLine(failure.toString())
          + " (a defect of Graft; please report it with what --verbose prints).";
    }
    return oneLine(failure.getMessage());
  }

  private static boolean isDefect(Throwable failure) {
    return failure instanceof NullPointerException
        || failure instanceof IndexOutOfBoundsException
        || failure instanceof ClassCastException
        || failure instanceof Error;
  }

  private static String outOfMemory(String message) {
    if (message != null && message.contains("Java heap")) {
      long heap = Runtime.getRuntime().maxMemory() >> 20;
      return "The Java heap of %,d MB is full; give it more with GRAFT_JAVA_OPTS=-Xmx%dm, or work in smaller batches."
          .formatted(heap, 2 * heap);
    }
    return "The computer's memory is used up (%s); close other programs or work in smaller batches."
        .formatted(message == null ? "no more is known" : oneLine(message));
  }

  private static String linkage(Throwable failure) {
    for (Throwable t = failure; t != null; t = t.getCause()) {
      if (t instanceof UnsatisfiedLinkError
          || String.valueOf(t.getMessage()).contains("tensorflow")) {
        return "TensorFlow's native library cannot be used on %s %s (%s); it exists for Linux x86-64 and arm64, macOS arm64 and Windows x86-64."
            .formatted(
                System.getProperty("os.name"),
                System.getProperty("os.arch"),
                oneLine(t.toString()));
      }
    }
    return "A library is missing or damaged ("
        + oneLine(failure.toString())
        + "); remove target/launcher to have it built again.";
  }

  private static String disk(FileSystemException failure) {
    String file = failure.getFile();
    if (failure instanceof NoSuchFileException) {
      return "There is no file or folder " + file + "; check its name.";
    }
    if (failure instanceof FileAlreadyExistsException) {
      return file + " exists already and is in the way; choose another name or remove it.";
    }
    if (failure instanceof AccessDeniedException) {
      return "No permission for " + file + "; change it, or choose another place.";
    }
    if (failure instanceof NotDirectoryException) {
      return file + " is a file where a folder is needed; choose another place.";
    }
    return oneLine(failure.getMessage());
  }

  /** The text in one line, however many it came in. */
  static String oneLine(String text) {
    return text.strip().replaceAll("\\s*\\R\\s*", " ");
  }
}
