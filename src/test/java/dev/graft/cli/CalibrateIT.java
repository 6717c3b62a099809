package dev.graft.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.graft.export.FolderDeletion;
import dev.graft.predict.CalibrationMemory;
import dev.graft.tensor.Arithmetic;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The machine measured in processes of their own, and what the commands make of it. */
class CalibrateIT {
  private static final Path POOL = Path.of("testdata", "models", "pool");

  @TempDir private Path folder;

  /** A job sets the number of threads of its process, and other classes' jobs may be remembered. */
  @BeforeEach
  @AfterEach
  void forget() throws IOException {
    System.clearProperty(Arithmetic.THREADS);
    FolderDeletion.delete(CalibrationMemory.ofUser().folder());
  }

  @Test
  void whatIsMeasuredIsRememberedAndUsed() throws Exception {
    Ran measured = Ran.graft("calibrate", POOL, "--json").done();
    JsonNode json = measured.json();
    assertThat(json.path("measured").size()).isGreaterThanOrEqualTo(3);
    assertThat(json.path("measured"))
        .allSatisfy(way -> assertThat(way.path("imagesPerSecond").asDouble()).isPositive());
    assertThat(json.path("measured").findValuesAsText("precision"))
        .contains("winograd", "float32")
        .doesNotContain("bfloat16");
    assertThat(CalibrationMemory.ofUser().folder()).isNotEmptyDirectory();

    Drawn.folder(folder.resolve("data"), 4, "blue", "green");
    Path features = folder.resolve("features");
    Ran ran = Ran.graft("features", POOL, folder.resolve("data"), "--out", features).done();
    assertThat(ran.err()).contains("as measured on this machine: " + json.path("batch").asText());
    assertThat(summary(features).at("/job/calibration")).isEqualTo(json.path("batch"));

    System.clearProperty(Arithmetic.THREADS);
    Path run = folder.resolve("run");
    Ran.graft(
            "train",
            folder.resolve("data"),
            "--backbone",
            POOL,
            "--out",
            run,
            "--epochs",
            1,
            "--features",
            folder.resolve("store"))
        .done();
    JsonNode trained = new ObjectMapper().readTree(run.resolve("run.json").toFile());
    assertThat(trained.at("/calibration/head")).isEqualTo(json.path("train"));
  }

  @Test
  void aShortJobMeasuresNothingUnlessItIsTold() throws Exception {
    Drawn.folder(folder.resolve("data"), 2, "blue", "green");
    Path data = folder.resolve("data");
    Path first = folder.resolve("first");
    assertThat(Ran.graft("features", POOL, data, "--out", first).done().err())
        .doesNotContain("measured");
    assertThat(Files.exists(CalibrationMemory.ofUser().folder())).isFalse();
    Path second = folder.resolve("second");
    Ran told = Ran.graft("features", POOL, data, "--out", second, "--calibrate", "again").done();
    assertThat(told.err()).contains("calibrating", "as measured on this machine");
    assertThat(second.resolve("features.npy"))
        .as("the same bits in any way")
        .hasSameBinaryContentAs(first.resolve("features.npy"));
    Path third = folder.resolve("third");
    System.clearProperty(Arithmetic.THREADS);
    assertThat(
            Ran.graft("features", POOL, data, "--out", third, "--calibrate", "never").done().err())
        .doesNotContain("measured");
  }

  @Test
  void aModelThatCannotBeRunIsSaid() {
    Ran ran = Ran.graft("calibrate", folder.resolve("nowhere"));
    assertThat(ran.exit()).isEqualTo(1);
    assertThat(ran.err()).contains("nowhere");
  }

  private static JsonNode summary(Path features) throws IOException {
    return new ObjectMapper().readTree(features.resolve("summary.json").toFile());
  }
}
