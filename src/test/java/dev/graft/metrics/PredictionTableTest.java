package dev.graft.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PredictionTableTest {
  private static final List<String> LABELS = List.of("a, \"quoted\"\nlabel", "ünï");

  @TempDir private Path folder;

  private static PredictionTable table() {
    Map<String, List<? extends Prediction>> parts = new LinkedHashMap<>();
    parts.put(
        "validation",
        List.of(
            new ClassPrediction("photos/one, two.jpg", 0, new float[] {0.1f, 0.9f}),
            new ClassPrediction(" spaces .png", 1, new float[] {1e-42f, 0.99999994f})));
    parts.put("test", List.of(new ClassPrediction("=1+1.png", 1, new float[] {1 / 3f, 2 / 3f})));
    return new PredictionTable(LABELS, parts);
  }

  @Test
  void whatIsReadIsWhatWasWrittenToTheLastBit() throws IOException {
    Path file = folder.resolve("predictions.csv");
    table().write(file);
    assertThat(PredictionTable.read(file)).isEqualTo(table());
    assertThat(PredictionTable.read(file).part("training")).isEmpty();
    assertThat(Files.readString(file))
        .startsWith(
            "split,path,actual,predicted,\"p_a, \"\"quoted\"\"\nlabel\",p_ünï\nvalidation,");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "test,a.png,x,x,0.1",
        "test,a.png,z,x,0.1,0.9",
        "test,a.png,x,x,0.1,much",
        "test,a.png,x,x,0.1,7",
        "test,a.png,x,x,0.1,NaN"
      })
  void aLineThatIsNoPredictionIsNamed(String line) throws IOException {
    Path file = folder.resolve("predictions.csv");
    Files.writeString(file, "split,path,actual,predicted,p_x,p_y\ntest,b,y,x,1,0\n" + line + "\n");
    assertThatThrownBy(() -> PredictionTable.read(file))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("Line 3 of " + file)
        .hasMessageContaining("expected split,path,actual,predicted,p_x,p_y");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "path,label\n", "split,path,actual,predicted,x\n"})
  void anotherHeaderIsRefused(String text) throws IOException {
    Path file = Files.writeString(folder.resolve("predictions.csv"), text);
    assertThatThrownBy(() -> PredictionTable.read(file))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("must begin with the columns split,path");
  }
}
