package dev.graft.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.model.GradientCheck.Agreement;
import dev.graft.savedmodel.SavedModelWriter;
import dev.graft.savedmodel.SavedModelWriter.SignatureTensor;
import dev.graft.tensor.HostTensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.proto.DataType;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.family.TType;

class GradientCheckTest {
  @TempDir private Path folder;

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

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void aGradientAtAKinkIsComparedBesideIt(long seed) throws IOException {
    assertThat(GradientCheck.of(freshPrelu(), seed)).hasSize(1).allMatch(Agreement::isRight);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void aKinkHidesNoWrongGradient(long seed) throws IOException {
    Backbone prelu = freshPrelu();
    assertThat(GradientCheck.of(prelu, seed, GradientCheckTest::halved))
        .noneMatch(Agreement::isRight);
    assertThat(GradientCheck.of(prelu, seed, gradient -> new float[gradient.length]))
        .noneMatch(Agreement::isRight);
    assertThat(GradientCheck.of(prelu, seed, gradient -> new float[] {Float.NaN, 1, 1, 1}))
        .noneMatch(Agreement::isRight);
  }

  /** PReLU as Keras starts it, all slopes zero, so that a window's maximum is several zeros. */
  private Backbone freshPrelu() throws IOException {
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      Operand<TFloat32> x =
          tf.withName("x").placeholder(TFloat32.class, Placeholder.shape(Shape.of(-1, 8, 8, 4)));
      Operand<? extends TType> handle =
          tf.withName("slopes").varHandleOp(TFloat32.class, Shape.of(4));
      Operand<TFloat32> slopes = tf.readVariableOp(handle, TFloat32.class);
      Operand<TFloat32> y =
          tf.math.sub(
              tf.nn.relu(x), tf.math.mul(slopes, tf.nn.relu(tf.math.neg(x)))); // [?, 8, 8, 4]
      Operand<TFloat32> pooled =
          tf.nn.maxPool(
              y, tf.constant(new int[] {1, 2, 2, 1}), tf.constant(new int[] {1, 2, 2, 1}), "VALID");
      new SavedModelWriter(graph.toGraphDef())
          .variable("slopes", "prelu/alpha", HostTensor.of(new float[4], 4), true)
          .signature(
              "serving_default",
              Map.of("x", new SignatureTensor("x", DataType.DT_FLOAT, List.of(-1L, 8L, 8L, 4L))),
              Map.of(
                  "y",
                  new SignatureTensor(
                      pooled.asOutput().op().name() + ":0",
                      DataType.DT_FLOAT,
                      List.of(-1L, 4L, 4L, 4L))))
          .write(folder.resolve("prelu"));
    }
    return Backbone.load(folder.resolve("prelu"));
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
