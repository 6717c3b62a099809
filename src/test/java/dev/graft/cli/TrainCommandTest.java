package dev.graft.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainCommandTest {
  private static final Path IMAGES = Path.of("testdata", "images");

  @TempDir private Path folder;
  private Path data;
  private Path run;

  @BeforeEach
  void draw() throws IOException {
    data = Drawn.folder(folder.resolve("data"), 10, "blue", "green", "red");
    run = folder.resolve("runs/first");
  }

  @Test
  void theTableNamesFiguresAndFiles() {
    Ran ran = train("--epochs", 5, "--optimizer", "adam(0.05)").done();
    assertThat(ran.out())
        .contains("precision", "blue", "green", "red")
        .containsPattern("Validation accuracy \\d\\.\\d{4} on 6 images \\(\\d\\.\\d{4} before")
        .contains("2 frozen variables, identical before and after")
        .contains(run.resolve("model").toString(), run.resolve("report.html").toString());
    assertThat(ran.err().lines())
        .anyMatch(line -> line.startsWith("Training on " + data))
        .anyMatch(line -> line.startsWith("epoch 5/5 (head): loss "));
    assertThat(run).isDirectoryContaining("glob:**/run.json");
    assertThat(run.resolve("model/handoff.json")).exists();
    assertThat(run.resolve("history.csv")).exists();
    assertThat(run.resolve("report.html")).exists();
  }

  @Test
  void aHeadJoinsALayerOfANestedModel() throws IOException {
    Path nested = Path.of("testdata", "models", "nested");
    Ran.graft(
            "train",
            data,
            "--backbone",
            nested,
            "--backbone-output",
            "backbone/bn1",
            "--unfreeze",
            "backbone/bn1",
            "--epochs",
            2,
            "--features",
            folder.resolve("features"),
            "--out",
            run)
        .done();
    JsonNode layers = Ran.graft("inspect", run, "--json").done().json().get("layers");
    assertThat(layers)
        .map(layer -> layer.get("name").asText())
        .contains("backbone/conv1", "backbone/bn1", "head/dense")
        .doesNotContain("predictions");
    assertThat(Ran.graft("diff", nested, run).err()).contains("predictions/kernel");
    Ran.graft("verify", run).done();
  }

  @Test
  void jsonIsOneObjectAndProgressGoesElsewhere() throws IOException {
    Ran ran = train("--epochs", 2, "--json").done();
    JsonNode json = ran.json();
    assertThat(json.get("run").asText()).isEqualTo(run.toString());
    assertThat(json.get("accuracy").isNumber()).isTrue();
    assertThat(json.get("accuracyBefore").isNumber()).isTrue();
    assertThat(json.get("trainingImages").asInt()).isEqualTo(24);
    assertThat(json.get("validationImages").asInt()).isEqualTo(6);
    assertThat(json.get("imagesThroughTrunk").asInt()).isEqualTo(30);
    assertThat(json.get("rejected")).isEmpty();
    assertThat(ran.err()).contains("epoch 2");
  }

  @Test
  void phasesAndStepsAreUsedAndRepeated() throws IOException {
    Ran ran =
        train(
                "--epochs",
                2,
                "--steps-per-epoch",
                2,
                "--validation-steps",
                1,
                "--batch-size",
                5,
                "--phase",
                "unfreeze=block1_*, epochs=2, learning_rate=1e-4",
                "--phase",
                "epochs=1, unfreeze=none, batch_size=3")
            .done();
    assertThat(ran.err()).contains("unfrozen: block1_*", "then 1 epoch of batch 3");
    assertThat(Files.readAllLines(run.resolve("history.csv")))
        .extracting(line -> line.split(",")[1])
        .containsExactly("phase", "head", "head", "fine-tune", "fine-tune", "head 2");
    assertThat(Files.readString(run.resolve("run.json")))
        .contains("--phase \\\"name=fine-tune, epochs=2, unfreeze=block1_*, batch_size=5")
        .contains("--steps-per-epoch 2 --validation-steps 1");
  }

  @Test
  void scheduleAndEarlyStoppingAreUsedAndRepeated() throws IOException {
    Ran ran =
        train(
                "--epochs",
                3,
                "--optimizer",
                "sgd(0.1, clipnorm=1)",
                "--schedule",
                "polynomial",
                "--early-stopping",
                9)
            .done();
    assertThat(ran.err()).contains("polynomial(end=0.0, power=1.0), early stopping after 9");
    List<String> history = Files.readAllLines(run.resolve("history.csv"));
    assertThat(history).hasSize(4);
    double last = Double.parseDouble(history.get(3).split(",")[2]);
    assertThat(last).isPositive().isLessThan(0.1 / 3 + 1e-9);
    assertThat(Files.readString(run.resolve("run.json")))
        .contains("--schedule \\\"polynomial(end=0.0, power=1.0)\\\" --early-stopping 9")
        .contains("--optimizer \\\"sgd(0.1, clipnorm=1.0)\\\"");
  }

  @Test
  void quietSaysNothingButTheResult() {
    Ran ran = train("--epochs", 1, "--quiet").done();
    assertThat(ran.err()).isEmpty();
    assertThat(ran.out()).contains("Validation accuracy");
  }

  @Test
  void theSecondRunTakesTheFeaturesOfTheFirst() throws IOException {
    train("--epochs", 1).done();
    Path second = folder.resolve("runs/second");
    JsonNode json = Trainings.train(folder, data, second, "--epochs", 1, "--json").done().json();
    assertThat(json.get("imagesThroughTrunk").asInt()).isZero();
  }

  @Test
  void anAccuracyThatIsNotReachedEndsWithThreeAfterTheResult() throws IOException {
    Path mixed = folder.resolve("mixed");
    for (String name : List.of("a", "b")) {
      Drawn.folder(mixed, 5, name); // both red
    }
    Ran ran =
        Trainings.train(
            folder,
            mixed,
            run,
            "--epochs",
            1,
            "--assert-accuracy",
            1,
            "--json",
            "--validation",
            0.5);
    ran.complained(
        3, "The validation accuracy is 0.", "expected at least 1.0", "--assert-accuracy");
    assertThat(ran.json().get("accuracy").asDouble()).isLessThan(1);
    assertThat(run.resolve("model/saved_model.pb")).exists();
  }

  @Test
  void anAccuracyThatIsReachedEndsWithZero() {
    train("--epochs", 1, "--assert-accuracy", 0).done();
  }

  @Test
  void aRunThatExistsIsKept() throws IOException {
    Files.createDirectories(run);
    Files.writeString(run.resolve("run.json"), "mine");
    train("--epochs", 1).failed(1, run + " exists already", "--overwrite", "another --out");
    assertThat(names(run)).containsExactly("run.json");
    assertThat(names(run.getParent())).containsExactly("first");
  }

  @Test
  void overwriteReplacesARunAltogether() throws IOException {
    Files.createDirectories(run);
    Files.writeString(run.resolve("run.json"), "old");
    Files.writeString(run.resolve("old"), "old");
    train("--epochs", 1, "--overwrite").done();
    assertThat(names(run)).contains("run.json", "model").doesNotContain("old");
    assertThat(names(run.getParent())).containsExactly("first");
  }

  @Test
  void overwriteKeepsARunUntilTheNextIsWhole() throws IOException {
    Files.createDirectories(run);
    Files.writeString(run.resolve("run.json"), "old");
    train("--unfreeze", "nothing*", "--overwrite").complained(1, "nothing*");
    assertThat(run.resolve("run.json")).hasContent("old");
    assertThat(names(run.getParent())).containsExactly("first");
  }

  @Test
  void overwriteReplacesNothingThatIsNoRun() throws IOException {
    Files.createDirectories(run);
    Files.writeString(run.resolve("thesis.tex"), "mine");
    train("--epochs", 1, "--overwrite").failed(1, run + " is not the folder of a run", "run.json");
    assertThat(names(run)).containsExactly("thesis.tex");
  }

  @Test
  void aFileIsNeverReplaced() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "mine");
    Trainings.train(folder, data, file, "--overwrite", "--quiet")
        .failed(1, file + " is a file", "--out");
    Trainings.train(folder, data, file.resolve("run")).failed(1, file + " exists already");
    assertThat(file).hasContent("mine");
  }

  @Test
  void anEmptyFolderIsAsGoodAsNone() throws IOException {
    Files.createDirectories(run);
    train("--epochs", 1).done();
    assertThat(run.resolve("run.json")).exists();
  }

  @Test
  void filesThatAreNoImagesAreLeftOutAndListed() throws IOException {
    Path text = data.resolve("red/text.jpg");
    Path truncated = data.resolve("red/truncated.jpg");
    Path readme = data.resolve("blue/README.txt");
    Files.copy(IMAGES.resolve("text.jpg"), text);
    byte[] jpeg = Drawn.jpeg();
    Files.write(truncated, java.util.Arrays.copyOf(jpeg, jpeg.length / 2));
    Files.writeString(readme, "Blue.");

    Ran ran = train("--epochs", 1, "--json", "--quiet").done();
    JsonNode rejected = ran.json().get("rejected");
    assertThat(rejected.get(text.toString()).asText()).contains("is no image");
    assertThat(rejected.get(truncated.toString()).asText()).contains("is a truncated JPEG");
    assertThat(rejected.get(readme.toString()).asText()).contains("does not end in");
    assertThat(rejected).hasSize(3);
    assertThat(ran.err().lines())
        .hasSize(3)
        .anyMatch(line -> line.startsWith(text + " is no image"))
        .anyMatch(line -> line.startsWith(truncated + " is a truncated JPEG"))
        .allMatch(line -> line.matches(".*[^.]\\."));
    JsonNode json = new ObjectMapper().readTree(run.resolve("run.json").toFile());
    assertThat(json.get("rejected")).hasSize(3);
    assertThat(run.resolve("report.html")).content().contains("red/text.jpg");
  }

  @Test
  void manyBadFilesAreNotAllNamedOnTheTerminal() throws IOException {
    for (int i = 0; i < 25; i++) {
      Files.writeString(data.resolve("red/bad" + i + ".jpg"), "bad");
    }
    Ran ran = train("--epochs", 1, "--quiet").done();
    assertThat(ran.err().lines()).hasSize(21).last().isEqualTo("… and 5 more.");
    assertThat(ran.out()).contains("25 files left out; the report lists them.");
  }

  @Test
  void unfreezingTrainsInTwoPhases() throws IOException {
    Ran ran =
        train(
                "--epochs",
                1,
                "--unfreeze",
                "block1_*",
                "--fine-tune-epochs",
                1,
                "--fine-tune-learning-rate",
                "1e-3",
                "--json")
            .done();
    assertThat(ran.err()).contains("epoch 1/1 (head)", "epoch 2/2 (fine-tune)");
    assertThat(ran.json().get("frozenVariables").asInt()).isZero();
  }

  @Test
  void aTestFolderIsEvaluatedAtTheEnd() throws IOException {
    Path parts = folder.resolve("parts");
    Drawn.folder(parts.resolve("train"), 6, "blue", "red");
    Drawn.folder(parts.resolve("val"), 3, "blue", "red");
    Drawn.folder(parts.resolve("test"), 2, "blue", "red");
    JsonNode json = Trainings.train(folder, parts, run, "--epochs", 2, "--json").done().json();
    assertThat(json.get("trainingImages").asInt()).isEqualTo(12);
    assertThat(json.get("validationImages").asInt()).isEqualTo(6);
    assertThat(json.get("testAccuracy").isNumber()).isTrue();
  }

  @Test
  void aValidationFolderIsUsedInsteadOfAShare() throws IOException {
    Path validation = Drawn.folder(folder.resolve("0.5"), 2, "blue", "green", "red");
    JsonNode json = train("--epochs", 1, "--validation", validation, "--json").done().json();
    assertThat(json.get("trainingImages").asInt()).isEqualTo(30);
    assertThat(json.get("validationImages").asInt()).isEqualTo(6);
  }

  private Ran train(Object... more) {
    return Trainings.train(folder, data, run, more);
  }

  private static List<String> names(Path folder) throws IOException {
    try (Stream<Path> inside = Files.list(folder)) {
      return inside.map(path -> path.getFileName().toString()).toList();
    }
  }
}
