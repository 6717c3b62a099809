package dev.graft.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.model.FreezePlan;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PhaseSettingsTest {
  private static final PhaseSettings HEAD =
      new PhaseSettings(
          "head",
          FreezePlan.allFrozen(),
          10,
          32,
          Optimizer.parse("sgd(0.01, momentum=0.9, nesterov)"),
          Schedule.parse("cosine(warmup=1)"),
          Optional.of(new EarlyStopping(3)));

  @Test
  void whatIsNotGivenStaysAsBefore() {
    assertThat(parse("epochs=4")).isEqualTo(HEAD.withEpochs(4).withName("head 2"));
    assertThat(parse("unfreeze=block4_*, block5_*, epochs=4, learning_rate=1e-5"))
        .isEqualTo(
            HEAD.withName("fine-tune")
                .withPlan(FreezePlan.unfreeze("block4_*", "block5_*"))
                .withEpochs(4)
                .withOptimizer(Optimizer.parse("sgd(1e-5, momentum=0.9, nesterov)")));
  }

  @Test
  void everySettingIsRead() {
    PhaseSettings phase =
        parse(
            "name=top, unfreeze_last=6, epochs=2, batch_size=8, learning_rate=0.5,"
                + " optimizer=adamw(1e-4, clipnorm=1), schedule=step(epochs=1, factor=0.5),"
                + " early_stopping=0");
    assertThat(phase)
        .isEqualTo(
            new PhaseSettings(
                "top",
                FreezePlan.unfreezeLast(6),
                2,
                8,
                Optimizer.parse("adamw(0.5, clipnorm=1)"),
                Schedule.parse("step(epochs=1, factor=0.5)"),
                Optional.empty()));
    assertThat(parse("epochs=1, unfreeze_from=block5_conv1").plan())
        .isEqualTo(FreezePlan.unfreezeFrom("block5_conv1"));
  }

  @Test
  void namesAreOnesOwn() {
    PhaseSettings second = parse("epochs=1, unfreeze=a");
    PhaseSettings third = PhaseSettings.parse("epochs=1, unfreeze=b", List.of(HEAD, second));
    assertThat(third.name()).isEqualTo("fine-tune 2");
    assertThat(PhaseSettings.parse("epochs=1, unfreeze=none", List.of(HEAD, second, third)).name())
        .isEqualTo("head 2");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "epochs=1",
        "epochs=3, unfreeze=a*, b?",
        "epochs=3, unfreeze_from=c, optimizer=rmsprop(1e-5, momentum=0.1, centered)",
        "epochs=3, unfreeze_last=2, schedule=plateau(factor=0.5, patience=2), early_stopping=0"
      })
  void whatIsDescribedIsReadBack(String text) {
    PhaseSettings phase = parse(text);
    PhaseSettings other = HEAD.withEpochs(99).withBatchSize(1).withName("other");
    assertThat(PhaseSettings.parse(phase.describe(), List.of(other))).isEqualTo(phase);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "unfreeze=a | the number of epochs is missing",
        "epochs=x | epochs must be a whole number, got \"x\"",
        "epochs=1, epochs=2 | epochs is given twice",
        "epochs=1, 2 | epochs takes one value, got 2",
        "block5_*, epochs=1 | expected settings as in",
        "epochs= | expected settings as in",
        "epochs=1, depth=2 | there is no setting \"depth\"; known are name, epochs",
        "epochs=1, learning_rate=low | learning_rate must be a number",
        "epochs=-1 | must be 0 or more, got -1",
        "epochs=1, batch_size=0 | must be 1 or more, got 0",
        "epochs=1, optimizer=adm | there is no optimizer",
      })
  void whatCannotBeReadIsRefused(String text, String why) {
    assertThatThrownBy(() -> parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(why);
  }

  private static PhaseSettings parse(String text) {
    return PhaseSettings.parse(text, List.of(HEAD));
  }
}
