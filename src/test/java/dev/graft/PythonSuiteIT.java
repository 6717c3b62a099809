package dev.graft;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The Python side's own checks and tests, so that one command runs everything. */
class PythonSuiteIT {
  private static final Path FOLDER = Path.of("python-export");
  private static final String SCRIPTS = "../src/test/python";
  private static final String BENCH = "../bench";

  @Test
  void theEnvironmentHasTensorFlowAndKeras() {
    assertThat(PythonEnvironment.get().python("-c", "import keras, tensorflow; print(1)"))
        .isEqualTo("1");
  }

  @Test
  void ruffFindsNothing() {
    assertThat(module("ruff", "check", ".")).isZero();
  }

  @Test
  void theSourcesAreFormatted() {
    assertThat(module("ruff", "format", "--check", ".")).isZero();
  }

  @Test
  void ruffFindsNothingInTheScriptsOfJavasTests() {
    assertThat(module("ruff", "check", "--config", "pyproject.toml", SCRIPTS, BENCH)).isZero();
    assertThat(module("ruff", "format", "--config", "pyproject.toml", "--check", SCRIPTS, BENCH))
        .isZero();
  }

  @Test
  void theTypesAgree() {
    assertThat(module("mypy", ".", SCRIPTS)).isZero();
  }

  @Test
  void theTestsPass() {
    assertThat(module("pytest", "-q", "--color=no")).isZero();
  }

  private static int module(String... arguments) {
    String[] command = new String[arguments.length + 1];
    command[0] = "-m";
    System.arraycopy(arguments, 0, command, 1, arguments.length);
    return PythonEnvironment.get().show(FOLDER, command);
  }
}
