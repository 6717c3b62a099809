package dev.graft.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class InitializerTest {
  @Test
  void glorotUniformFillsTheWholeIntervalOnBothSidesOfZero() {
    long[] shape = {1280, 50};
    float[] values = Initializer.glorotUniform().values(shape, new SplittableRandom(1));
    double limit = Math.sqrt(6.0 / (1280 + 50));
    double[] sorted =
        IntStream.range(0, values.length).mapToDouble(i -> values[i]).sorted().toArray();
    assertThat(sorted).hasSize(64_000);
    assertThat(sorted[0]).isBetween(-limit, -0.999 * limit);
    assertThat(sorted[63_999]).isBetween(0.999 * limit, limit);
    for (int decile = 1; decile < 10; decile++) {
      assertThat(sorted[decile * 6400])
          .isCloseTo(-limit + 2 * limit * decile / 10, within(0.02 * limit));
    }
  }

  @Test
  void glorotUniformCountsTheReceptiveField() {
    float[] values =
        Initializer.glorotUniform().values(new long[] {3, 3, 16, 32}, new SplittableRandom(1));
    double limit = Math.sqrt(6.0 / (9 * (16 + 32)));
    double largest = IntStream.range(0, values.length).mapToDouble(i -> values[i]).max().orElse(0);
    assertThat(largest).isBetween(0.99 * limit, limit);
  }

  @Test
  void theSameSeedGivesTheSameValues() {
    long[] shape = {4, 5};
    assertThat(Initializer.glorotUniform().values(shape, new SplittableRandom(7)))
        .isEqualTo(Initializer.glorotUniform().values(shape, new SplittableRandom(7)))
        .isNotEqualTo(Initializer.glorotUniform().values(shape, new SplittableRandom(8)));
  }

  @Test
  void glorotUniformNeedsFansInAndOut() {
    assertThatThrownBy(
            () -> Initializer.glorotUniform().values(new long[] {4}, new SplittableRandom(1)))
        .hasMessageContaining("two axes or more, got [4]");
  }
}
