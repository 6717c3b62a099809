package dev.graft.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.data.Sha256;
import dev.graft.handoff.BackbonePrecision;
import dev.graft.handoff.Golden;
import dev.graft.handoff.Handoff;
import dev.graft.handoff.Layer;
import dev.graft.model.Backbone;
import dev.graft.model.Head;
import dev.graft.model.JoinedModel;
import dev.graft.predict.Predictor;
import dev.graft.predict.Verification;
import dev.graft.savedmodel.ModelFormatException;
import dev.graft.savedmodel.SavedModel;
import dev.graft.tensor.Precision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelCopyTest {
  @TempDir private static Path run;
  @TempDir private Path folder;

  @BeforeAll
  static void exportOne() throws IOException {
    TinyClassifier.export(run.resolve("model"));
  }

  @Test
  void aCopyWithVariablesIsTheSameModel() throws IOException {
    Path copy = folder.resolve("models/tiny/1");
    assertThat(ModelCopy.of(run).write(copy, WeightForm.VARIABLES).isPassed()).isTrue();
    Handoff first = Handoff.read(run.resolve("model")).orElseThrow();
    Handoff second = Handoff.read(copy).orElseThrow();
    assertThat(second.variables()).isEqualTo(first.variables());
    assertThat(second.allSignatures()).isEqualTo(first.allSignatures());
    assertThat(hashes(copy).get("variables/variables.data-00000-of-00001"))
        .isEqualTo(hashes(run.resolve("model")).get("variables/variables.data-00000-of-00001"));
    assertThat(copy.resolve("MODEL.md")).hasSameTextualContentAs(run.resolve("model/MODEL.md"));
  }

  @Test
  void constantsHaveNoCheckpointAndTheSameSignaturesAndAnswers() throws IOException {
    Path frozen = folder.resolve("frozen");
    assertThat(ModelCopy.of(run).write(frozen, WeightForm.CONSTANTS).isPassed()).isTrue();
    assertThat(frozen.resolve("variables")).isEmptyDirectory();
    assertThat(SavedModel.read(frozen).flatten("image_bytes").variables()).isEmpty();
    Handoff handoff = Handoff.read(frozen).orElseThrow();
    assertThat(handoff.variables()).isEmpty();
    assertThat(handoff.layers().stream().mapToLong(Layer::parameters).sum())
        .isEqualTo(224 + 8 * 3 + 3);
    assertThat(handoff.allSignatures())
        .isEqualTo(Handoff.read(run.resolve("model")).orElseThrow().allSignatures());
    byte[] image = Files.readAllBytes(frozen.resolve("golden/images/0.jpg"));
    try (Predictor constant = Predictor.load(frozen);
        Predictor variable = Predictor.load(run)) {
      assertThat(answer(constant, image)).isEqualTo(answer(variable, image));
    }
    assertThatThrownBy(
            () -> ModelCopy.of(frozen).write(folder.resolve("back"), WeightForm.VARIABLES))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("weights as constants, which can't become variables again");
  }

  @Test
  void theSameRunExportsTheSameBytes() throws IOException {
    for (WeightForm form : WeightForm.values()) {
      Path first = folder.resolve("first " + form);
      Path second = folder.resolve("second " + form);
      ModelCopy.of(run).write(first, form);
      ModelCopy.of(run).write(second, form);
      assertThat(hashes(second)).isEqualTo(hashes(first)).hasSizeGreaterThan(10);
    }
  }

  @Test
  void inBfloat16TheModelSaysSoAndHowFarItIsFromFloat32() throws IOException {
    Path half = folder.resolve("half");
    Verification verification = ModelCopy.of(run).write(half, WeightForm.BFLOAT16);
    assertThat(verification.isPassed()).isTrue();
    assertThat(half.resolve("variables")).isEmptyDirectory();
    Handoff handoff = Handoff.read(half).orElseThrow();
    assertThat(handoff.variables()).isEmpty();
    assertThat(handoff.allSignatures())
        .isEqualTo(Handoff.read(run.resolve("model")).orElseThrow().allSignatures());
    BackbonePrecision precision = handoff.precision().orElseThrow();
    assertThat(precision.backbone()).isEqualTo(Precision.BFLOAT16);
    assertThat(precision.samples()).isEqualTo(3);
    assertThat(precision.agreeing()).isEqualTo(3);
    assertThat(precision.differences().keySet())
        .containsExactly("probabilities", "logits", "features");
    assertThat(precision.differences().values()).allMatch(far -> far > 1e-4 && far < 0.02);
    assertThat(half.resolve("MODEL.md"))
        .content()
        .contains("| the backbone is computed in | bfloat16 |")
        .contains("These are the figures of the model in float32. " + precision.describe());
    Golden golden = handoff.golden().orElseThrow();
    assertThat(golden.otherOutputs()).isEmpty();
    assertThat(half.resolve("golden/features.npy")).doesNotExist();
    double answers =
        Math.max(
            precision.differences().get("probabilities"), precision.differences().get("logits"));
    assertThat(golden.tolerance()).isEqualTo(Math.max(1.0 / 128, 2 * answers));
    float[] own = golden.read(half).outputs().get("logits").values();
    float[] float32 = golden.read(run.resolve("model")).outputs().get("logits").values();
    double largest = 0;
    for (int i = 0; i < own.length; i++) {
      largest = Math.max(largest, Math.abs(own[i] - float32[i]));
    }
    assertThat(largest).isGreaterThan(0);
    byte[] image = Files.readAllBytes(half.resolve("golden/images/0.jpg"));
    try (Predictor predictor = Predictor.load(half);
        Predictor exact = Predictor.load(run)) {
      List<Float> answered = answer(predictor, image);
      List<Float> expected = answer(exact, image);
      assertThat(answered).isNotEqualTo(expected);
      for (int i = 0; i < 3; i++) {
        assertThat(answered.get(i)).isCloseTo(expected.get(i), Offset.offset(0.02f));
      }
    }
  }

  @Test
  void whatIsInBfloat16IsNoSourceOfAnotherModel() throws IOException {
    Path half = folder.resolve("half");
    ModelCopy.of(run).write(half, WeightForm.BFLOAT16);
    assertThatThrownBy(() -> ModelCopy.of(half))
        .isInstanceOf(ModelFormatException.class)
        .hasMessage(
            half
                + " computes its backbone in bfloat16, which can't become float32 again: export from"
                + " the run.");
    Backbone backbone = Backbone.load(half);
    assertThatThrownBy(
            () ->
                JoinedModel.join(backbone, Head.parse("dense(softmax)"), TinyClassifier.LABELS, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            half
                + " computes in bfloat16, so nothing is trained on it and only its own outputs are"
                + " read: give the model in float32.");
    assertThatThrownBy(() -> backbone.withOutput("block1_conv"))
        .hasMessageContaining("computes in bfloat16");
  }

  @Test
  void anExportIsReplacedOnlyWhenAskedAndNothingElseEver() throws IOException {
    Path out = folder.resolve("out");
    ModelCopy copy = ModelCopy.of(run);
    copy.write(out, WeightForm.VARIABLES);
    assertThatThrownBy(() -> copy.write(out, WeightForm.CONSTANTS))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("--overwrite");
    copy.write(out, WeightForm.CONSTANTS, true);
    assertThat(Handoff.read(out).orElseThrow().variables()).isEmpty();
    assertThatThrownBy(() -> copy.write(run.resolve("model"), WeightForm.CONSTANTS, true))
        .hasMessageContaining("is the model that is to be exported");
    Path mine = Files.createDirectories(folder.resolve("mine"));
    assertThatThrownBy(() -> copy.write(mine, WeightForm.CONSTANTS, true))
        .hasMessageContaining("no model that was exported");
    Path backbone = backboneOfOthers();
    assertThatThrownBy(() -> copy.write(backbone, WeightForm.CONSTANTS, true))
        .hasMessageContaining("no model that was exported");
    assertThat(backbone.resolve("saved_model.pb")).exists();
    try (Stream<Path> left = Files.list(folder)) {
      assertThat(left).containsExactlyInAnyOrder(out, mine, backbone);
    }
  }

  private Path backboneOfOthers() throws IOException {
    Path backbone = Files.createDirectories(folder.resolve("backbone"));
    for (String file : List.of("handoff.json", "saved_model.pb")) {
      Files.copy(Path.of("testdata", "models", "pool", file), backbone.resolve(file));
    }
    return backbone;
  }

  @Test
  void onlyWhatGraftTrainedIsExported() {
    assertThatThrownBy(() -> ModelCopy.of(Path.of("testdata", "models", "pool")))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining("is no model that graft train made");
  }

  private static List<Float> answer(Predictor predictor, byte[] image) {
    try {
      float[] values = predictor.predict(image).probabilities();
      return List.of(values[0], values[1], values[2]);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private static Map<String, String> hashes(Path folder) throws IOException {
    Map<String, String> hashes = new TreeMap<>();
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        hashes.put(folder.relativize(file).toString().replace('\\', '/'), Sha256.of(file));
      }
    }
    return hashes;
  }
}
