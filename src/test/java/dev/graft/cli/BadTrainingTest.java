package dev.graft.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@code graft train} says of data and options that cannot be used; it leaves nothing. */
class BadTrainingTest {
  @TempDir private Path folder;
  private Path data;

  @BeforeEach
  void draw() throws IOException {
    data = Drawn.folder(folder.resolve("data"), 5, "blue", "red");
  }

  @Test
  void aFolderThatIsNotThere() throws IOException {
    Path nowhere = folder.resolve("nowhere");
    train(nowhere).failed(1, nowhere + " does not exist", "one sub-folder of images a class");
  }

  @Test
  void aFile() throws IOException {
    Path file = Files.writeString(folder.resolve("a.zip"), "zip");
    train(file).failed(1, file + " is a file", "one sub-folder of images a class");
  }

  @Test
  void anEmptyFolder() throws IOException {
    Path empty = Files.createDirectories(folder.resolve("empty"));
    train(empty).failed(1, empty + " has no class folders", "one sub-folder of images a class");
  }

  @Test
  void imagesWithoutClassFolders() throws IOException {
    train(data.resolve("red")).failed(1, "holds 5 images itself", "into a sub-folder");
  }

  @Test
  void oneClass() throws IOException {
    Path one = Drawn.folder(folder.resolve("one"), 5, "red");
    train(one).failed(1, one + " has only one class folder, red", "at least two");
  }

  @Test
  void aClassWithoutImages() throws IOException {
    Path empty = Files.createDirectories(data.resolve("green"));
    train(data).failed(1, "The class folder " + empty + " holds no image", "remove it");
  }

  @Test
  void tooFewImagesToSplit() throws IOException {
    Path few = Drawn.folder(folder.resolve("few"), 2, "blue", "red");
    train(few).failed(1, few, "leaves 4 of the 4 images", "0 for validation");
  }

  @Test
  void noImageThatCanBeRead() throws IOException {
    for (String name : new String[] {"blue", "red"}) {
      for (int i = 0; i < 5; i++) {
        Files.writeString(data.resolve(name).resolve(i + ".png"), "no image");
      }
    }
    train(data).failed(1, "No image is left for training", "none of its files can be read");
  }

  @Test
  void partsWithOtherClasses() throws IOException {
    Path parts = folder.resolve("parts");
    Drawn.folder(parts.resolve("train"), 3, "blue", "red");
    Drawn.folder(parts.resolve("validation"), 3, "blue", "green");
    train(parts).failed(1, parts.resolve("validation") + " must have the same class folders");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "dense(softmax) | needs an input of [batch, features] but got [-1, 4, 4, 8]: put gap",
        "gap, gap, dense(softmax) | needs an input of [batch, height, width, channels] but got",
        "gap, dense(3, softmax) | answers 3 values but the data needs 2: write",
      })
  void aHeadThatDoesNotFit(String head, String complaint) throws IOException {
    train(data, "--head", head).failed(1, complaint);
  }

  @Test
  void oneAnswerForThreeClasses() throws IOException {
    Drawn.folder(data, 5, "blue", "green", "red");
    train(data, "--head", "gap, dense(sigmoid)")
        .failed(1, "tells two classes apart", "the data has 3", "dense(softmax)");
  }

  @ParameterizedTest
  @ValueSource(strings = {"gap, conv(3), dense(softmax)", "gap", "gap; dense(softmax)", ""})
  void aHeadThatCannotBeRead(String head) throws IOException {
    train(data, "--head", head).failed(2, "ead", "\"" + head + "\"");
  }

  @Test
  void aLayerThatIsNotThere() throws IOException {
    train(data, "--unfreeze", "block1_*,block9_*")
        .failed(1, "No layer of the backbone is called \"block9_*\"", "block1_pool", "inspect");
    train(data, "--unfreeze-from", "block9").failed(1, "\"block9\"", "block1_pool");
    train(data, "--unfreeze-last", "99").failed(1, "The last 99 layers", "has 3 layers");
    train(data, "--backbone-output", "block9").failed(1, "\"block9\"", "block1_pool");
  }

  @Test
  void fineTuningWithoutAnythingUnfrozen() throws IOException {
    train(data, "--fine-tune-epochs", "2")
        .failed(2, "all are frozen", "--unfreeze", "--unfreeze-last");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--validation | 0 | above 0 and below 1, got 0.0",
        "--validation | 1.5 | above 0 and below 1, got 1.5",
        "--validation | NaN | above 0 and below 1, got NaN",
        "--validation | 20% | There is no folder 20% to validate on",
        "--validation | e | There is no folder e to validate on",
        "--validation | nowhere | There is no folder nowhere to validate on",
        "--epochs | -1 | epochs must be 0 or more, got -1",
        "--epochs | many | '--epochs': 'many' is not an int",
        "--batch-size | 0 | batch size must be 1 or more, got 0",
        "--seed | -1 | 0 to 4294967295, got -1",
        "--optimizer | adam(fast) | learning_rate must be a number, got \"fast\"",
        "--optimizer | adam(-1) | learning rate",
        "--optimizer | lion | no optimizer \"lion\"; known are sgd, ",
        "--assert-accuracy | 90 | a share from 0 to 1, as in 0.9, got 90",
        "--preparation | vgg | no preparation \"vgg\"; known are caffe, tf, torch, rescale",
        "--resize | cubic | \"cubic\"",
        "--input-size | big | 224 or HEIGHTxWIDTH, got \"big\"",
        "--input-size | 0 | at least 1 pixel, got 0x0",
        "--orientation | up | \"up\"",
        "--unfreeze-last | 0 | at least 1, got 0",
      })
  void aWrongValue(String option, String value, String complaint) throws IOException {
    train(data, option, value).failed(2, complaint);
  }

  @Test
  void aFineTuningThatCannotBe() throws IOException {
    train(data, "--unfreeze-last", "1", "--fine-tune-epochs", "-1").failed(2, "0 or more, got -1");
    train(data, "--unfreeze-last", "1", "--fine-tune-learning-rate", "0").failed(2, "above 0");
  }

  @Test
  void twoWaysToUnfreezeAtOnce() throws IOException {
    train(data, "--unfreeze-last", "1", "--unfreeze", "block1_*")
        .failed(2, "--unfreeze", "--unfreeze-last", "mutually exclusive");
  }

  @Test
  void anInputSizeThatTheBackboneDoesNotTake() throws IOException {
    train(data, "--input-size", "32").failed(1, "16", "32");
  }

  @Test
  void aBackboneThatTakesNoImages() throws IOException {
    Ran.graft(
            "train",
            data,
            "--backbone",
            Path.of("testdata", "models", "vector"),
            "--out",
            folder.resolve("runs/first"))
        .failed(1, Path.of("testdata", "models", "vector"), "[-1, 4]", "that take images");
    assertNothingLeft();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--ephocs | --epochs",
        "--unfreze | --unfreeze",
        "--overwite | --overwrite",
      })
  void aMisspeltOption(String option, String meant) throws IOException {
    Ran ran = train(data, option, "1");
    assertThat(ran.exit()).isEqualTo(2);
    assertThat(ran.out()).isEmpty();
    assertThat(ran.err()).contains("'" + option + "'", meant, "Try: graft train --help");
  }

  @Test
  void whatIsMissing() {
    Ran.graft("train", data).failed(2, "'--backbone=MODEL'", "'--out=RUN'");
    Ran.graft("train").failed(2, "'--backbone=MODEL'", "'DATA'");
  }

  @Test
  void aMisspeltCommand() {
    Ran.graft("trian", data)
        .failed(
            2,
            "There is no command trian; there are inspect, verify, diff, train, resume, tune, evaluate, predict");
  }

  @Test
  void theStackTraceComesOnlyWithVerbose() {
    Ran ran = Ran.graft("train", folder, "--backbone", folder, "--out", data, "--verbose");
    assertThat(ran.exit()).isEqualTo(1);
    assertThat(ran.err()).startsWith("Training on ").contains("\tat dev.graft.train");
  }

  private Ran train(Path images, Object... more) throws IOException {
    Object[] words = Stream.concat(Arrays.stream(more), Stream.of("--quiet")).toArray();
    Ran ran = Trainings.train(folder, images, folder.resolve("runs/first"), words);
    assertNothingLeft();
    return ran;
  }

  private void assertNothingLeft() {
    assertThat(folder.resolve("runs")).doesNotExist();
  }
}
