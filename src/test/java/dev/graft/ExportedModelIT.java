package dev.graft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.graft.data.Npy;
import dev.graft.data.NpyArray;
import dev.graft.data.Preparation;
import dev.graft.export.ModelCopy;
import dev.graft.export.WeightForm;
import dev.graft.handoff.Handoff;
import dev.graft.predict.Predictor;
import dev.graft.train.DataSettings;
import dev.graft.train.LoopSettings;
import dev.graft.train.Optimizer;
import dev.graft.train.PreparationSettings;
import dev.graft.train.TrainListener;
import dev.graft.train.TrainSettings;
import dev.graft.train.TransferLearning;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * An export, with variables, with constants and in bfloat16, and one that turns images by their
 * EXIF orientation, as Python and TensorFlow Java's own loader see it: all digits, and others as
 * JPEG, PNG, BMP and GIF.
 */
class ExportedModelIT {
  private static final ObjectMapper JSON = new ObjectMapper();

  private static Path model;
  private static Path constants;
  private static Path half;
  private static Path turning;
  private static Path out;
  private static List<Path> images;
  private static final List<float[]> EXPECTED = new ArrayList<>();
  private static final List<float[]> TURNED = new ArrayList<>();
  private static final List<String> LABELS = new ArrayList<>();

  @BeforeAll
  static void trainAndAskPython() throws IOException {
    Path folder = Digits.emptyTarget("exported");
    model = train(folder.resolve("run"), Preparation.Orientation.IGNORE);
    turning = train(folder.resolve("turning"), Preparation.Orientation.EXIF);
    constants = folder.resolve("constants");
    half = folder.resolve("half");
    ModelCopy.of(model).write(constants, WeightForm.CONSTANTS);
    ModelCopy.of(model).write(half, WeightForm.BFLOAT16);
    images = new ArrayList<>(Digits.all());
    images.addAll(inOtherFormats(Files.createDirectories(folder.resolve("formats"))));
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
    try (Predictor predictor = Predictor.load(turning)) {
      predictor.predict(
          images, (path, answer, rejection) -> TURNED.add(answer.orElseThrow().probabilities()));
    }
    out = Files.createDirectories(folder.resolve("python"));
    List<String> words = new ArrayList<>(List.of("src/test/python/exported_model.py"));
    for (Path folderOf : List.of(model, constants, half, turning, out)) {
      words.add(folderOf.toString());
    }
    images.forEach(image -> words.add(image.toString()));
    PythonEnvironment.get().python(words.toArray(String[]::new));
  }

  private static Path train(Path run, Preparation.Orientation orientation) throws IOException {
    PreparationSettings how =
        new PreparationSettings(
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.of(orientation));
    TransferLearning.train(
        TrainSettings.of(Digits.FOLDER, Path.of("testdata", "models", "pool"), run)
            .withData(new DataSettings(Digits.FOLDER, 0.2, Optional.empty(), how))
            .withLoop(
                new LoopSettings(
                    5, 32, Optimizer.parse("adam(1e-2)"), LoopSettings.FineTune.NONE, 1)),
        TrainListener.none());
    return run.resolve("model");
  }

  /** Every fiftieth digit in the formats that it is not in. */
  private static List<Path> inOtherFormats(Path folder) throws IOException {
    List<Path> digits = Digits.all();
    List<Path> written = new ArrayList<>();
    for (int i = 0; i < digits.size(); i += 50) {
      BufferedImage image = ImageIO.read(digits.get(i).toFile());
      for (String format : List.of("jpg", "bmp", "gif")) {
        Path file = folder.resolve(i + "." + format);
        assertThat(ImageIO.write(image, format, file.toFile())).isTrue();
        written.add(file);
      }
    }
    return written;
  }

  @Test
  void theHandoffsObeyTheSchema() throws IOException {
    HandoffSchema.assertObeyedBy(model);
    HandoffSchema.assertObeyedBy(constants);
    HandoffSchema.assertObeyedBy(half);
    assertThat(fact("valid").asInt()).as("by Python").isEqualTo(4);
  }

  @Test
  void pythonVerifiesAll() throws IOException {
    for (Path folder : List.of(model, constants, half)) {
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

  @Test
  void soDoesTensorFlowJavasOwnLoader() throws IOException {
    List<float[]> answers = StockLoader.probabilities(model, images);
    for (int image = 0; image < images.size(); image++) {
      assertThat(answers.get(image)).as("%s", images.get(image)).isEqualTo(EXPECTED.get(image));
    }
  }

  @Test
  void bytesGiveTheVeryBitsOfPredictWithOrientationToo() throws IOException {
    NpyArray<float[]> python = Npy.readFloats(out.resolve("turning-bytes.npy"));
    List<float[]> java = StockLoader.probabilities(turning, images);
    for (int image = 0; image < images.size(); image++) {
      assertThat(PythonArrays.row(python, image))
          .as("%s", images.get(image))
          .isEqualTo(TURNED.get(image))
          .isEqualTo(java.get(image));
      boolean turned = images.get(image).toString().matches(".*/exif-[2-8]\\.jpg");
      assertThat(Arrays.equals(TURNED.get(image), EXPECTED.get(image)))
          .as("%s", images.get(image))
          .isEqualTo(!turned);
    }
  }

  /** By how much bfloat16 moves an answer depends on what a runtime fuses. */
  @ParameterizedTest
  @ValueSource(strings = {"half-default.npy", "half-bytes.npy"})
  void inBfloat16PythonIsAsNearToFloat32AsTheHandoffSays(String file) throws IOException {
    NpyArray<float[]> python = Npy.readFloats(out.resolve(file));
    int same = 0;
    float apart = 0;
    for (int image = 0; image < images.size(); image++) {
      float[] received = PythonArrays.row(python, image);
      same += largest(received) == largest(EXPECTED.get(image)) ? 1 : 0;
      for (int i = 0; i < received.length; i++) {
        apart = Math.max(apart, Math.abs(received[i] - EXPECTED.get(image)[i]));
      }
    }
    assertThat(same).isGreaterThanOrEqualTo(images.size() * 98 / 100);
    assertThat(apart).isBetween(1e-5f, 0.05f);
  }

  @Test
  void kerasTakesNoModelInBfloat16() {
    String keras = out.resolve("half.keras").toString();
    assertThatThrownBy(
            () -> PythonEnvironment.get().tool("graft-import", half.toString(), "--out", keras))
        .hasMessageContaining("ended with 1")
        .hasMessageContaining("computes its backbone in bfloat16, without its weights in float32");
  }

  @Test
  void pythonFindsALabelThatWasChangedEverywhereButInTheGraph() throws IOException {
    Path changed = Digits.emptyTarget("exported-changed");
    try (Stream<Path> files = Files.walk(constants)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Path copy = changed.resolve(constants.relativize(file).toString());
        Files.createDirectories(copy.getParent());
        Files.copy(file, copy);
      }
    }
    Files.createDirectories(changed.resolve("variables"));
    Handoff handoff = Handoff.read(changed).orElseThrow();
    Path labels = changed.resolve("assets/labels.txt");
    Files.writeString(labels, Files.readString(labels).replace("3\n", "three\n"));
    Path manifest = changed.resolve("handoff.json");
    Files.writeString(manifest, Files.readString(manifest).replace("\"3\"", "\"three\""));
    assertThat(Handoff.read(changed).orElseThrow().labels()).isNotEqualTo(handoff.labels());
    Handoff.read(changed).orElseThrow().withFiles(Handoff.hashFiles(changed)).write(changed);
    assertThatThrownBy(() -> PythonEnvironment.get().tool("graft-verify", changed.toString()))
        .hasMessageContaining("ended with 3")
        .hasMessageContaining(
            "is 'three' in its handoff but '3' in the graph (signature serving_default)");
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
