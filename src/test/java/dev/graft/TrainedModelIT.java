package dev.graft;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.graft.data.Npy;
import dev.graft.data.NpyArray;
import dev.graft.handoff.Handoff;
import dev.graft.handoff.LayerVariable;
import dev.graft.model.Head;
import dev.graft.predict.Predictor;
import dev.graft.train.JoinSettings;
import dev.graft.train.LoopSettings;
import dev.graft.train.Optimizer;
import dev.graft.train.TrainListener;
import dev.graft.train.TrainSettings;
import dev.graft.train.TransferLearning;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A model that Java trained on EfficientNet-Lite0, as Python sees it, and the features too. */
class TrainedModelIT {
  private static final Path BACKBONE = Path.of("savedmodels", "efficientnet-lite0");
  private static final ObjectMapper JSON = new ObjectMapper();

  private static Path model;
  private static Path answers;
  private static List<Path> images;

  @BeforeAll
  static void trainAndAskPython() throws IOException {
    Path folder = Digits.emptyTarget("trained");
    Path data = Digits.copy(folder.resolve("digits"), 8, "0", "4", "7");
    Path run = folder.resolve("run");
    Path store = folder.resolve("features");
    Head head = Head.parse("gap, dense(16, relu), batchnorm, dropout(0.2), dense(softmax)");
    TransferLearning.train(
        TrainSettings.of(data, BACKBONE, run)
            .withJoin(JoinSettings.of(BACKBONE).withHead(head))
            .withLoop(
                new LoopSettings(
                    3, 8, Optimizer.parse("adam(1e-2)"), LoopSettings.FineTune.NONE, 1))
            .withOut(new TrainSettings.OutputSettings(run, false, Optional.of(store))),
        TrainListener.none());
    model = run.resolve("model");
    images = inRowOrder(data, run);
    answers = Files.createDirectories(folder.resolve("python"));
    List<String> words = new ArrayList<>(List.of("src/test/python/trained_model.py"));
    words.addAll(List.of(model.toString(), BACKBONE.toString(), store.toString()));
    words.add(answers.toString());
    images.forEach(image -> words.add(image.toString()));
    PythonEnvironment.get().python(words.toArray(String[]::new));
  }

  /** The images as they went through the trunk: first the training part, then validation. */
  private static List<Path> inRowOrder(Path data, Path run) throws IOException {
    JsonNode split = JSON.readTree(run.resolve("run.json").toFile()).get("split");
    List<Path> order = new ArrayList<>();
    for (String part : List.of("training", "validation")) {
      split.get(part).forEach(name -> order.add(data.resolve(name.asText())));
    }
    assertThat(order).hasSize(24);
    return order;
  }

  @Test
  void theHandoffObeysTheSchema() throws IOException {
    HandoffSchema.assertObeyedBy(model);
  }

  @Test
  void pythonVerifiesTheModel() throws IOException {
    JsonNode verified =
        JSON.readTree(PythonEnvironment.get().tool("graft-verify", model.toString(), "--json"));
    assertThat(verified.get("agreements")).isNotEmpty();
    assertThat(verified.get("variables").asInt())
        .isEqualTo(Handoff.read(model).orElseThrow().variables().size());
  }

  @Test
  void theLoadedModelGivesTheSameProbabilities() throws IOException {
    sameProbabilities("loaded.npy");
  }

  @Test
  void theModelAsAKerasLayerGivesTheSameProbabilities() throws IOException {
    sameProbabilities("layer.npy");
  }

  private static void sameProbabilities(String file) throws IOException {
    NpyArray<float[]> python = Npy.readFloats(answers.resolve(file));
    assertThat(python.shape()).containsExactly(24L, 3L);
    List<float[]> java = new ArrayList<>();
    try (Predictor predictor = Predictor.load(model)) {
      predictor.predict(
          images, (path, answer, rejection) -> java.add(answer.orElseThrow().probabilities()));
    }
    assertThat(python.values()).as("not the same for every image").doesNotHaveDuplicates();
    for (int image = 0; image < images.size(); image++) {
      assertThat(java.get(image))
          .as(images.get(image).toString())
          .containsExactly(PythonArrays.row(python, image), Offset.offset(1e-5f));
    }
  }

  @Test
  void pythonSeesTheVariablesWithTheirNamesAndWhetherTheyTrain() throws IOException {
    Map<String, Boolean> seen =
        JSON.readValue(
            answers.resolve("variables.json").toFile(),
            new TypeReference<Map<String, Boolean>>() {});
    Map<String, Boolean> named = new HashMap<>();
    seen.forEach((name, trains) -> named.put(name.replaceFirst(":0$", ""), trains));
    Map<String, Boolean> expected =
        Handoff.read(model).orElseThrow().variables().stream()
            .collect(Collectors.toMap(LayerVariable::name, LayerVariable::trainable));
    assertThat(named).isEqualTo(expected);
    assertThat(named)
        .containsEntry("head/dense/kernel", true)
        .containsEntry("head/batch_normalization/moving_mean", false);
  }

  @Test
  void numpyReadsTheFeatureStoreAndPythonComputesTheSame() throws IOException {
    NpyArray<float[]> stored = Npy.readFloats(answers.resolve("stored.npy"));
    assertThat(stored.shape()).containsExactly(24L, 1280L);
    PythonArrays.assertClose(
        stored.shape(), stored.values(), answers.resolve("features.npy"), 1e-4);
  }
}
