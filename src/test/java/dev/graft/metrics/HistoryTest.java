package dev.graft.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import org.junit.jupiter.api.Test;

class HistoryTest {
  private static final double NONE = Double.NaN;

  private static Epoch epoch(int number, double validationLoss, double validationAccuracy) {
    return new Epoch(number, "head", 1e-3, 0.5, 0.75, validationLoss, validationAccuracy);
  }

  @Test
  void writesALineForEachEpochWithShortNumbers() {
    History history =
        History.empty()
            .with(new Epoch(0, "before", NONE, NONE, NONE, 2.5, 0.1))
            .with(new Epoch(1, "head", 1e-3, 0.1 + 0.2, 1, 2e23, 1 / 3.0))
            .with(new Epoch(2, "fine-tune", 1e-9, 1200, 0, Double.POSITIVE_INFINITY, 0.5));
    assertThat(history.toCsv())
        .isEqualTo(
            """
            epoch,phase,learning_rate,loss,accuracy,validation_loss,validation_accuracy
            0,before,,,,2.5,0.1
            1,head,0.001,0.30000000000000004,1,2E+23,0.3333333333333333
            2,fine-tune,1E-9,1200,0,inf,0.5
            """);
    assertThat(History.parse(history.toCsv())).isEqualTo(history);
  }

  @Test
  void bestIsHighestAccuracyThenLowestLossThenFirst() {
    History history =
        new History(
            List.of(
                epoch(1, 0.3, 0.8), epoch(2, 0.4, 0.9), epoch(3, 0.35, 0.9), epoch(4, 0.35, 0.9)));
    assertThat(history.best()).hasValueSatisfying(best -> assertThat(best.number()).isEqualTo(3));
  }

  @Test
  void bestIsTheLowestTrainingLossWithoutValidation() {
    History history =
        new History(
            List.of(
                new Epoch(0, "before", NONE, NONE, NONE, NONE, NONE),
                new Epoch(1, "head", 1, 0.4, 0.8, NONE, NONE),
                new Epoch(2, "head", 1, 0.3, 0.7, NONE, NONE),
                new Epoch(3, "head", 1, 0.5, 0.9, NONE, NONE)));
    assertThat(history.best()).hasValueSatisfying(best -> assertThat(best.number()).isEqualTo(2));
    assertThat(History.empty().best()).isEmpty();
  }

  @Test
  void readsCarriageReturns() {
    History history = History.empty().with(epoch(1, 0.3, 0.8));
    assertThat(History.parse(history.toCsv().replace("\n", "\r\n"))).isEqualTo(history);
  }

  @Test
  void refusesWhatIsNoHistory() {
    String header = History.empty().toCsv();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> History.parse("epoch,loss\n"))
        .withMessageContaining("this one with \"epoch,loss\"");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> History.parse(""))
        .withMessageContaining("begins with the line");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> History.parse(header + "1,head,0.1\n"))
        .withMessageContaining("Line 2 of the history is no epoch");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> History.parse(header + "1,head,x,1,1,1,1\n"))
        .withMessageContaining("Line 2 of the history is no epoch");
  }

  @Test
  void refusesEpochsThatCannotStandInACsv() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Epoch(1, "a,b", 1, 1, 1, 1, 1))
        .withMessageContaining("\"a,b\"");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Epoch(-1, "head", 1, 1, 1, 1, 1))
        .withMessageContaining("-1");
  }
}
