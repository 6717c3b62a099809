package dev.graft.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Expected rates are Keras 3.15's, for a rate of 0.01 and five epochs of seven steps. */
class ScheduleTest {
  private static final int STEPS_PER_EPOCH = 7;
  private static final int EPOCHS = 5;
  private static final List<Double> LOSSES =
      List.of(1.0, 0.9, 0.95, 0.9, 0.8, 0.85, 0.81, 0.82, 0.9, 0.7, 0.75, 0.74, 0.73, 0.72);

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "constant | 0.01 0.01 0.01 0.01 0.01 0.01 0.01",
        "step(epochs=2, factor=0.5) | 0.01 0.01 0.01 0.01 0.01 0.005 0.0025",
        "exponential(factor=0.8)"
            + " | 0.01 0.0096862502 0.0082591297 0.008 0.0066073034 0.0052858428 0.0033829396",
        "polynomial(end=0.1, power=2)"
            + " | 0.01 0.0094930613 0.007178776 0.00676 0.0045559178 0.0026530609 0.001007347",
        "polynomial"
            + " | 0.01 0.0097142858 0.0082857143 0.008 0.006285714 0.0042857141 0.00028571425",
        "cosine | 0.01 0.0099798711 0.009292243 0.0090450849 0.006965125 0.0038873947 2.0128e-05",
        "cosine(warmup=2, end=0.05)"
            + " | 0 0.00071428571 0.0042857141 0.005 0.0092857135 0.0082115764 0.0005530534",
      })
  void ratesEqualKeras(String schedule, String rates) {
    long[] steps = {0, 1, 6, 7, 13, 20, 34};
    double[] expected = numbers(rates);
    for (int i = 0; i < steps.length; i++) {
      double rate = Schedule.parse(schedule).rate(0.01, at(steps[i], List.of()));
      assertThat(rate).as("step %d", steps[i]).isCloseTo(expected[i], within(1e-9));
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "plateau(factor=0.5, patience=2, cooldown=1) | 0.01 0.01 0.01 0.01 0.005 0.005 0.005"
            + " 0.0025 0.0025 0.00125 0.00125 0.00125 0.000625 0.000625 0.0003125",
        "plateau(factor=0.5, patience=1, end=0.2) | 0.01 0.01 0.01 0.005 0.0025 0.0025 0.002"
            + " 0.002 0.002 0.002 0.002 0.002 0.002 0.002 0.002",
        "plateau(patience=3, min_delta=0.15) | 0.01 0.01 0.01 0.01 0.001 0.001 0.001 0.001"
            + " 1e-4 1e-4 1e-4 1e-5 1e-5 1e-5 1e-6",
      })
  void aPlateauLowersTheRateAfterTheSameEpochsAsKeras(String schedule, String rates) {
    double[] expected = numbers(rates);
    for (int epochs = 0; epochs <= LOSSES.size(); epochs++) {
      double rate = Schedule.parse(schedule).rate(0.01, at(0, LOSSES.subList(0, epochs)));
      assertThat(rate)
          .as("after %d", epochs)
          .isCloseTo(expected[epochs], Percentage.withPercentage(1e-4));
    }
  }

  /** Epochs that Keras trained, and the one whose weights it gave back. */
  @ParameterizedTest
  @CsvSource({"1, 3", "2, 4", "3, 8", "4, 9", "5, 14"})
  void earlyStoppingEndsAfterTheSameEpochAsKeras(int patience, int trained) {
    EarlyStopping stopping = new EarlyStopping(patience);
    int epochs = 1;
    while (epochs < LOSSES.size() && !stopping.stops(LOSSES.subList(0, epochs), 0)) {
      epochs++;
    }
    assertThat(epochs).isEqualTo(trained);
  }

  @Test
  void onlyALowerLossIsTheBest() {
    assertThat(EarlyStopping.isBest(LOSSES.subList(0, 1))).isTrue();
    assertThat(EarlyStopping.isBest(LOSSES.subList(0, 2))).isTrue();
    assertThat(EarlyStopping.isBest(LOSSES.subList(0, 4))).as("as low as before").isFalse();
    assertThat(EarlyStopping.isBest(LOSSES.subList(0, 10))).isTrue();
  }

  @Test
  void aWarmupOfTheWholePhaseNeverFalls() {
    Schedule schedule = Schedule.parse("cosine(warmup=5)");
    assertThat(schedule.rate(1, at(34, List.of()))).isCloseTo(34 / 35.0, within(1e-12));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "constant",
        "step(epochs=10, factor=0.1)",
        "exponential(factor=0.9)",
        "polynomial(end=0.0, power=1.0)",
        "cosine(warmup=0.5, end=0.01)",
        "plateau(factor=0.1, patience=10, min_delta=1.0E-4, cooldown=0, end=0.0)",
      })
  void whatIsDescribedIsReadAgain(String text) {
    assertThat(Schedule.parse(text).describe()).isEqualTo(text);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "linear | no schedule \"linear\"; known are constant, step",
        "step(epochs=0) | epochs must be above 0, got 0",
        "step(epochs=1.5) | epochs must be a whole number, got 1.5",
        "step(factor=0) | factor must be above 0",
        "cosine(warmup=-1) | warmup must be at least 0, got -1.0",
        "cosine(end=2) | end must be 0 to 1, got 2.0",
        "cosine(power=2) | cosine has no setting power",
        "plateau(factor=1) | factor must be above 0 and below 1",
        "plateau(patience=many) | patience must be a number, got \"many\"",
        "polynomial(0.1) | polynomial has no setting 0.1",
        "Cosine! | expected a name with settings, as in cosine(warmup=1)",
      })
  void whatCannotBeReadSaysWhy(String text, String why) {
    assertThatThrownBy(() -> Schedule.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(why);
  }

  @Test
  void stoppingNeedsAnEpochOfPatience() {
    assertThatThrownBy(() -> new EarlyStopping(0)).hasMessageContaining("at least 1 epoch, got 0");
  }

  private static Schedule.Moment at(long step, List<Double> losses) {
    return new Schedule.Moment(step, STEPS_PER_EPOCH, EPOCHS, losses);
  }

  private static double[] numbers(String text) {
    return Arrays.stream(text.strip().split(" +")).mapToDouble(Double::parseDouble).toArray();
  }
}
