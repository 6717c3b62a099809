package dev.graft.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.model.GradientCheck.Agreement;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GradientCheckTest {
  @ParameterizedTest
  @CsvSource({"residual, 19", "dilated, 12", "vector, 4", "keras2, 7"})
  void rightGradientsAgree(String model, int variables) throws IOException {
    List<Agreement> agreements = GradientCheck.of(new GoldenModel(model).backbone(), 1);
    assertThat(agreements).hasSize(variables).allMatch(Agreement::isRight);
    assertThat(agreements).allMatch(agreement -> agreement.error() < 0.05);
  }

  @Test
  void whatLiesBehindALoopIsChecked() throws IOException {
    List<Agreement> agreements = GradientCheck.of(new GoldenModel("obstacles").backbone(), 1);
    assertThat(agreements).hasSize(5).allMatch(Agreement::isRight);
  }

  @Test
  void wrongGradientsAreFound() throws IOException {
    Backbone backbone = new GoldenModel("residual").backbone();
    assertThat(GradientCheck.of(backbone, 1, GradientCheckTest::halved))
        .noneMatch(Agreement::isRight);
    assertThat(GradientCheck.of(backbone, 1, gradient -> new float[gradient.length]))
        .noneMatch(Agreement::isRight);
  }

  private static float[] halved(float[] gradient) {
    float[] half = gradient.clone();
    for (int i = 0; i < half.length; i++) {
      half[i] /= 2;
    }
    return half;
  }

  @Test
  void theSameSeedGivesTheSameFigures() throws IOException {
    Backbone backbone = new GoldenModel("vector").backbone();
    assertThat(GradientCheck.of(backbone, 3)).isEqualTo(GradientCheck.of(backbone, 3));
  }

  @Test
  void whatCannotTrainIsNotChecked() throws IOException {
    Backbone backbone = new GoldenModel("obstacles").backbone().withOutput("middle_conv");
    assertThat(GradientCheck.of(backbone, 1).stream().map(Agreement::variable))
        .containsExactly("middle_conv/kernel", "middle_conv/bias");
  }
}
