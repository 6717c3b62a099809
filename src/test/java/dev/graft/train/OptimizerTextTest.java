package dev.graft.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OptimizerTextTest {
  @Test
  void kerasDefaultsApply() {
    assertThat(Optimizer.parse("adam")).isEqualTo(new Optimizer.Adam(1e-3, 0.9, 0.999, 1e-7));
    assertThat(Optimizer.parse("sgd")).isEqualTo(new Optimizer.Sgd(0.01, 0, false));
    assertThat(Optimizer.parse("rmsprop")).isEqualTo(new Optimizer.RmsProp(1e-3, 0.9, 0, 1e-7));
    assertThat(Optimizer.parse("adagrad")).isEqualTo(new Optimizer.Adagrad(1e-3, 1e-7));
  }

  @Test
  void settingsAreRead() {
    assertThat(Optimizer.parse("sgd(5e-5, momentum=0.9, nesterov)"))
        .isEqualTo(new Optimizer.Sgd(5e-5, 0.9, true));
    assertThat(Optimizer.parse("rmsprop( 2e-5 , rho=0.8 )"))
        .isEqualTo(new Optimizer.RmsProp(2e-5, 0.8, 0, 1e-7));
    assertThat(Optimizer.parse("adam(beta1=0.5)"))
        .isEqualTo(new Optimizer.Adam(1e-3, 0.5, 0.999, 1e-7));
  }

  @ParameterizedTest
  @CsvSource({
    "'sgd(5.0E-5, momentum=0.9, nesterov)'",
    "'rmsprop(1.0E-4, rho=0.8)'",
    "'adam(0.001)'",
    "'adagrad(0.01)'"
  })
  void whatIsDescribedIsReadAgain(String text) {
    assertThat(Optimizer.parse(text).describe()).isEqualTo(text);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "adamm(1e-3) | no optimizer \"adamm\"",
        "adam(fast) | learning_rate must be a number, got \"fast\"",
        "adam(1e-3, nesterov) | adam has no setting nesterov",
        "adam(-1) | learning rate must be above 0",
        "adam(nan) | learning_rate must be a number",
        "sgd(0.1, momentum=1.5) | momentum must be at least 0 and below 1",
        "adam(1e-3 | expected name(learning rate)",
      })
  void whatCannotBeReadSaysWhy(String text, String why) {
    assertThatThrownBy(() -> Optimizer.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(why);
  }
}
