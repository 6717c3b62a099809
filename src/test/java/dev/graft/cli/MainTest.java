package dev.graft.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

class MainTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @Test
  void versionIsTheOneOfTheBuild() {
    assertThat(run(null, "--version")).isZero();
    assertThat(out.toString().lines().findFirst().orElseThrow())
        .matches("graft \\d+\\.\\d+\\.\\d+(-SNAPSHOT)?( \\(commit [0-9a-f]{12}(-dirty)?\\))?");
    assertThat(out.toString()).contains("TensorFlow Java 1.");
  }

  @Test
  void helpListsEachCommandWithItsOneLine() {
    assertThat(run(null, "--help")).isZero();
    assertThat(out.toString())
        .contains("sow", "Scatters seeds.")
        .contains("--version")
        .containsPattern("3 +done, but a gate was not met");
    assertThat(err.toString()).isEmpty();
  }

  @Test
  void aCommandHasHelpWithoutAskingForIt() {
    assertThat(run(null, "sow", "--help")).isZero();
    assertThat(out.toString())
        .contains("Usage: graft sow", "--seeds", "--json", "--quiet", "--verbose");
  }

  @Test
  void everyCommandAnswersWithJsonWhenAsked() {
    Map<String, CommandLine> commands = new TreeMap<>(Main.commandLine().getSubcommands());
    commands.remove("help");
    assertThat(commands).hasSizeGreaterThan(10);
    commands.forEach(
        (name, command) ->
            assertThat(command.getCommandSpec().optionsMap())
                .as(name)
                .containsKeys("--json", "--quiet", "--verbose"));
  }

  @Test
  void theResultGoesToStandardOutput() {
    assertThat(run(null, "sow", "--seeds", "3")).isZero();
    assertThat(out.toString()).isEqualToIgnoringNewLines("3 seeds");
    assertThat(err.toString()).isEmpty();
  }

  @Test
  void theResultIsJsonWhenAskedFor() {
    assertThat(run(null, "sow", "--seeds", "3", "--json")).isZero();
    assertThat(out.toString()).isEqualToIgnoringNewLines("{\"seeds\":3}");
  }

  @Test
  void withoutCommandTheUsageIsWrong() {
    assertThat(run(null)).isEqualTo(2);
    assertThat(err.toString()).contains("graft: Missing required subcommand", "Try: graft --help");
    assertThat(out.toString()).isEmpty();
  }

  @Test
  void aMisspeltCommandIsAnsweredWithTheCommands() {
    assertThat(run(null, "sew")).isEqualTo(2);
    assertThat(err.toString())
        .contains("graft: There is no command sew; there are ", "sow", "Try: graft --help");
  }

  @Test
  void aMisspeltOptionIsAnsweredWithTheLikelyOne() {
    assertThat(run(null, "sow", "--seed")).isEqualTo(2);
    assertThat(err.toString()).contains("'--seed'", "--seeds", "Try: graft sow --help");
  }

  @Test
  void anOptionBeforeTheCommandIsRefused() {
    assertThat(run(null, "--seeds", "3", "sow")).isEqualTo(2);
    assertThat(err.toString()).contains("graft: There is no option --seeds before the command.");
  }

  @Test
  void aValueOfTheWrongKindIsWrongUsage() {
    assertThat(run(null, "sow", "--seeds", "many")).isEqualTo(2);
    assertThat(err.toString()).contains("--seeds", "'many'", "Try: graft sow --help");
  }

  @Test
  void aCommandMayFindTheUsageWrongItself() {
    CommandLine line = line(null);
    Sow sow = line.getSubcommands().get("sow").getCommand();
    sow.failure = new CommandLine.ParameterException(line.getSubcommands().get("sow"), "No soil.");
    assertThat(line.execute("sow")).isEqualTo(2);
    assertThat(err.toString()).contains("graft: No soil.", "Try: graft sow --help");
  }

  @Test
  void aGateThatIsNotMetComesAfterTheResult() {
    assertThat(run(new GateNotMetException("Accuracy 0.89 is below 0.90."), "sow")).isEqualTo(3);
    assertThat(out.toString()).isEqualToIgnoringNewLines("1 seeds");
    assertThat(err.toString()).isEqualToIgnoringNewLines("graft: Accuracy 0.89 is below 0.90.");
  }

  @ParameterizedTest
  @MethodSource
  void aFailureIsOneSentence(Throwable failure, String sentence) {
    assertThat(run(failure, "sow")).isEqualTo(1);
    assertThat(err.toString().lines())
        .hasSize(1)
        .first()
        .asString()
        .startsWith("graft: ")
        .contains(sentence);
  }

  static Stream<Arguments> aFailureIsOneSentence() {
    return Stream.of(
        Arguments.of(new IllegalArgumentException("Too\n  many.\n"), "graft: Too many."),
        Arguments.of(new FileNotFoundException("x is a folder"), "x is a folder"),
        Arguments.of(new NoSuchFileException("a/b"), "There is no file or folder a/b"),
        Arguments.of(new FileAlreadyExistsException("a/b"), "a/b exists already"),
        Arguments.of(new AccessDeniedException("a/b"), "No permission for a/b"),
        Arguments.of(new NotDirectoryException("a/b"), "a/b is a file where a folder is needed"),
        Arguments.of(
            new FileSystemException("a/b", null, "No space left on device"),
            "a/b: No space left on device"),
        Arguments.of(new UncheckedIOException(new NoSuchFileException("c")), "file or folder c"),
        Arguments.of(
            new ExecutionException(new UncheckedIOException(new IOException("Full."))), "Full."),
        Arguments.of(new NullPointerException("x is null"), "a defect of Graft"),
        Arguments.of(new IllegalStateException(), "a defect of Graft"),
        Arguments.of(new StackOverflowError(), "a defect of Graft"),
        Arguments.of(new OutOfMemoryError("Java heap space"), "GRAFT_JAVA_OPTS=-Xmx"),
        Arguments.of(
            new OutOfMemoryError("unable to create native thread"), "The computer's memory"),
        Arguments.of(
            new UnsatisfiedLinkError("no jnitensorflow in java.library.path"),
            "TensorFlow's native library cannot be used on "),
        Arguments.of(
            new NoClassDefFoundError("Could not initialize class org.tensorflow.NativeLibrary"),
            "TensorFlow's native library cannot be used on "),
        Arguments.of(new NoClassDefFoundError("org/knowm/xchart/XYChart"), "target/launcher"));
  }

  @Test
  void theStackTraceComesOnlyWithVerbose() {
    assertThat(run(new IllegalArgumentException("Too many."), "sow", "--verbose")).isEqualTo(1);
    assertThat(err.toString())
        .startsWith("graft: Too many.")
        .contains("java.lang.IllegalArgumentException", "at dev.graft.cli.MainTest");
  }

  private int run(Throwable failure, String... args) {
    return line(failure).execute(args);
  }

  private CommandLine line(Throwable failure) {
    return Main.commandLine()
        .addSubcommand(new Sow(failure))
        .setOut(new PrintWriter(out))
        .setErr(new PrintWriter(err));
  }

  /** A command as the real ones are, which ends as the test wants. */
  @Command(name = "sow", description = "Scatters seeds.")
  static final class Sow implements Callable<Integer> {
    @Mixin private OutputOptions output;

    @Option(names = "--seeds", defaultValue = "1")
    private int seeds;

    private Throwable failure;

    Sow(Throwable failure) {
      this.failure = failure;
    }

    private record Sown(int seeds) {}

    @Override
    public Integer call() throws Exception {
      if (failure == null || failure instanceof GateNotMetException) {
        output.console().result(new Sown(seeds), () -> seeds + " seeds");
      }
      if (failure instanceof Error error) {
        throw error;
      }
      if (failure instanceof Exception exception) {
        throw exception;
      }
      return ExitCode.DONE.code();
    }
  }
}
