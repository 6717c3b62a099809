package dev.graft.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.image.ImageShape;
import java.util.List;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CalibrationTest {
  @Property(tries = 50)
  void isReadFromWhatItSays(
      @ForAll @IntRange(min = 1, max = 300) int runs,
      @ForAll @IntRange(min = 1, max = 6) int power,
      @ForAll @IntRange(max = 300) int threads) {
    Calibration calibration = new Calibration(runs, 1 << power, threads);
    assertThat(Calibration.parse(calibration.describe())).isEqualTo(calibration);
  }

  @ParameterizedTest
  @CsvSource({"0, 8, 0", "2, 1, 0", "2, 6, 0", "2, 128, 0", "2, 8, -1"})
  void noRunsALoneRowAndPartsThatEndAmidABatchAreRefused(int runs, int batch, int threads) {
    assertThatThrownBy(() -> new Calibration(runs, batch, threads))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "2", "2 side by side of 3 images, 1 thread each"})
  void otherWordsAreRefused(String text) {
    assertThatThrownBy(() -> Calibration.parse(text)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void noWayUsesMoreThanAllProcessorsButTheStandardOne() {
    for (int processors : new int[] {1, 2, 3, 16, 128}) {
      assertThat(Calibrator.threads(processors)).contains(0).doesNotHaveDuplicates();
      for (int threads : Calibrator.threads(processors)) {
        assertThat(Calibrator.ways(threads, processors))
            .isNotEmpty()
            .allSatisfy(way -> assertThat(way.threads()).isEqualTo(threads))
            .allSatisfy(way -> assertThat(way.runs() * threads).isLessThanOrEqualTo(processors));
      }
      assertThat(Calibrator.ways(0, processors)).contains(Calibration.standard(processors));
    }
  }

  @Test
  void eachWayIsMeasured() throws Exception {
    List<Calibration> ways = Calibrator.ways(0, 2);
    try (CutModel cut =
        new GoldenModel("pool").join("gap, dense(softmax)", 3).cut(FreezePlan.allFrozen())) {
      Map<Calibration, Double> rates =
          new Calibrator(cut.trunk(), new ImageShape(16, 16, 3)).measure(ways);
      assertThat(rates).containsOnlyKeys(ways);
      assertThat(rates.values()).allSatisfy(rate -> assertThat(rate).isPositive().isFinite());
    }
  }
}
