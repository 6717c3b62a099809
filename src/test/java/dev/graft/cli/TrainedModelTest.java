package dev.graft.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@code inspect}, {@code verify}, {@code evaluate} and {@code predict} say of a run. */
class TrainedModelTest {
  private static final Path IMAGES = Path.of("testdata", "images");

  @TempDir private static Path shared;
  private static Path run;

  @TempDir private Path folder;

  @BeforeAll
  static void train() throws IOException {
    run = Trainings.redAndBlue(shared);
  }

  @Test
  void inspectListsLayersOfBackboneAndHead() {
    assertThat(Ran.graft("inspect", run).done().out().lines())
        .anyMatch(line -> line.matches("pool \\(graft, weights: graft\\)"))
        .contains("signature serving_default (which Graft uses)")
        .contains(
            "  takes   images: float32 [?, 16, 16, 3], any number of images of 16 × 16, 3 channels")
        .contains("  answers probabilities: float32 [?, 2], for each example a number a label")
        .anyMatch(
            line ->
                line.matches("block1_conv +Conv2D +\\[\\?, 16, 16, 8\\] +224 +yes +yes +3072 B"))
        .anyMatch(line -> line.matches("head/dense +Dense +- +18 +yes +yes +\\d+ B"));
  }

  @Test
  void inspectSaysWhichLayersCannotTrainAndWhy() throws IOException {
    Path obstacles = Path.of("testdata", "models", "obstacles");
    assertThat(Ran.graft("inspect", obstacles).done().out())
        .containsPattern("unrolled .* yes +yes")
        .containsPattern("first_conv .* no: \\w+ in loop")
        .containsOnlyOnce("can't train through layer loop (")
        .contains("export it with unroll=True");
    JsonNode layers = Ran.graft("inspect", obstacles, "--json").done().json().get("layers");
    for (JsonNode layer : layers) {
      switch (layer.get("name").asText()) {
        case "images", "steps" -> assertThat(layer.get("canTrain").isNull()).isTrue();
        case "unrolled", "last" -> assertThat(layer.get("canTrain").asBoolean()).isTrue();
        default -> {
          assertThat(layer.get("canTrain").asBoolean()).isFalse();
          assertThat(layer.get("obstacle").get("layer").asText()).isEqualTo("loop");
          assertThat(layer.get("obstacle").get("remedy").asText()).contains("unroll=True");
        }
      }
    }
  }

  @Test
  void exportWritesTheFormThatIsAskedAndSaysWhatThePrecisionCosts() throws IOException {
    Path half = folder.resolve("half");
    assertThat(Ran.graft("export", run, "--out", half, "--precision", "bfloat16").done().out())
        .contains("weights as constants; golden samples agree")
        .containsPattern("The backbone is computed in bfloat16: .* float32 in 3 of 3; differences");
    assertThat(Ran.graft("verify", half).done().out()).contains("image_bytes");
    assertThat(Ran.graft("inspect", half).done().out()).contains("computed in bfloat16");
    Ran.graft("predict", half, IMAGES.resolve("rgb.png")).done();
    JsonNode json =
        Ran.graft(
                "export",
                run,
                "--out",
                half,
                "--constants",
                "--precision",
                "bfloat16",
                "--json",
                "--overwrite")
            .done()
            .json();
    assertThat(json.get("precision").asText()).isEqualTo("bfloat16");
    assertThat(json.get("weights").asText()).isEqualTo("constants");
    assertThat(json.get("agreeing").asInt()).isEqualTo(3);
    assertThat(json.get("differencesFromFloat32").get("probabilities").asDouble()).isPositive();
    JsonNode plain = Ran.graft("export", run, "--out", folder.resolve("f"), "--json").done().json();
    assertThat(plain.get("precision").asText()).isEqualTo("float32");
    assertThat(plain.get("weights").asText()).isEqualTo("variables");
  }

  @Test
  void exportRefusesPrecisionsThatItCannotHold() {
    Path out = folder.resolve("out");
    Ran.graft("export", run, "--out", out, "--precision", "bfloat16", "--variables")
        .failed(2, "so it has no variables: leave --variables out");
    Ran.graft("export", run, "--out", out, "--precision", "auto")
        .failed(2, "auto depends on the processor, and an export runs on any");
    Ran.graft("export", run, "--out", out, "--precision", "int8")
        .failed(2, "The precision is float32 or bfloat16, but got \"int8\"");
    Ran.graft("export", run, "--out", out, "--precision", "winograd")
        .failed(2, "The precision is float32 or bfloat16, but got \"winograd\"");
    assertThat(out).doesNotExist();
  }

  @ParameterizedTest
  @ValueSource(strings = {"batch", "features"})
  void anUnknownPrecisionIsRefused(String job) {
    Path out = folder.resolve("none");
    Ran.graft(job, run, folder, "--out", out, "--precision", "half")
        .failed(
            2,
            "Invalid value for option '--precision': The precision is float32, winograd, bfloat16 or"
                + " auto, but got \"half\".");
    assertThat(out).doesNotExist();
  }

  @Test
  void inspectChecksGradientsWhenAsked() throws IOException {
    Path residual = Path.of("testdata", "models", "residual");
    assertThat(Ran.graft("inspect", residual).done().out()).doesNotContain("gradient");
    assertThat(Ran.graft("inspect", residual, "--check-gradients").done().out())
        .containsPattern("shared_conv/kernel +\\d\\.\\de-\\d+ +yes");
    JsonNode json = Ran.graft("inspect", residual, "--check-gradients", "--json").done().json();
    assertThat(json.get("gradients")).hasSize(19).allMatch(g -> g.get("right").asBoolean());
  }

  @Test
  void inspectAnswersWithJson() throws IOException {
    JsonNode json = Ran.graft("inspect", run, "--json").done().json();
    assertThat(json.get("parameters").asInt()).isEqualTo(242);
    assertThat(json.get("labels")).map(JsonNode::asText).containsExactly("blue", "red");
    assertThat(json.get("handoff").asBoolean()).isTrue();
    assertThat(json.get("layers")).map(layer -> layer.get("name").asText()).contains("head/dense");
  }

  @Test
  void inspectReadsAModelWithoutHandoff() throws IOException {
    Path plain = Path.of("testdata", "models", "keras3-saved");
    assertThat(Ran.graft("inspect", plain).done().out()).contains("no handoff", "block1_conv");
    JsonNode json = Ran.graft("inspect", plain, "--json").done().json();
    assertThat(json.get("handoff").asBoolean()).isFalse();
    assertThat(json.get("preparation").isNull()).isTrue();
  }

  @Test
  void inspectSaysWhatAnExampleCosts() {
    assertThat(Ran.graft("inspect", Trainings.POOL).done().out())
        .contains("an example:  55,296 multiply-adds (110,592 FLOPs), about ")
        .contains(
            "answers features: float32 [?, 4, 4, 8], for each example a map of 4 × 4, 8 channels");
  }

  @Test
  void inspectSaysWhatToBewareOf() throws IOException {
    assertThat(Ran.graft("inspect", run).done().out()).doesNotContain("beware");
    assertThat(Ran.graft("inspect", Path.of("testdata", "models", "keras3-export")).done().out())
        .contains("9 variables are stored a second time (2,176 bytes)")
        .contains("The input keras_tensor is called images in what is trained on it");
    assertThat(Ran.graft("inspect", Path.of("testdata", "models", "nested")).done().out())
        .contains("ends in a classifier of [-1, 5] but says no labels");
  }

  @Test
  void inspectShowsAModelThatCannotBeUsedAsFarAsItGoes() throws IOException {
    Path newer =
        BrokenModelTest.copy(
            Path.of("testdata", "models", "keras3-saved"), folder.resolve("newer"));
    Path file = newer.resolve("saved_model.pb");
    byte[] bytes = Files.readAllBytes(file);
    int at = new String(bytes, StandardCharsets.ISO_8859_1).indexOf("\022\004Relu");
    bytes[at + 5] = 'x';
    Files.write(file, bytes);
    Ran ran = Ran.graft("inspect", newer);
    ran.complained(1, "of op Relx, which this TensorFlow");
    assertThat(ran.out())
        .contains("signature serving_default (which Graft uses)")
        .contains("It has ops that this TensorFlow does not know: Relx;");
    JsonNode json = Ran.graft("inspect", newer, "--json").json();
    assertThat(json.get("unusable").asText()).contains("Relx");
    assertThat(json.get("signatures")).hasSize(1);
    assertThat(json.has("layers")).isFalse();
  }

  @Test
  void batchAndFeaturesAnswerWithJson() throws IOException {
    Path data = shared.resolve("training-data");
    JsonNode batch =
        Ran.graft("batch", run, data, "--out", folder.resolve("out.jsonl"), "--json").done().json();
    assertThat(batch.get("predicted").asInt()).isEqualTo(20);
    JsonNode again =
        Ran.graft("batch", run, data, "--out", folder.resolve("out.jsonl"), "--resume", "--json")
            .done()
            .json();
    assertThat(again.get("out").asText()).isEqualTo(folder.resolve("out.jsonl").toString());
    JsonNode features =
        Ran.graft("features", Trainings.POOL, data, "--out", folder.resolve("f"), "--json")
            .done()
            .json();
    assertThat(features.get("predicted").asInt()).isEqualTo(20);
  }

  @Test
  void verifyPassesARunAndItsModel() throws IOException {
    Ran ran = Ran.graft("verify", run).done();
    assertThat(ran.out())
        .contains("probabilities", "logits", "preparation", "golden samples agree");
    assertThat(ran.err()).isEmpty();
    JsonNode json = Ran.graft("verify", run.resolve("model"), "--json").done().json();
    assertThat(json.get("passed").asBoolean()).isTrue();
    assertThat(json.get("comparisons")).hasSize(6);
  }

  @Test
  void verifyAnswersInFullWhenAModelFails() throws IOException {
    Path model = BrokenModelTest.copy(run.resolve("model"), folder.resolve("model"));
    Files.writeString(model.resolve("assets/labels.txt"), "red\nblue\n");
    Ran ran = Ran.graft("verify", model, "--json");
    ran.complained(3, "changed assets/labels.txt");
    assertThat(ran.json().get("passed").asBoolean()).isFalse();
    assertThat(ran.json().get("changed"))
        .map(JsonNode::asText)
        .containsExactly("assets/labels.txt");
  }

  @Test
  void verifyFindsAGoldenSampleThatDisagrees() throws IOException {
    Path model = BrokenModelTest.copy(run.resolve("model"), folder.resolve("model"));
    Path golden = model.resolve("golden/probabilities.npy");
    byte[] bytes = Files.readAllBytes(golden);
    bytes[bytes.length - 1] ^= 0x40;
    Files.write(golden, bytes);
    dev.graft.handoff.Handoff.read(model)
        .orElseThrow()
        .withFiles(dev.graft.handoff.Handoff.hashFiles(model))
        .write(model);
    Ran ran = Ran.graft("verify", model);
    ran.complained(3, model, "\"probabilities\"", "largest relative difference", "allowed");
    assertThat(ran.out()).contains("FAILED");
  }

  @Test
  void verifyToleratesAFileTooMany() throws IOException {
    Path model = BrokenModelTest.copy(run.resolve("model"), folder.resolve("model"));
    Files.writeString(model.resolve("notes.txt"), "mine");
    assertThat(Ran.graft("verify", model).done().out()).contains("does not list: notes.txt");
  }

  @Test
  void evaluateCountsRightAndWrong() throws IOException {
    Path data = Drawn.folder(folder.resolve("data"), 3, "blue", "red");
    Ran table = Ran.graft("evaluate", run, data).done();
    assertThat(table.out()).contains("accuracy 1.0000", "6 examples, 2 classes", "precision");
    JsonNode json = Ran.graft("evaluate", run, data, "--json", "--assert-accuracy", "1").json();
    assertThat(json.get("accuracy").asDouble()).isEqualTo(1);
    assertThat(json.get("confusion").toString()).isEqualTo("[[3,0],[0,3]]");
    assertThat(json.get("worstMistakes")).isEmpty();
  }

  @Test
  void evaluateEndsWithThreeBelowTheAccuracyAskedFor() throws IOException {
    Path data = Drawn.folder(folder.resolve("data"), 3, "red", "blue"); // colours the other way
    Ran ran = Ran.graft("evaluate", run, data, "--assert-accuracy", "0.5", "--json");
    ran.complained(3, "The accuracy is 0.0000, expected at least 0.5 (--assert-accuracy)");
    assertThat(ran.json().get("worstMistakes")).hasSize(6);
  }

  @Test
  void evaluateLeavesBadFilesOutAndListsThem() throws IOException {
    Path data = Drawn.folder(folder.resolve("data"), 2, "blue", "red");
    Path text = Files.copy(IMAGES.resolve("text.jpg"), data.resolve("red/text.jpg"));
    Path readme = Files.writeString(data.resolve("red/README"), "Red.");
    Ran ran = Ran.graft("evaluate", run, data, "--json", "--quiet").done();
    assertThat(ran.json().get("examples").asInt()).isEqualTo(4);
    assertThat(ran.json().get("rejected").get(text.toString()).asText()).contains("is no image");
    assertThat(ran.json().get("rejected").get(readme.toString()).asText()).contains("end in");
    assertThat(ran.err().lines()).hasSize(2).allMatch(line -> line.startsWith(data.toString()));
  }

  @Test
  void evaluateNeedsAnImageThatCanBeRead() throws IOException {
    for (String name : List.of("blue", "red")) {
      Files.createDirectories(folder.resolve("data").resolve(name));
      Files.writeString(folder.resolve("data").resolve(name).resolve("a.jpg"), "text");
    }
    Ran.graft("evaluate", run, folder.resolve("data"), "--quiet")
        .failed(1, "None of the 2 images can be read", "blue/a.jpg is no image");
  }

  @Test
  void evaluateNeedsTheClassesOfTheModel() throws IOException {
    Path data = Drawn.folder(folder.resolve("data"), 2, "blue", "green");
    Ran.graft("evaluate", run, data, "--quiet").failed(1, "[blue, green]", "[blue, red]");
    Ran.graft("evaluate", run, folder.resolve("nowhere")).failed(1, "nowhere does not exist");
    Ran.graft("evaluate", run, data, "--assert-accuracy", "2").failed(2, "0 to 1", "got 2.0");
  }

  @Test
  void predictNamesTheLikeliestClasses() throws IOException {
    Path data = Drawn.folder(folder.resolve("data"), 1, "blue", "red");
    Path blue = data.resolve("blue/0.png");
    Path red = data.resolve("red/0.png");
    assertThat(Ran.graft("predict", run, red, blue).done().out().lines())
        .hasSize(3)
        .anyMatch(line -> line.matches("\\Q" + red + "\\E +red +[01]\\.\\d{4}"))
        .anyMatch(line -> line.matches("\\Q" + blue + "\\E +blue +[01]\\.\\d{4}"));
    JsonNode first =
        Ran.graft("predict", run, blue, "--top", "5", "--json").done().json().get("predictions");
    assertThat(first).hasSize(1);
    assertThat(first.get(0).get("label").asText()).isEqualTo("blue");
    assertThat(first.get(0).get("top")).hasSize(2);
    double sum = first.get(0).get("top").get(0).get("probability").asDouble();
    sum += first.get(0).get("top").get(1).get("probability").asDouble();
    assertThat(sum).isCloseTo(1, org.assertj.core.data.Offset.offset(1e-5));
  }

  @Test
  void predictAnswersTheGoodAmongTheBad() throws IOException {
    Path good = Drawn.folder(folder.resolve("data"), 1, "blue", "red").resolve("red/0.png");
    Path missing = folder.resolve("missing.jpg");
    Path corrupt = IMAGES.resolve("truncated-header.jpg");
    Ran ran = Ran.graft("predict", run, missing, good, corrupt, "--json");
    ran.complained(1, "2 of 3 images could not be read");
    JsonNode predictions = ran.json().get("predictions");
    assertThat(predictions).map(one -> one.has("error")).containsExactly(true, false, true);
    assertThat(predictions.get(1).get("label").asText()).isEqualTo("red");
    assertThat(ran.err().lines())
        .hasSize(3)
        .anyMatch(line -> line.equals(missing + " does not exist."))
        .anyMatch(line -> line.startsWith(corrupt + " is a "))
        .allMatch(line -> line.matches(".*[^.]\\."));
  }

  @Test
  void predictNeedsSenseInItsOptions() {
    Ran.graft("predict", run, "a.jpg", "--top", "0").failed(2, "--top must be 1 or more, got 0");
    Ran.graft("predict", run, "a.jpg", "--top", "all").failed(2, "--top", "'all'");
    Ran.graft("predict", run).failed(2, "IMAGE");
  }
}
