package dev.graft.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TuneCommandTest {
  @TempDir private Path folder;
  private Path data;
  private Path out;

  @BeforeEach
  void draw() throws IOException {
    data = Drawn.folder(folder.resolve("data"), 10, "blue", "green", "red");
    out = folder.resolve("tuned");
  }

  @Test
  void theTableNamesTheBestCandidateAndTheCommandThatRepeatsIt() throws IOException {
    Ran ran = tune("--learning-rate", "1e-6,0.05", "--dropout", "0").done();
    assertThat(ran.out())
        .contains("learning rate 0.05; all frozen")
        .contains("Measured on 4 training images that were held out of the 24.")
        .contains("again:  graft train " + data)
        .contains("--optimizer \"adam(0.05)\"");
    assertThat(ran.err()).contains("trial 1 of 5, 1 epoch: accuracy ");
    assertThat(out.resolve("best/run.json")).exists();

    JsonNode json = tune("--learning-rate", "1e-6,0.05", "--dropout", "0", "--json").done().json();
    assertThat(json.get("trials")).hasSize(5);
    assertThat(json.at("/trials/0/epochs").asInt()).isEqualTo(3);
    assertThat(json.get("run").asText()).isEqualTo(out.resolve("best").toString());
    assertThat(json.get("accuracy").isNumber()).isTrue();
  }

  @Test
  void whatCannotBeTriedIsWrongUsage() {
    tune("--learning-rate", "0").failed(2, "A learning rate must be above 0, got 0.0");
    tune("--dropout", "1").failed(2, "A rate of dropout must be at least 0");
    tune("--head", "gap").failed(2, "A head must end with dense");
    tune("--trials", "0").failed(2, "The number of trials must be 1 or more");
    tune("--unfreeze-from", "block9").failed(1, "block9");
    assertThat(out).doesNotExist();
  }

  private Ran tune(Object... more) {
    List<Object> words =
        new ArrayList<>(
            List.of("tune", data, "--backbone", Trainings.POOL, "--out", out, "--epochs", 3));
    words.addAll(List.of("--features", folder.resolve("features")));
    words.addAll(List.of(more));
    return Ran.graft(words);
  }
}
