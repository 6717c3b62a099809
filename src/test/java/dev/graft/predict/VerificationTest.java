package dev.graft.predict;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.graft.data.Npy;
import dev.graft.data.NpyArray;
import dev.graft.export.TinyClassifier;
import dev.graft.handoff.Handoff;
import dev.graft.model.Head;
import dev.graft.savedmodel.ModelFormatException;
import dev.graft.tensor.HostTensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.SavedModel;
import org.tensorflow.proto.TensorProto;

class VerificationTest {
  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource({
    "pool,preparation features",
    "residual,preparation features",
    "dilated,preparation features",
    "nested,preparation probabilities",
    "vector,probabilities"
  })
  void everyHandedOverModelAnswersAsInPython(String model, String compared) throws IOException {
    Verification verification = Verification.of(Path.of("testdata", "models", model));
    assertThat(verification.isPassed()).isTrue();
    assertThat(verification.complaint()).isEmpty();
    assertThat(verification.comparisons().stream().map(Verification.Comparison::name))
        .containsExactly(compared.split(" "));
    for (Verification.Comparison comparison : verification.comparisons()) {
      assertThat(comparison.samples()).isEqualTo(3);
      assertThat(comparison.difference()).isLessThan(1e-5);
      boolean pixels = comparison.name().equals("preparation");
      assertThat(comparison.agreement()).isEqualTo(Double.valueOf(pixels ? Double.NaN : 1.0));
    }
  }

  @Test
  void aWrongGoldenValueFailsWithItsSampleAndItsDifference() throws IOException {
    Path exported = TinyClassifier.export(folder.resolve("model"));
    Path file = exported.resolve("golden/logits.npy");
    NpyArray<float[]> logits = Npy.readFloats(file);
    float largest = 0;
    for (float value : logits.values()) {
      largest = Math.max(largest, Math.abs(value));
    }
    float[] wrong = logits.values().clone();
    int nearestZero = 6; // In the third sample; moved towards zero the magnitude stays.
    for (int i = 6; i < 9; i++) {
      nearestZero = Math.abs(wrong[i]) < Math.abs(wrong[nearestZero]) ? i : nearestZero;
    }
    wrong[nearestZero] += wrong[nearestZero] > 0 ? -0.01f * largest : 0.01f * largest;
    Npy.writeFloats(file, new NpyArray<>(logits.shape(), wrong));
    Handoff handoff = Handoff.read(exported).orElseThrow();
    handoff.withFiles(Handoff.hashFiles(exported)).write(exported);

    Verification verification = Verification.of(exported);
    assertThat(verification.isPassed()).isFalse();
    Verification.Comparison failed =
        verification.comparisons().stream().filter(c -> !c.isPassed()).findFirst().orElseThrow();
    assertThat(failed.name()).isEqualTo("logits");
    assertThat(failed.worst()).isEqualTo(2);
    assertThat(failed.difference()).isCloseTo(0.01, within(1e-5));
    assertThat(verification.complaint())
        .startsWith("Golden sample 2 disagrees in \"logits\" of serving_default: expected ")
        .contains(", received ")
        .endsWith("; largest relative difference 0.0100, allowed 1.00e-05.");
  }

  @Test
  void everySignatureIsCalled() throws IOException {
    Path exported = TinyClassifier.export(folder.resolve("model"));
    assertThat(Verification.of(exported).comparisons())
        .extracting(one -> one.signature() + " " + one.name())
        .containsExactly(
            " preparation",
            "serving_default probabilities",
            "serving_default logits",
            "image_bytes probabilities",
            "image_bytes logits",
            "features features");
  }

  @Test
  void aTamperedFileIsFoundByItsHash() throws IOException {
    Path exported = TinyClassifier.export(folder.resolve("model"));
    Path graph = exported.resolve("saved_model.pb");
    byte[] bytes = Files.readAllBytes(graph);
    bytes[bytes.length / 2] ^= 1;
    Files.write(graph, bytes);
    assertThat(complaints(exported))
        .singleElement()
        .isEqualTo(
            "The files are not those that were handed over (changed saved_model.pb): copy or export"
                + " the model again.");
  }

  @ParameterizedTest
  @ValueSource(strings = {"assets/labels.txt", "handoff.json"})
  void aChangedLabelIsFoundWhereverItIs(String file) throws IOException {
    Path exported = TinyClassifier.export(folder.resolve("model"));
    Path changed = exported.resolve(file);
    String before = Files.readString(changed);
    assertThat(before).containsOnlyOnce("green");
    Files.writeString(changed, before.replace("green", "grey"));
    String sentence =
        file.equals("handoff.json")
            ? "Label 1 is \"grey\" in handoff.json but \"green\" in assets/labels.txt: export the"
                + " model again."
            : "Label 1 is \"green\" in handoff.json but \"grey\" in assets/labels.txt: export the"
                + " model again.";
    assertThat(complaints(exported)).first().isEqualTo(sentence);
  }

  /** Who changes the file and the handoff has the graph against him. */
  @Test
  void aChangedLabelIsFoundInTheGraph() throws IOException {
    Path exported = TinyClassifier.export(folder.resolve("model"));
    for (String file : List.of("assets/labels.txt", "handoff.json")) {
      Path changed = exported.resolve(file);
      Files.writeString(changed, Files.readString(changed).replace("green", "grey"));
    }
    rehash(exported);
    assertThat(complaints(exported))
        .containsExactly(
            "Label 1 is \"grey\" in handoff.json but \"green\" in the graph (signature"
                + " serving_default): export the model again.",
            "Label 1 is \"grey\" in handoff.json but \"green\" in the graph (signature"
                + " image_bytes): export the model again.");
  }

  @Test
  void aGraphThatCallsAnotherClassTheLikeliestIsFound() throws IOException {
    Path exported = TinyClassifier.export(folder.resolve("model"));
    Path file = exported.resolve("saved_model.pb");
    SavedModel.Builder saved = SavedModel.parseFrom(Files.readAllBytes(file)).toBuilder();
    GraphDef.Builder graph = saved.getMetaGraphsBuilder(0).getGraphDefBuilder();
    NodeDef.Builder names = null;
    for (NodeDef.Builder node : graph.getNodeBuilderList()) {
      if (node.getName().equals("serving/names")) {
        names = node.clone().setName("other");
      } else if (node.getName().equals("serving/label")) {
        node.setInput(0, "other");
      }
    }
    List<byte[]> rotated = new ArrayList<>();
    List.of("red", "blue", "green").forEach(label -> rotated.add(label.getBytes(UTF_8)));
    TensorProto value = HostTensor.ofStrings(rotated, 3).toProto();
    graph.addNode(names.putAttr("value", AttrValue.newBuilder().setTensor(value).build()));
    Files.write(file, saved.build().toByteArray());
    rehash(exported);
    assertThat(complaints(exported))
        .hasSize(2)
        .first()
        .asString()
        .matches(
            "Golden sample 0 is called \"\\w+\" by the graph \\(signature serving_default\\), but its"
                + " largest probability is that of \"\\w+\": export the model again\\.");
  }

  @Test
  void swappedWeightsAreFoundByTheirOwnHashes() throws IOException {
    Path exported = TinyClassifier.export(folder.resolve("model"));
    Path other =
        TinyClassifier.export(
            folder.resolve("other"), Head.parse("gap, dense(softmax)"), 2); // another seed
    for (String file : List.of("variables.index", "variables.data-00000-of-00001")) {
      Files.copy(
          other.resolve("variables").resolve(file),
          exported.resolve("variables").resolve(file),
          StandardCopyOption.REPLACE_EXISTING);
    }
    String sentence =
        "The weights are not those that were handed over: 1 of 4 variables have other values, the"
            + " first head/dense/kernel (SHA-256 expected ";
    assertThat(complaints(exported)).hasSize(2).first().asString().startsWith(sentence);
    rehash(exported);
    assertThat(complaints(exported)).first().asString().startsWith(sentence);
    assertThat(complaints(exported).get(1)).startsWith("Golden sample ");
  }

  private static List<String> complaints(Path model) throws IOException {
    Verification verification = Verification.of(model);
    assertThat(verification.isPassed()).isFalse();
    return verification.complaints();
  }

  /** As somebody would who wants to hide a change. */
  private static void rehash(Path model) throws IOException {
    Handoff handoff = Handoff.read(model).orElseThrow();
    handoff.withFiles(Handoff.hashFiles(model)).write(model);
  }

  @Test
  void pixelsThatComeOutOtherwiseFail() throws IOException {
    Path exported = TinyClassifier.export(folder.resolve("model"));
    byte[] other = Files.readAllBytes(exported.resolve("golden/images/1.jpg"));
    Files.write(exported.resolve("golden/images/0.jpg"), other);
    Handoff handoff = Handoff.read(exported).orElseThrow();
    handoff.withFiles(Handoff.hashFiles(exported)).write(exported);
    Verification verification = Verification.of(exported);
    assertThat(verification.complaint()).startsWith("Golden sample 0 disagrees in \"preparation\"");
  }

  @Test
  void answersThatAreNoNumbersDoNotPass() {
    NpyArray<float[]> expected = NpyArray.of(new float[] {1, 2, 3, 4}, 2, 2);
    Verification.Comparison nan =
        Verification.compare(
            "signature", "logits", expected, new float[] {1, 2, Float.NaN, 4}, 1e-5);
    assertThat(nan.isPassed()).isFalse();
    assertThat(nan.worst()).isEqualTo(1);
    assertThat(
            Verification.compare("signature", "logits", expected, new float[] {1, 2}, 1e-5)
                .isPassed())
        .isFalse();
    assertThat(
            Verification.compare("signature", "logits", expected, new float[] {1, 2, 3, 4}, 1e-5)
                .difference())
        .isZero();
  }

  @Test
  void agreementIsTheShareOfSamplesWithTheSameLargestValue() {
    NpyArray<float[]> expected = NpyArray.of(new float[] {0.4f, 0.6f, 0.9f, 0.1f}, 2, 2);
    Verification.Comparison compared =
        Verification.compare(
            "signature", "probabilities", expected, new float[] {0.6f, 0.4f, 0.9f, 0.1f}, 1);
    assertThat(compared.agreement()).isEqualTo(0.5);
    assertThat(compared.worst()).isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {"keras2", "keras3-saved"})
  void withoutAHandoffThereIsNothingToVerifyAgainst(String model) {
    assertThatThrownBy(() -> Verification.of(Path.of("testdata", "models", model)))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining("no handoff.json to verify it against");
  }
}
