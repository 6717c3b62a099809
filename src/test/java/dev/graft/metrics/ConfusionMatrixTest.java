package dev.graft.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import org.junit.jupiter.api.Test;

class ConfusionMatrixTest {
  private static final List<String> LABELS = List.of("cat", "dog");

  @Test
  void rowsAreActualAndColumnsPredicted() {
    ConfusionMatrix matrix = ConfusionMatrix.of(LABELS, new int[] {0, 0, 1}, new int[] {1, 0, 1});
    assertThat(matrix.count(0, 1)).isEqualTo(1);
    assertThat(matrix.count(1, 0)).isZero();
    assertThat(matrix.support(0)).isEqualTo(2);
    assertThat(matrix.predicted(1)).isEqualTo(2);
  }

  @Test
  void cannotBeChangedFromOutside() {
    int[][] counts = {{1, 2}, {3, 4}};
    ConfusionMatrix matrix = ConfusionMatrix.of(LABELS, counts);
    counts[0][0] = 9;
    matrix.counts()[0][0] = 9;
    assertThat(matrix.count(0, 0)).isEqualTo(1);
    assertThat(matrix).isEqualTo(ConfusionMatrix.of(LABELS, new int[][] {{1, 2}, {3, 4}}));
  }

  @Test
  void aClassWithoutExamplesAndPredictionsHasZeroFigures() {
    ConfusionMatrix matrix = ConfusionMatrix.of(LABELS, new int[] {0}, new int[] {0});
    assertThat(matrix.figures().get(1)).isEqualTo(new ClassFigures("dog", 0, 0, 0, 0));
    assertThat(matrix.weightedAverage().f1()).isEqualTo(1);
    assertThat(matrix.macroAverage().f1()).isEqualTo(0.5);
  }

  @Test
  void withoutExamplesEverythingIsZero() {
    ConfusionMatrix matrix = ConfusionMatrix.of(LABELS, new int[0], new int[0]);
    assertThat(matrix.accuracy()).isZero();
    assertThat(matrix.weightedAverage().precision()).isZero();
  }

  @Test
  void refusesWhatDoesNotFit() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ConfusionMatrix.of(LABELS, new int[] {0}, new int[] {0, 1}))
        .withMessageContaining("1 actual and 2 predicted");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ConfusionMatrix.of(LABELS, new int[] {0}, new int[] {2}))
        .withMessage(
            "The predicted class of example 0 is 2, but there are 2 labels: expected 0 to 1.");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ConfusionMatrix.of(LABELS, new int[][] {{1, 2}, {3}}))
        .withMessageContaining("needs 2 rows of 2 counts");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ConfusionMatrix.of(LABELS, new int[][] {{1, -2}, {3, 4}}))
        .withMessageContaining("[1, -2]");
  }
}
