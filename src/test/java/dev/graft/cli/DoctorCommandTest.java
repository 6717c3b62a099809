package dev.graft.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.graft.handoff.Versions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DoctorCommandTest {
  @Test
  void itWorksWhereTheTestsRun() throws IOException {
    Ran ran = Ran.graft("doctor", "--json").done();
    assertThat(ran.err()).isEmpty();
    JsonNode json = ran.json();
    assertThat(json.get("works").asBoolean()).isTrue();
    Map<String, JsonNode> byName = new HashMap<>();
    json.get("findings").forEach(finding -> byName.put(finding.get("what").asText(), finding));
    assertThat(byName)
        .containsKeys(
            "Java",
            "memory",
            "processor",
            "TensorFlow",
            "GPU",
            "Python side",
            "feature store",
            "unpacked library");
    JsonNode tensorFlow = byName.get("TensorFlow").get("facts");
    assertThat(tensorFlow.get("version").asText()).matches("\\d+\\.\\d+\\.\\d+.*");
    assertThat(byName.get("memory").get("facts").get("usableBytes").asLong())
        .isGreaterThan(Runtime.getRuntime().maxMemory() / 4);
    assertThat(byName.get("processor").get("facts").get("cores").asInt()).isPositive();
    assertThat(byName.get("feature store").get("facts").get("folder").asText())
        .isEqualTo(Path.of(System.getenv("GRAFT_CACHE"), "features").toString());
  }

  @Test
  void whatIsNotAsItShouldBeComesWithWhatToDo() throws IOException {
    for (JsonNode finding : Ran.graft("doctor", "--json").done().json().get("findings")) {
      boolean good = finding.get("state").asText().equals("good");
      assertThat(finding.get("remedy").isNull()).as(finding.toString()).isEqualTo(good);
    }
    assertThat(Ran.graft("doctor").done().out().lines())
        .anyMatch(line -> line.matches("good +TensorFlow +2\\.\\S+ for \\S+, loaded"));
  }

  @ParameterizedTest
  @CsvSource({
    "glibc 2.36, false, GOOD",
    "glibc 2.34, false, GOOD",
    "glibc 2.31, false, PROBLEM",
    "glibc 3.1, false, GOOD",
    ", true, PROBLEM",
    ", false, NOTE",
  })
  void theCLibraryHasToBeNewEnough(String said, boolean musl, Finding.State state) {
    Finding finding = NativeSide.glibc(Optional.ofNullable(said), musl);
    assertThat(finding.state()).isEqualTo(state);
    assertThat(finding.remedy().isEmpty()).isEqualTo(state == Finding.State.GOOD);
  }

  @ParameterizedTest
  @CsvSource({
    "linux-x86_64, 'NVIDIA L4, 550.90', NOTE, linux-x86_64-gpu",
    "linux-x86_64, , GOOD, ''",
    "windows-x86_64, 'NVIDIA T4, 551.1', NOTE, on linux-x86_64 only",
  })
  void aGpuThatIsNotUsedIsNamed(
      String platform, String nvidia, Finding.State state, String remedy) {
    Finding finding = NativeSide.gpu(platform, Optional.ofNullable(nvidia));
    assertThat(finding.state()).isEqualTo(state);
    assertThat(finding.remedy()).contains(remedy);
  }

  @Test
  void thePythonSideHasToBeOfTheSameVersion() {
    Path folder = Path.of("venv", "bin");
    String mine = Versions.current().get("graft").replace("-SNAPSHOT", "");
    assertThat(PythonSide.examine(folder, Map.of("python", "3.11.7", "graft-export", mine)).state())
        .isEqualTo(Finding.State.GOOD);
    Finding older = PythonSide.examine(folder, Map.of("python", "3.11.7", "graft-export", "0.0.9"));
    assertThat(older.state()).isEqualTo(Finding.State.NOTE);
    assertThat(older.found()).contains("0.0.9", mine);
    assertThat(PythonSide.examine(folder, Map.of()).found()).contains("does not run");
  }
}
