package dev.graft.predict;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.data.Labels;
import dev.graft.data.Npy;
import dev.graft.data.NpyArray;
import dev.graft.data.Preparation;
import dev.graft.data.Task;
import dev.graft.savedmodel.ModelFormatException;
import java.awt.Color;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.SavedModelBundle;
import org.tensorflow.Session;
import org.tensorflow.SessionFunction;
import org.tensorflow.Signature;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TUint8;

class ForeignClassifierTest {
  private static final Path MODELS = Path.of("testdata", "models");
  private static final Labels FOUR = Labels.of("ant", "bee", "cat", "dog");
  private static final PredictorSettings DEFAULTS = PredictorSettings.defaults();

  @TempDir private Path folder;

  private static ForeignClassifier four() {
    return ForeignClassifier.of(FOUR, Preparation.named("none", 12, 12));
  }

  @ParameterizedTest
  @ValueSource(strings = {"keras2", "keras3-saved", "keras3-export"})
  void aKerasModelAnswersAsInPython(String name) throws IOException {
    Path model = MODELS.resolve(name);
    NpyArray<float[]> inputs = Npy.readFloats(model.resolve("golden/inputs.npy"));
    float[] logits = Npy.readFloats(model.resolve("golden/outputs.npy")).values();
    try (Predictor predictor = Predictor.load(model, four().withLogits(), DEFAULTS)) {
      List<Answer> answers = predictor.predictPrepared(images(inputs));
      for (int row = 0; row < answers.size(); row++) {
        float[] expected = new float[4];
        double sum = 0;
        for (int i = 0; i < 4; i++) {
          sum += Math.exp(logits[4 * row + i]);
        }
        for (int i = 0; i < 4; i++) {
          expected[i] = (float) (Math.exp(logits[4 * row + i]) / sum);
        }
        assertThat(answers.get(row).probabilities())
            .containsExactly(expected, Offset.offset(1e-6f));
        assertThat(FOUR.names()).contains(answers.get(row).label());
      }
      assertThat(predictor.hash()).hasSize(64);
    }
  }

  private static List<float[][][]> images(NpyArray<float[]> inputs) {
    FloatBuffer values = FloatBuffer.wrap(inputs.values());
    List<float[][][]> images = new ArrayList<>();
    while (values.hasRemaining()) {
      float[][][] image = new float[12][12][3];
      for (float[][] row : image) {
        for (float[] pixel : row) {
          values.get(pixel);
        }
      }
      images.add(image);
    }
    return images;
  }

  @Test
  void logitsThatAreTakenForProbabilitiesAreNoticed() {
    assertThatThrownBy(() -> Predictor.load(MODELS.resolve("keras2"), four(), DEFAULTS))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("say withLogits");
  }

  @Test
  void labelsOfAnotherNumberAreRefused() {
    ForeignClassifier three =
        ForeignClassifier.of(Labels.of("a", "b", "c"), Preparation.named("none", 12, 12));
    assertThatThrownBy(() -> Predictor.load(MODELS.resolve("keras2"), three, DEFAULTS))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("no output that could be 3 classes")
        .hasMessageContaining("DT_FLOAT[?, 4]");
  }

  @Test
  void aPreparationOfAnotherSizeIsRefused() {
    ForeignClassifier large = ForeignClassifier.of(FOUR, Preparation.named("none", 32, 32));
    assertThatThrownBy(() -> Predictor.load(MODELS.resolve("keras2"), large, DEFAULTS))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining("takes DT_FLOAT[?, 12, 12, 3]")
        .hasMessageContaining("makes DT_FLOAT[?, 32, 32, 3]");
  }

  @Test
  void anUnknownSignatureIsRefused() {
    assertThatThrownBy(
            () ->
                Predictor.load(MODELS.resolve("keras2"), four().withSignature("predict"), DEFAULTS))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("no signature \"predict\"");
  }

  @Test
  void featuresAreNotToBeHad() {
    assertThatThrownBy(
            () ->
                Predictor.load(
                    MODELS.resolve("keras2"), four(), DEFAULTS.withFeatures(Features.OF_BACKBONE)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("without a handoff");
  }

  @Test
  void wholeNumbersASignatureOfItsOwnAndOneOutputForTwoClasses() throws Exception {
    Path model = redness();
    Preparation plain = Preparation.named("none", 4, 4);
    ForeignClassifier two =
        ForeignClassifier.of(Labels.of("dull", "red"), plain).withSignature("judge");
    assertThatThrownBy(() -> Predictor.load(model, two, DEFAULTS))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("2 outputs that could be 2 classes")
        .hasMessageContaining("\"share\"");
    try (Predictor shares = Predictor.load(model, two.withOutput("share"), DEFAULTS);
        Predictor logits = Predictor.load(model, two.withOutput("logit").withLogits(), DEFAULTS)) {
      Answer red = shares.predict(filled(new Color(204, 7, 7)));
      assertThat(red.label()).isEqualTo("red");
      assertThat(red.probabilities()).containsExactly(new float[] {0.2f, 0.8f}, within());
      assertThat(logits.predict(filled(new Color(204, 7, 7))).probability()).isEqualTo(1);
      assertThat(logits.predict(filled(new Color(99, 0, 0))).probabilities()[1])
          .isCloseTo((float) (1 / (1 + Math.exp(1))), within());
    }
    ForeignClassifier labels =
        ForeignClassifier.of(new Task(Task.Kind.LABELS, Labels.of("red")), plain)
            .withSignature("judge")
            .withOutput("logit")
            .withLogits();
    try (Predictor predictor = Predictor.load(model, labels, DEFAULTS)) {
      assertThat(predictor.predict(filled(new Color(101, 0, 0))).probabilities()[0])
          .isCloseTo((float) (1 / (1 + Math.exp(-1))), within());
      assertThat(predictor.predict(filled(Color.BLACK)).labels()).isEmpty();
    }
  }

  private static Offset<Float> within() {
    return Offset.offset(1e-6f);
  }

  private static BufferedImage filled(Color color) {
    BufferedImage image = new BufferedImage(6, 5, BufferedImage.TYPE_INT_RGB);
    IntStream.range(0, 30).forEach(i -> image.setRGB(i % 6, i / 6, color.getRGB()));
    return image;
  }

  /** Takes bytes; says the mean of red as a share of 255, and how far it is above 100. */
  private Path redness() throws IOException {
    Path model = folder.resolve("redness");
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      Ops tf = Ops.create(graph);
      Operand<TUint8> images =
          tf.placeholder(TUint8.class, Placeholder.shape(Shape.of(-1, 4, 4, 3)));
      Operand<TFloat32> means =
          tf.math.mean(
              tf.dtypes.cast(images, TFloat32.class), tf.constant(new int[] {1, 2})); // [batch, 3]
      Operand<TFloat32> red =
          tf.slice(means, tf.constant(new int[] {0, 0}), tf.constant(new int[] {-1, 1}));
      Signature signature =
          Signature.builder("judge")
              .input("bytes", images)
              .output("share", tf.math.div(red, tf.constant(255f)))
              .output("logit", tf.math.sub(red, tf.constant(100f)))
              .build();
      SavedModelBundle.exporter(model.toString())
          .withFunction(SessionFunction.create(signature, session))
          .export();
    }
    return model;
  }
}
