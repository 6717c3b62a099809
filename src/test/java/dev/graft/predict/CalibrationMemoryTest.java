package dev.graft.predict;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.model.Calibration;
import dev.graft.predict.CalibrationMemory.Measured;
import dev.graft.tensor.Precision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CalibrationMemoryTest {
  private static final Path POOL = Path.of("testdata", "models", "pool");
  private static final Path RESIDUAL = Path.of("testdata", "models", "residual");
  private static final Calibration ALONE = new Calibration(2, 2, 1);
  private static final Calibration TRAINING = new Calibration(2, 4, 0);
  private static final List<Measured> MEASURED =
      List.of(
          new Measured(Calibration.standard(2), 150.5),
          new Measured(TRAINING, 155),
          new Measured(ALONE, 187.25));

  @TempDir private Path folder;
  private CalibrationMemory memory;

  @BeforeEach
  void open() {
    memory = new CalibrationMemory(folder.resolve("calibration"));
  }

  @Test
  void whatWasMeasuredIsFoundForThatBackboneAndPrecisionAlone() throws IOException {
    assertThat(memory.find(POOL, Precision.FLOAT32)).isEmpty();
    memory.remember(POOL, Precision.FLOAT32, MEASURED);
    assertThat(memory.find(POOL, Precision.FLOAT32)).isEqualTo(MEASURED);
    assertThat(memory.find(POOL, Precision.BFLOAT16)).isEmpty();
    assertThat(memory.find(RESIDUAL, Precision.FLOAT32)).isEmpty();
    memory.remember(POOL, Precision.FLOAT32, MEASURED.subList(0, 1));
    assertThat(memory.find(POOL, Precision.FLOAT32)).hasSize(1);
  }

  @Test
  void modelsWithoutAHandoffAreToldApart() throws IOException {
    Path one = copy(POOL, "one");
    Path other = copy(RESIDUAL, "other");
    memory.remember(one, Precision.FLOAT32, MEASURED);
    assertThat(memory.find(one, Precision.FLOAT32)).isEqualTo(MEASURED);
    assertThat(memory.find(other, Precision.FLOAT32)).isEmpty();
  }

  private Path copy(Path model, String name) throws IOException {
    Path target = Files.createDirectory(folder.resolve(name));
    Files.copy(model.resolve("saved_model.pb"), target.resolve("saved_model.pb"));
    return target;
  }

  @Test
  void whatIsDamagedIsForgotten() throws IOException {
    memory.remember(POOL, Precision.FLOAT32, MEASURED);
    try (Stream<Path> files = Files.list(memory.folder())) {
      Path file = files.toList().get(0);
      assertThat(Files.readString(file))
          .contains("processor", "\"2 side by side of 2 images, 1 thread each\"");
      Files.writeString(file, Files.readString(file).substring(0, 40));
    }
    assertThat(memory.find(POOL, Precision.FLOAT32)).isEmpty();
  }

  @Test
  void theFastestIsAnotherBesideTraining() {
    assertThat(CalibrationMemory.best(MEASURED, true)).contains(ALONE);
    assertThat(CalibrationMemory.best(MEASURED, false)).contains(TRAINING);
    assertThat(CalibrationMemory.best(List.of(), true)).isEqualTo(Optional.empty());
  }

  @Test
  void ofWaysAboutAsFastTheOneWithTheFewestThreadsIsTaken() {
    List<Measured> close =
        List.of(
            new Measured(TRAINING, 178.5),
            new Measured(new Calibration(1, 8, 2), 178.4),
            new Measured(new Calibration(2, 4, 1), 169.6),
            new Measured(ALONE, 178.2));
    assertThat(CalibrationMemory.best(close, true)).contains(ALONE);
    assertThat(CalibrationMemory.best(close, false)).contains(TRAINING);
    List<Measured> apart = List.of(new Measured(TRAINING, 178.5), new Measured(ALONE, 150));
    assertThat(CalibrationMemory.best(apart, true)).contains(TRAINING);
  }
}
