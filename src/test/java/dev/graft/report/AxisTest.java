package dev.graft.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;

class AxisTest {
  @Example
  void ticksAreRound() {
    assertThat(Axis.over(0, 2.3, 5).ticks()).containsExactly(0.0, 0.5, 1.0, 1.5, 2.0, 2.5);
    assertThat(Axis.over(0.83, 0.97, 5).step()).isCloseTo(0.05, within(1e-12));
    assertThat(Axis.overWholeNumbers(1, 2, 6).ticks()).containsExactly(1.0, 2.0);
    assertThat(Axis.overWholeNumbers(0, 100, 6).ticks()).contains(20.0, 100.0);
  }

  @Property(tries = 300)
  void holdsBothEndsInFewSteps(
      @ForAll @DoubleRange(min = -1e6, max = 1e6) double one,
      @ForAll @DoubleRange(min = 0, max = 1e6) double span) {
    Axis axis = Axis.over(one, one + span, 5);
    double slack = 1e-6 * Math.max(1, Math.abs(one) + span);
    assertThat(axis.low()).isLessThanOrEqualTo(one + slack);
    assertThat(axis.high()).isGreaterThanOrEqualTo(one + span - slack);
    assertThat(axis.ticks()).hasSizeBetween(2, 9);
  }

  @Property(tries = 200)
  void epochsAreWholeNumbers(
      @ForAll @IntRange(max = 1000) int first, @ForAll @IntRange(max = 1000) int more) {
    assertThat(Axis.overWholeNumbers(first, first + more, 6).ticks())
        .allMatch(tick -> tick == Math.rint(tick));
  }
}
