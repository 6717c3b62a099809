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
    assertThat(Optimizer.parse("rmsprop"))
        .isEqualTo(new Optimizer.RmsProp(1e-3, 0.9, 0, 1e-7, false));
    assertThat(Optimizer.parse("adagrad")).isEqualTo(new Optimizer.Adagrad(1e-3, 1e-7));
  }

  @Test
  void settingsAreRead() {
    assertThat(Optimizer.parse("sgd(5e-5, momentum=0.9, nesterov)"))
        .isEqualTo(new Optimizer.Sgd(5e-5, 0.9, true));
    assertThat(Optimizer.parse("rmsprop( 2e-5 , rho=0.8 )"))
        .isEqualTo(new Optimizer.RmsProp(2e-5, 0.8, 0, 1e-7, false));
    assertThat(Optimizer.parse("adam(beta1=0.5)"))
        .isEqualTo(new Optimizer.Adam(1e-3, 0.5, 0.999, 1e-7));
  }

  @Test
  void adamwIsAdamWithKerasWeightDecay() {
    Optimizer adam = Optimizer.Adam.of(1e-3);
    assertThat(Optimizer.parse("adamw"))
        .isEqualTo(adam.withRestraint(Restraint.NONE.withWeightDecay(0.004)));
    assertThat(Optimizer.parse("adamw(1e-3, weight_decay=0)")).isEqualTo(adam);
  }

  @Test
  void aRestraintSurvivesAnotherLearningRate() {
    Optimizer slower = Optimizer.parse("sgd(0.1, clipvalue=0.5)").withLearningRate(0.01);
    assertThat(slower).isEqualTo(Optimizer.parse("sgd(0.01, clipvalue=0.5)"));
    assertThat(slower.withRestraint(Restraint.NONE)).isEqualTo(Optimizer.parse("sgd(0.01)"));
  }

  @ParameterizedTest
  @CsvSource({
    "'sgd(5.0E-5, momentum=0.9, nesterov)'",
    "'rmsprop(1.0E-4, rho=0.8)'",
    "'adam(0.001)'",
    "'rmsprop(1.0E-4, momentum=0.9, epsilon=0.1, centered)'",
    "'nadam(0.001, beta1=0.8, beta2=0.99)'",
    "'adam(0.001, weight_decay=0.004)'",
    "'sgd(0.01, momentum=0.9, nesterov, clipnorm=1.0)'",
    "'adam(0.001, weight_decay=0.01, global_clipnorm=2.0)'",
    "'nadam(0.001, clipvalue=0.5)'",
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
        "adam(clipnorm=0) | clipnorm must be above 0, got 0.0",
        "adam(weight_decay=-1) | weight_decay must be at least 0, got -1.0",
        "sgd(clipnorm=1, clipvalue=1) | only one of clipnorm, global_clipnorm and clipvalue",
        "adam(1e-3, centered) | adam has no setting centered",
        "adam(1e-3 | expected a name with settings, as in adam(1e-3)",
      })
  void whatCannotBeReadSaysWhy(String text, String why) {
    assertThatThrownBy(() -> Optimizer.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(why);
  }
}
