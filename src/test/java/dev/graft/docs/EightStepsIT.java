package dev.graft.docs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.cli.Ran;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What docs/transfer-learning.md shows is compiled and runs, its commands on a few images. */
class EightStepsIT {
  private static final Path PAGE = Path.of("docs/transfer-learning.md");
  private static final Path SOURCE = Path.of("src/test/java/dev/graft/docs/EightSteps.java");
  private static final List<String> LABELS = List.of("0", "1", "7");

  @TempDir private Path folder;
  private Path photos;

  @BeforeEach
  void copyPhotos() throws IOException {
    photos = folder.resolve("photos");
    for (String label : LABELS) {
      Path target = Files.createDirectories(photos.resolve(label));
      for (int i = 0; i < 25; i++) {
        String name = "%03d.png".formatted(i);
        Files.copy(Path.of("testdata/digits", label, name), target.resolve(name));
      }
    }
  }

  @Test
  void thePageShowsWhatIsCompiled() throws IOException {
    assertThat(Page.read(PAGE).blocks("java"))
        .containsExactlyInAnyOrderElementsOf(Page.regions(SOURCE));
  }

  @Test
  void theProgramTellsDigitsApart() throws Exception {
    Path photo = Path.of("testdata/digits/7/050.png");
    assertThat(EightSteps.run(photos, folder.resolve("exported"), photo).label()).isEqualTo("7");
  }

  @Test
  void theCommandsRun() throws IOException {
    List<List<String>> commands = Page.read(PAGE).commands("./graft");
    assertThat(commands)
        .extracting(words -> words.get(1))
        .containsExactly("inspect", "train", "train", "evaluate", "predict", "verify");
    for (List<String> words : commands) {
      List<String> here = new ArrayList<>();
      for (String word : words.subList(1, words.size())) {
        here.add(
            word.equals("testdata/digits")
                ? photos.toString()
                : word.startsWith("runs/") ? folder.resolve(word).toString() : word);
      }
      Ran.graft(here).done();
    }
  }
}
