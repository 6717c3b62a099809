package dev.graft;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.predict.Answer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReadmeRunTest {
  @Test
  void theReadmesExampleTellsDigitsApart(@TempDir Path folder) throws Exception {
    Path digits = Path.of("testdata/digits");
    Path few = folder.resolve("digits");
    for (String label : new String[] {"0", "1", "7"}) {
      Path target = Files.createDirectories(few.resolve(label));
      try (var files = Files.list(digits.resolve(label))) {
        for (Path file : files.sorted().limit(12).toList()) {
          Files.copy(file, target.resolve(file.getFileName()));
        }
      }
    }
    Path photo;
    try (var files = Files.list(digits.resolve("7"))) {
      photo = files.sorted().skip(20).findFirst().orElseThrow();
    }
    Answer answer = ReadmeExample.run(few, folder.resolve("exported"), photo);
    assertThat(answer.label()).isEqualTo("7");
    assertThat(folder.resolve("exported/handoff.json")).exists();
  }
}
