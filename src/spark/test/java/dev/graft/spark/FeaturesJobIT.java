package dev.graft.spark;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.train.TrainListener;
import dev.graft.train.TrainSettings;
import dev.graft.train.TrainedRun;
import dev.graft.train.TransferLearning;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code spark-submit} of {@link FeaturesJob}, and training on what it left. */
class FeaturesJobIT {
  private static final Path BACKBONE = Path.of("testdata", "models", "pool");

  @TempDir private Path folder;

  @Test
  void trainingOnWhatSparkMadeSendsNoImageThroughTheTrunkAndGivesTheSameModel() throws Exception {
    Path data = digits(folder.resolve("digits"));
    Path features = folder.resolve("features");
    Path log = folder.resolve("submit.log");
    List<String> words =
        List.of(
            "--master",
            "local[2]",
            "--conf",
            "spark.ui.enabled=false",
            "--class",
            "dev.graft.spark.FeaturesJob",
            SparkInstallation.jar().toString(),
            BACKBONE.toString(),
            data.toString(),
            "--features",
            features.toString());
    int exit = new SparkInstallation().program("spark-submit", words, log).start().waitFor();
    assertThat(exit).as(Files.readString(log)).isZero();
    assertThat(Files.readString(log)).contains("features of 40 images", "2 images left out");

    TrainedRun fromSpark = train(data, features, "spark");
    assertThat(fromSpark.images().computed()).isZero();
    TrainedRun fromHere = train(data, folder.resolve("other"), "here");
    assertThat(fromHere.images().computed()).isEqualTo(40);
    assertThat(fromSpark.outcome().after().describe())
        .isEqualTo(fromHere.outcome().after().describe());
    Path weights = Path.of("model", "variables", "variables.data-00000-of-00001");
    assertThat(fromSpark.folder().resolve(weights))
        .hasSameBinaryContentAs(fromHere.folder().resolve(weights));
  }

  private TrainedRun train(Path data, Path features, String name) throws IOException {
    Path run = folder.resolve(name);
    return TransferLearning.train(
        TrainSettings.of(data, BACKBONE, run)
            .withOut(new TrainSettings.OutputSettings(run, false, Optional.of(features))),
        TrainListener.none());
  }

  private static Path digits(Path target) throws IOException {
    for (String digit : List.of("0", "7")) {
      Path of = Files.createDirectories(target.resolve(digit));
      for (int i = 0; i < 20; i++) {
        String name = "%03d.png".formatted(i);
        Files.copy(Path.of("testdata", "digits", digit, name), of.resolve(name));
      }
    }
    Files.writeString(target.resolve("7").resolve("broken.png"), "no image");
    Files.createFile(target.resolve("7").resolve("empty.png"));
    return target;
  }
}
