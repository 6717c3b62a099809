package dev.graft;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.graft.data.Npy;
import dev.graft.data.NpyArray;
import dev.graft.handoff.Handoff;
import dev.graft.metrics.Prediction;
import dev.graft.model.FreezePlan;
import dev.graft.model.Head;
import dev.graft.predict.Predictor;
import dev.graft.train.JoinSettings;
import dev.graft.train.LoopSettings;
import dev.graft.train.Optimizer;
import dev.graft.train.TrainListener;
import dev.graft.train.TrainSettings;
import dev.graft.train.TrainedRun;
import dev.graft.train.TransferLearning;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A small network of a team's own, trained by Java on all digits, in every runtime of Python: a
 * Keras model again, ONNX, the loaded SavedModel, a layer, TensorFlow Serving's REST format; and in
 * TensorFlow Java's own loader. Each answers every digit.
 */
class ImportIT {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String SCRIPT = "src/test/python/imported.py";
  private static final List<String> OPTIMIZERS =
      List.of("adam(1e-2)", "nadam(1e-2)", "rmsprop(1e-2, momentum=0.5)", "sgd(0.1, momentum=0.9)");

  private static Path folder;
  private static TrainedRun run;
  private static List<Path> images;
  private static List<float[]> expected;
  private static JsonNode python;

  @BeforeAll
  static void trainAndAsk() throws IOException {
    folder = Digits.emptyTarget("import");
    PythonEnvironment.get().python(SCRIPT, "make", folder.toString());
    Path backbone = folder.resolve("own");
    run =
        train(
            "run",
            JoinSettings.of(backbone)
                .withPlan(FreezePlan.unfreeze("last_*"))
                .withHead(
                    Head.parse("gap, dense(24, relu), batchnorm, dropout(0.2), dense(softmax)")),
            "adam(5e-3)",
            8);
    images = Digits.all();
    expected = new ArrayList<>();
    try (Predictor predictor = Predictor.load(run.folder().resolve("model"))) {
      predictor.predict(
          images, (path, answer, rejection) -> expected.add(answer.orElseThrow().probabilities()));
    }
    Set<Path> validation =
        run.outcome().validationPredictions().stream()
            .map(Prediction::path)
            .map(Path::of)
            .collect(Collectors.toSet());
    JSON.writeValue(
        folder.resolve("images.json").toFile(),
        images.stream().map(image -> told(image, validation.contains(image))).toList());
    PythonEnvironment.get().python(SCRIPT, "ask", folder.toString());
    python = JSON.readTree(folder.resolve("answers.json").toFile());
  }

  private static Map<String, Object> told(Path image, boolean validates) {
    int digit = Integer.parseInt(image.getParent().getFileName().toString());
    return Map.of("path", image.toString(), "label", digit, "validates", validates);
  }

  private static TrainedRun train(String name, JoinSettings join, String optimizer, int epochs)
      throws IOException {
    return train(Digits.FOLDER, name, join, optimizer, epochs, 16);
  }

  private static TrainedRun train(
      Path data, String name, JoinSettings join, String optimizer, int epochs, int batch)
      throws IOException {
    Path out = folder.resolve(name);
    return TransferLearning.train(
        TrainSettings.of(data, join.backbone(), out)
            .withJoin(join)
            .withLoop(
                new LoopSettings(
                    epochs, batch, Optimizer.parse(optimizer), LoopSettings.FineTune.NONE, 1))
            .withOut(
                new TrainSettings.OutputSettings(
                    out, false, Optional.of(folder.resolve("features")))),
        TrainListener.none());
  }

  @Test
  void kerasEvaluatesTheSameAccuracyToTheImage() {
    int validating = run.outcome().validationPredictions().size();
    double right = run.outcome().after().accuracy() * validating;
    assertThat(right).isBetween(validating * 0.3, validating * 0.999);
    assertThat(python.get("evaluated").asDouble()).isCloseTo(right, Offset.offset(1e-3));
    assertThat(python.get("evaluated from pixels").asDouble())
        .isCloseTo(right, Offset.offset(1e-3));
  }

  @ParameterizedTest
  @CsvSource({
    "keras, 1e-5",
    "pixels, 1e-5",
    "loaded, 1e-5",
    "bytes, 1e-5",
    "layer, 1e-5",
    "rest, 1e-5",
    "onnx, 1e-4"
  })
  void everyRuntimeGivesTheSameProbabilitiesAndTheSameTopOne(String runtime, float allowed)
      throws IOException {
    NpyArray<float[]> received = Npy.readFloats(folder.resolve(runtime + ".npy"));
    assertThat(received.shape()).containsExactly(1000L, 10L);
    List<float[]> rows = new ArrayList<>();
    for (int image = 0; image < images.size(); image++) {
      rows.add(PythonArrays.row(received, image));
    }
    assertAsExpected(rows, allowed);
  }

  @Test
  void soDoesTensorFlowJavasOwnLoader() throws IOException {
    assertAsExpected(StockLoader.probabilities(run.folder().resolve("model"), images), 1e-5f);
  }

  private static void assertAsExpected(List<float[]> received, float allowed) {
    assertThat(received).hasSize(expected.size());
    for (int image = 0; image < images.size(); image++) {
      float[] answer = received.get(image);
      assertThat(answer)
          .as("%s", images.get(image))
          .containsExactly(expected.get(image), Offset.offset(allowed));
      assertThat(largest(answer)).isEqualTo(largest(expected.get(image)));
    }
  }

  private static int largest(float[] values) {
    int largest = 0;
    for (int i = 1; i < values.length; i++) {
      largest = values[i] > values[largest] ? i : largest;
    }
    return largest;
  }

  @Test
  void aTapeReachesTheInputThroughTheLayer() {
    double largest = python.get("gradient").asDouble();
    assertThat(largest).isGreaterThan(1e-4);
    assertThat(python.get("gradients apart").asDouble()).isLessThan(1e-4 * largest);
  }

  @Test
  void kerasTrainsOnWhatWasUnfrozen() {
    JsonNode fit = python.get("fit");
    JsonNode losses = fit.get("losses");
    assertThat(losses.get(2).asDouble()).isLessThan(0.9 * losses.get(0).asDouble());
    assertThat(fit.get("changed"))
        .extracting(JsonNode::asText)
        .containsExactly("batch_normalization", "dense", "dense_1", "last_bn", "last_conv");
  }

  @Test
  void frozenVariablesHaveTheSameHashesAtEachStation() throws IOException {
    train("run2", JoinSettings.of(folder.resolve("back")).withOutput("last_relu"), "adam(5e-3)", 1);
    PythonEnvironment.get().python(SCRIPT, "again", folder.toString());
    Map<String, String> first = hashes("own", "stem_");
    assertThat(first).hasSize(6);
    for (String station : List.of("run/model", "back", "run2/model", "back2")) {
      assertThat(hashes(station, "stem_")).as(station).isEqualTo(first);
    }
    assertThat(hashes("run2/model", "last_"))
        .hasSize(6)
        .isEqualTo(hashes("run/model", "last_"))
        .isEqualTo(hashes("back2", "last_"));
    assertThat(hashes("run/model", "last_conv")).isNotEqualTo(hashes("own", "last_conv"));
  }

  private static Map<String, String> hashes(String model, String layers) throws IOException {
    Map<String, String> hashes = new LinkedHashMap<>();
    Handoff.read(folder.resolve(model)).orElseThrow().variables().stream()
        .filter(variable -> variable.name().startsWith(layers))
        .forEach(variable -> hashes.put(variable.name(), variable.sha256()));
    return hashes;
  }

  @Test
  void kerasGoesOnWithTheOptimizerWhereJavaEnded() throws IOException {
    Path data = folder.resolve("mlp.npz");
    JoinSettings join =
        JoinSettings.of(folder.resolve("mlp")).withPlan(FreezePlan.unfreeze("second"));
    List<String> words = new ArrayList<>(List.of(SCRIPT, "go-on", folder.toString()));
    Map<String, TrainedRun> longer = new LinkedHashMap<>();
    for (String optimizer : OPTIMIZERS) {
      String name = optimizer.replaceAll("\\W.*", "");
      train(data, name, join, optimizer, 3, 60);
      words.add(name);
      longer.put(name, train(data, name + "-longer", join, optimizer, 4, 60));
    }
    PythonEnvironment.get().python(words.toArray(String[]::new));
    for (Map.Entry<String, TrainedRun> each : longer.entrySet()) {
      NpyArray<float[]> keras = Npy.readFloats(folder.resolve(each.getKey() + ".npy"));
      List<Prediction> java = each.getValue().outcome().validationPredictions();
      for (int row = 0; row < java.size(); row++) {
        assertThat(PythonArrays.row(keras, row))
            .as(each.getKey())
            .containsExactly(java.get(row).answer(), Offset.offset(1e-5f));
      }
    }
  }
}
