package dev.graft.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.graft.data.Npy;
import dev.graft.data.NpyArray;
import dev.graft.train.ResumableRun;
import dev.graft.train.TrainSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ResumeCommandTest {
  @TempDir private Path folder;
  private Path data;
  private Path run;

  @BeforeEach
  void draw() throws IOException {
    data = Drawn.folder(folder.resolve("data"), 10, "blue", "green", "red");
    run = folder.resolve("run");
  }

  @ParameterizedTest
  @ValueSource(strings = {"float32", "float16"})
  void aFinishedRunIsTrainedForLonger(String stored) throws IOException {
    Trainings.train(folder, data, run, "--epochs", 2, "--features-precision", stored).done();
    Ran.graft("resume", run).failed(1, "is finished, after 2 epochs: --epochs N trains N more");
    Ran ran = Ran.graft("resume", run, "--epochs", 3, "--json").done();
    assertThat(ran.json().get("epochs").asInt()).isEqualTo(5);
    assertThat(ran.json().get("status").asText()).isEqualTo("finished");
    Path whole = folder.resolve("whole");
    Trainings.train(folder, data, whole, "--epochs", 5, "--features-precision", stored).done();
    assertThat(run.resolve("history.csv")).hasSameTextualContentAs(whole.resolve("history.csv"));
    assertThat(Files.readString(run.resolve("run.json"))).contains("--epochs 5");
    assertThat(folder.resolve("run.unfinished")).doesNotExist();
  }

  @Test
  void whatDivergesIsKeptAndGoesOnAtAnotherRate() throws IOException {
    Ran ran =
        Trainings.train(
            folder,
            data,
            run,
            "--epochs",
            6,
            "--optimizer",
            "sgd(1e38)",
            "--schedule",
            "cosine(warmup=3)",
            "--batch-size",
            24);
    ran.complained(1, "Training stopped", "in epoch 2", "loss is", "lower the learning rate");
    assertThat(ran.err()).contains("\"graft resume " + run + "\" goes on from its last checkpoint");
    assertThat(run).doesNotExist();
    int kept = ResumableRun.find(run).epochs();
    assertThat(kept).isPositive();
    JsonNode ended = Ran.graft("resume", run, "--learning-rate", "1e-3", "--json").done().json();
    assertThat(ended.get("epochs").asInt()).isEqualTo(6);
    assertThat(Files.readString(run.resolve("run.json")))
        .contains("After epoch " + kept + " the run went on otherwise than it was begun");
  }

  @Test
  void whatIsKeptCanBeTheEnd() throws IOException {
    Trainings.train(
            folder,
            data,
            run,
            "--epochs",
            6,
            "--optimizer",
            "sgd(1e38)",
            "--schedule",
            "cosine(warmup=3)",
            "--batch-size",
            24)
        .complained(1);
    int kept = ResumableRun.find(run).epochs();
    JsonNode ended =
        Ran.graft("resume", folder.resolve("run.unfinished"), "--epochs", 0, "--json")
            .done()
            .json();
    assertThat(ended.get("epochs").asInt()).isEqualTo(kept);
    assertThat(run.resolve("model/saved_model.pb")).exists();
  }

  @Test
  void nothingToGoOnWithIsASentence() {
    Ran.graft("resume", run).failed(1, "There is no run to go on with", run + ".unfinished");
  }

  @Test
  void theRunsCommandIsReadBackToTheSameSettings() throws IOException {
    Path order = folder.resolve("order.npy");
    int[] rows = new int[6 * 24];
    Arrays.setAll(rows, i -> i % 24);
    Npy.writeInts(order, NpyArray.of(rows, 6, 24));
    List<String> words =
        new ArrayList<>(
            Stream.of(
                    "train",
                    data,
                    "--backbone",
                    Trainings.POOL.toAbsolutePath(),
                    "--out",
                    run,
                    "--features",
                    folder.resolve("features"))
                .map(Object::toString)
                .toList());
    assertReadBack(words);
    words.addAll(
        List.of(
            "--backbone-output",
            "block1_pool",
            "--head",
            "gap, dense(8, relu), dropout(0.1), dense(softmax)",
            "--unfreeze",
            "block1_*,block*",
            "--validation",
            "0.25",
            "--split-seed",
            "7",
            "--augment",
            "flip, rotation(0.1)",
            "--class-weights",
            "balanced",
            "--label-smoothing",
            "0.1"));
    words.addAll(
        List.of(
            "--epochs",
            "3",
            "--batch-size",
            "5",
            "--optimizer",
            "adamw(1e-4, clipnorm=1)",
            "--schedule",
            "cosine(warmup=1)",
            "--early-stopping",
            "3",
            "--fine-tune-epochs",
            "2",
            "--fine-tune-learning-rate",
            "1e-4",
            "--phase",
            "epochs=1, unfreeze_last=2, schedule=constant, early_stopping=0",
            "--phase",
            "epochs=2, unfreeze=none",
            "--steps-per-epoch",
            "3",
            "--validation-steps",
            "2",
            "--order",
            order.toString(),
            "--seed",
            "9",
            "--checkpoint-minutes",
            "2.5",
            "--features-precision",
            "float16"));
    assertReadBack(words);
  }

  private static void assertReadBack(List<String> words) {
    TrainSettings settings = read(words);
    assertThat(read(settings.words())).isEqualTo(settings);
  }

  private static TrainSettings read(List<String> words) {
    return ((TrainCommand)
            Main.commandLine()
                .parseArgs(words.toArray(String[]::new))
                .subcommand()
                .commandSpec()
                .userObject())
        .settings();
  }

  @Test
  void severalSeedsHaveAMeanAndASpread() throws IOException {
    Ran ran = Trainings.train(folder, data, run, "--epochs", 2, "--repeat", 3, "--json").done();
    JsonNode accuracy = ran.json().at("/figures/validation accuracy");
    double sum = 0;
    for (long seed = 1; seed <= 3; seed++) {
      Path one = run.resolve("seed-" + seed);
      assertThat(Files.readString(one.resolve("run.json"))).contains("--seed " + seed);
      sum += accuracy.at("/values/" + (seed - 1)).asDouble();
    }
    assertThat(accuracy.get("mean").asDouble()).isEqualTo(sum / 3);
    assertThat(run.resolve("repeat.json")).exists();
    // Once more: the runs are there.
    byte[] first = Files.readAllBytes(run.resolve("seed-1/run.json"));
    Ran again = Trainings.train(folder, data, run, "--epochs", 2, "--repeat", 3).done();
    assertThat(again.out()).contains("figure", "deviation", "seed 3", "validation accuracy");
    assertThat(again.err()).doesNotContain("epoch 1/2");
    assertThat(run.resolve("seed-1/run.json")).hasBinaryContent(first);
    Trainings.train(folder, data, run, "--epochs", 3, "--repeat", 3).failed(1, "exists already");
  }
}
