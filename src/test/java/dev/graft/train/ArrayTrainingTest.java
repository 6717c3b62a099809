package dev.graft.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.cli.Ran;
import dev.graft.data.Npy;
import dev.graft.data.NpyArray;
import dev.graft.data.Target;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Rows of four numbers on the model {@code vector}: what is done with images is done with them. */
class ArrayTrainingTest {
  private static final Path VECTOR = Path.of("testdata", "models", "vector");
  private static final int ROWS = 60;

  @TempDir private Path folder;
  private Path data;

  /** The class is the place of the largest of the first three numbers. */
  @BeforeEach
  void makeArrays() throws IOException {
    data = Files.createDirectory(folder.resolve("data"));
    SplittableRandom random = new SplittableRandom(3);
    float[] rows = new float[ROWS * 4];
    int[] classes = new int[ROWS];
    for (int i = 0; i < ROWS; i++) {
      for (int k = 0; k < 4; k++) {
        rows[4 * i + k] = (float) random.nextDouble(-1, 1);
      }
      classes[i] = Target.OfClass.likeliest(Arrays.copyOfRange(rows, 4 * i, 4 * i + 3));
    }
    Npy.writeFloats(data.resolve("x.npy"), new NpyArray<>(List.of((long) ROWS, 4L), rows));
    Npy.writeInts(data.resolve("y.npy"), new NpyArray<>(List.of((long) ROWS), classes));
  }

  private TrainSettings settings(String name) {
    Path run = folder.resolve(name);
    return TrainSettings.of(data, VECTOR, run)
        .withJoin(JoinSettings.of(VECTOR).withOutput("hidden"))
        .withLoop(
            new LoopSettings(6, 8, Optimizer.parse("adam(0.05)"), LoopSettings.FineTune.NONE, 1))
        .withOut(
            new TrainSettings.OutputSettings(run, false, Optional.of(folder.resolve("features"))));
  }

  @Test
  void aRunThatIsInterruptedEndsAsIfItHadNotBeen() throws Exception {
    TransferLearning.train(settings("whole"), TrainListener.none());
    assertThatThrownBy(() -> TransferLearning.train(settings("killed"), killer()))
        .hasMessage("killed");
    assertThat(folder.resolve("killed")).doesNotExist();
    Ran.graft(List.of("resume", folder.resolve("killed"))).done();
    for (String file :
        List.of(
            "history.csv", "predictions.csv", "model/variables/variables.data-00000-of-00001")) {
      assertThat(folder.resolve("killed").resolve(file))
          .hasSameBinaryContentAs(folder.resolve("whole").resolve(file));
    }
  }

  /** Fails in the middle of the third epoch. */
  private static TrainListener killer() {
    return new TrainListener() {
      @Override
      public void progress(String task, long done, long total) {
        if (task.contains("epoch 3") && done > total / 2) {
          throw new IllegalStateException("killed");
        }
      }
    };
  }

  @Test
  void whatIsSaidIsOfExamples() throws Exception {
    Path run = folder.resolve("run");
    Ran ran =
        Ran.graft(
            List.of(
                "train",
                data.toString(),
                "--backbone",
                VECTOR.toString(),
                "--backbone-output",
                "hidden",
                "--epochs",
                "3",
                "--features",
                folder.resolve("features").toString(),
                "--out",
                run.toString()));
    ran.done();
    assertThat(ran.out()).contains("on 12 examples").doesNotContain("image");
    assertThat(ran.err()).contains("48 examples train, 12 validate").doesNotContain("image");
    String report = Files.readString(run.resolve("report.html"));
    String page = report.substring(report.indexOf("<body>"));
    assertThat(page).contains("48 examples of 3 classes", "Examples of each class");
    assertThat(words(page)).noneMatch(word -> word.toLowerCase().startsWith("image"));
    assertThat(page).doesNotContain("<img");
  }

  /** What people read of a page. */
  private static List<String> words(String page) {
    List<String> words = new ArrayList<>();
    for (String text : page.replaceAll("(?s)<[^>]*>", " ").split("\\W+")) {
      words.add(text);
    }
    return words;
  }

  @Test
  void aTuningIsTriedOnExamplesAndGoesOn() throws Exception {
    List<String> words =
        List.of(
            "tune",
            data.toString(),
            "--backbone",
            VECTOR.toString(),
            "--backbone-output",
            "hidden",
            "--learning-rate",
            "0.05,0.0001",
            "--head",
            "dense(softmax)",
            "--dropout",
            "0",
            "--epochs",
            "9",
            "--features",
            folder.resolve("features").toString(),
            "--out",
            folder.resolve("tuned").toString());
    Ran first = Ran.graft(words);
    first.done();
    assertThat(first.err()).contains("examples, measured on").doesNotContain("image");
    assertThat(first.out()).contains("0.05");
    List<String> trials = Files.readAllLines(folder.resolve("tuned/trials.csv"));
    Ran again = Ran.graft(words);
    again.done();
    assertThat(Files.readAllLines(folder.resolve("tuned/trials.csv"))).isEqualTo(trials);
    assertThat(folder.resolve("tuned/best/model")).isDirectory();
  }
}
