package dev.graft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class PythonEnvironmentTest {
  @Test
  void withoutPythonTheMessageSaysWhatToInstall() {
    assertThatThrownBy(() -> PythonEnvironment.find(List.of(List.of("no-such-python"))))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("no-such-python is not there")
        .hasMessageContaining("Python 3.11 or 3.12 with venv")
        .hasMessageContaining("apt install");
  }

  @Test
  @DisabledOnOs(OS.WINDOWS) // the programs are shell scripts
  void theFirstPythonThatFitsIsTaken(@TempDir Path folder) throws IOException {
    Path old = program(folder, "old", "echo '3.9|/usr/bin/old'");
    Path bare = program(folder, "bare", "echo '3.12|/usr/bin/bare'; exit 1");
    Path fitting = program(folder, "fitting", "echo '3.11|/usr/bin/fitting'");
    assertThat(PythonEnvironment.find(commands(old, bare, fitting))).isEqualTo("/usr/bin/fitting");
    assertThatThrownBy(() -> PythonEnvironment.find(commands(old, bare)))
        .hasMessageContaining(old + " is Python 3.9")
        .hasMessageContaining(bare + " has no venv");
  }

  @Test
  void thePythonOfTheUsersChoiceIsTheOnlyCandidate() {
    assertThat(PythonEnvironment.candidates("/opt/python")).containsExactly(List.of("/opt/python"));
    assertThat(PythonEnvironment.candidates(null)).hasSizeGreaterThan(2);
  }

  private static List<List<String>> commands(Path... programs) {
    return List.of(programs).stream().map(program -> List.of(program.toString())).toList();
  }

  private static Path program(Path folder, String name, String script) throws IOException {
    Path program = Files.writeString(folder.resolve(name), "#!/bin/sh\n" + script + "\n");
    return Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwx------"));
  }
}
