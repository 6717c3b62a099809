package dev.graft;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.graft.data.Npy;
import dev.graft.data.NpyArray;
import dev.graft.export.ModelCopy;
import dev.graft.export.WeightForm;
import dev.graft.predict.Predictor;
import dev.graft.train.LoopSettings;
import dev.graft.train.Optimizer;
import dev.graft.train.TrainListener;
import dev.graft.train.TrainSettings;
import dev.graft.train.TransferLearning;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** An export, with variables and with constants, as Python sees it. */
class ExportedModelIT {
  private static final Path DIGITS = Path.of("testdata", "digits");
  private static final ObjectMapper JSON = new ObjectMapper();

  private static Path model;
  private static Path constants;
  private static Path out;
  private static List<Path> images;
  private static final List<float[]> EXPECTED = new ArrayList<>();
  private static final List<String> LABELS = new ArrayList<>();

  @BeforeAll
  static void trainAndAskPython() throws IOException {
    Path folder = Digits.emptyTarget("exported");
    Path run = folder.resolve("run");
    TransferLearning.train(
        TrainSettings.of(DIGITS, Path.of("testdata", "models", "pool"), run)
            .withLoop(
                new LoopSettings(
                    5, 32, Optimizer.parse("adam(1e-2)"), LoopSettings.FineTune.NONE, 1)),
        TrainListener.none());
    model = run.resolve("model");
    constants = folder.resolve("constants");
    ModelCopy.of(run).write(constants, WeightForm.CONSTANTS);
    images = new ArrayList<>(validation(run));
    try (Stream<Path> others = Files.list(Path.of("testdata", "images"))) {
      others
          .filter(file -> file.toString().matches(".*/(rgb|gray|palette|exif|anim|cmyk|prog).*"))
          .sorted()
          .forEach(images::add);
    }
    try (Predictor predictor = Predictor.load(model)) {
      predictor.predict(
          images,
          (path, answer, rejection) -> {
            EXPECTED.add(answer.orElseThrow().probabilities());
            LABELS.add(answer.orElseThrow().label());
          });
    }
    out = Files.createDirectories(folder.resolve("python"));
    List<String> words = new ArrayList<>(List.of("src/test/python/exported_model.py"));
    words.addAll(List.of(model.toString(), constants.toString(), out.toString()));
    images.forEach(image -> words.add(image.toString()));
    PythonEnvironment.get().python(words.toArray(String[]::new));
  }

  private static List<Path> validation(Path run) throws IOException {
    List<Path> paths = new ArrayList<>();
    JSON.readTree(run.resolve("run.json").toFile())
        .get("split")
        .get("validation")
        .forEach(name -> paths.add(DIGITS.resolve(name.asText())));
    assertThat(paths).hasSizeGreaterThan(100);
    return paths;
  }

  @Test
  void theHandoffsObeyTheSchema() throws IOException {
    HandoffSchema.assertObeyedBy(model);
    HandoffSchema.assertObeyedBy(constants);
  }

  @Test
  void pythonVerifiesBoth() throws IOException {
    for (Path folder : List.of(model, constants)) {
      JsonNode verified =
          JSON.readTree(PythonEnvironment.get().tool("graft-verify", folder.toString(), "--json"));
      assertThat(verified.get("agreements")).isNotEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "variables-default.npy",
        "variables-bytes.npy",
        "constants-default.npy",
        "constants-bytes.npy",
        "layer.npy"
      })
  void everyWayGivesTheProbabilitiesOfPredict(String file) throws IOException {
    NpyArray<float[]> python = Npy.readFloats(out.resolve(file));
    assertThat(python.shape()).containsExactly((long) images.size(), 10L);
    for (int image = 0; image < images.size(); image++) {
      float[] received = PythonArrays.row(python, image);
      assertThat(received)
          .as("%s", images.get(image))
          .containsExactly(EXPECTED.get(image), Offset.offset(1e-5f));
      assertThat(largest(received)).isEqualTo(largest(EXPECTED.get(image)));
    }
  }

  /** With variables TensorFlow has nothing to fold, so not a bit differs. */
  @Test
  void bytesGiveTheVeryBitsOfPredictInABatchAndAlone() throws IOException {
    NpyArray<float[]> together = Npy.readFloats(out.resolve("variables-bytes.npy"));
    NpyArray<float[]> alone = Npy.readFloats(out.resolve("variables-alone.npy"));
    for (int image = 0; image < images.size(); image++) {
      assertThat(PythonArrays.row(together, image))
          .as("%s", images.get(image))
          .isEqualTo(EXPECTED.get(image));
      if (image < alone.shape().get(0)) {
        assertThat(PythonArrays.row(alone, image)).isEqualTo(EXPECTED.get(image));
      }
    }
  }

  @Test
  void theLabelsAreThoseOfPredict() throws IOException {
    for (String form : List.of("variables", "constants")) {
      List<String> labels =
          JSON.readValue(
              out.resolve(form + "-labels.json").toFile(), new TypeReference<List<String>>() {});
      assertThat(labels).isEqualTo(LABELS);
    }
  }

  @Test
  void theFingerprintsAreThoseThatTensorFlowComputes() throws IOException {
    assertThat(fact("stored").asText()).isEqualTo(fact("computed").asText()).isNotEmpty();
    assertThat(fact("frozenStored").asText()).isEqualTo(fact("frozenComputed").asText());
  }

  @Test
  void theWarmUpRequestsRunEverySignature() throws IOException {
    JsonNode warmed = fact("warmed");
    assertThat(warmed.fieldNames())
        .toIterable()
        .containsExactly("serving_default", "image_bytes", "features");
    warmed.forEach(shape -> assertThat(shape.get(0).asInt()).isEqualTo(1));
  }

  @Test
  void theRestRequestGetsTheAnswerThatLiesBesideIt() throws IOException {
    assertThat(fact("replayed").asDouble()).isLessThan(1e-5);
  }

  @Test
  void aTapeReachesEveryTrainableVariableThroughTheLayer() throws IOException {
    JsonNode gradients = fact("gradients");
    assertThat(gradients).hasSize(4);
    gradients.forEach(norm -> assertThat(norm.asDouble()).isPositive());
    assertThat(fact("frozenVariables").asInt()).isZero();
  }

  private static JsonNode fact(String name) throws IOException {
    return JSON.readTree(out.resolve("facts.json").toFile()).get(name);
  }

  private static int largest(float[] values) {
    int best = 0;
    for (int i = 1; i < values.length; i++) {
      best = values[i] > values[best] ? i : best;
    }
    return best;
  }
}
