package dev.graft.handoff;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.util.RawValue;
import dev.graft.data.Npy;
import dev.graft.data.NpyArray;
import dev.graft.data.Preparation;
import dev.graft.savedmodel.ModelFormatException;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HandoffTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir Path folder;
  private Handoff written;

  @BeforeEach
  void writeModel() throws IOException {
    written = TestModel.write(folder);
  }

  @Test
  void comesBackAsItWasWritten() throws IOException {
    Handoff read = Handoff.read(folder).orElseThrow();

    assertThat(read).isEqualTo(written);
    assertThat(read.preparation()).contains(Preparation.named("caffe", 2, 2));
    assertThat(read.variables())
        .extracting(LayerVariable::name)
        .containsExactly("dense/kernel", "dense/bias");
  }

  @Test
  void theSameHandoffIsWrittenWithTheSameBytes() throws IOException {
    byte[] first = Files.readAllBytes(file());
    Handoff.read(folder).orElseThrow().write(folder);
    assertThat(Files.readAllBytes(file())).isEqualTo(first);
    assertThat(folder).isDirectoryNotContaining("glob:**.part");
  }

  @Test
  void emptyAnswersComeBackToo() throws IOException {
    Handoff full = TestModel.handoff();
    Handoff bare =
        new Handoff(
            full.model(),
            new WeightsInfo("graft", Optional.empty(), Optional.empty()),
            Map.of(),
            full.signature(),
            List.of(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            List.of(),
            Handoff.hashFiles(folder),
            Optional.empty(),
            Optional.empty(),
            Optional.empty());
    bare.write(folder);
    assertThat(Handoff.read(folder)).contains(bare);
  }

  @Test
  void aPreparationByPillowAndACroppedImageComeBack() throws IOException {
    change("/preparation/resize", "aspect", "\"crop\"");
    Handoff cropping = Handoff.read(folder).orElseThrow();
    assertThat(cropping.preparation().orElseThrow().resize().aspect())
        .isEqualTo(Preparation.Aspect.CROP);
    cropping.write(folder);
    assertThat(Handoff.read(folder)).contains(cropping);
    change("/preparation", "decode", "\"pillow\"");
    assertThatThrownBy(() -> Handoff.read(folder))
        .hasMessageContaining("A preparation with Pillow's pixels resizes with nearest, stretched");
  }

  @Test
  void aFolderWithoutAHandoffHasNone() throws IOException {
    Files.delete(file());
    assertThat(Handoff.read(folder)).isEmpty();
  }

  @Test
  void aNewerVersionIsRefusedWithBothNumbers() throws IOException {
    change("/", "version", "7");
    assertRefused(
        file()
            + " has version 7 of the handoff, but this Graft knows versions 1 to 1: use a newer"
            + " Graft.");
  }

  @Test
  void aHandoffFromBeforeThereWereTasksHasNone() throws IOException {
    JsonNode older = JSON.readTree(file().toFile());
    ((ObjectNode) older).remove("task");
    JSON.writeValue(file().toFile(), older);
    assertThat(Handoff.read(folder).orElseThrow().task()).isEmpty();
    change("/", "task", "\"poems\"");
    assertThatThrownBy(() -> Handoff.read(folder))
        .hasMessageContaining("There is no task \"poems\"; known are classes, labels, numbers");
  }

  @Test
  void aHandoffFromBeforeThereWereSeveralSignaturesHasOne() throws IOException {
    ObjectNode older = (ObjectNode) JSON.readTree(file().toFile());
    older.remove("signatures");
    ((ObjectNode) older.get("golden")).remove("otherOutputs");
    JSON.writeValue(file().toFile(), older);
    Handoff read = Handoff.read(folder).orElseThrow();
    assertThat(read.allSignatures()).containsExactly(written.signature());
    assertThat(read.golden().orElseThrow().otherOutputs()).isEmpty();
  }

  @Test
  void unknownMembersAreIgnored() throws IOException {
    change("/", "colour", "\"green\"");
    change("/model", "year", "2014");
    assertThat(Handoff.read(folder)).contains(written);
  }

  @Test
  void everyMissingMemberIsNamedByItsPlace() throws IOException {
    JsonNode whole = JSON.readTree(file().toFile());
    List<String> pointers = new ArrayList<>();
    collectMembers(whole, "", pointers);
    assertThat(pointers).hasSizeGreaterThan(50);
    // The members that came later.
    assertThat(pointers.remove("/task")).isTrue();
    assertThat(pointers.remove("/signatures")).isTrue();
    assertThat(pointers.remove("/precision")).isTrue();
    assertThat(pointers.remove("/precision/differences/features")).isTrue();
    assertThat(pointers.removeIf(pointer -> pointer.startsWith("/golden/otherOutputs"))).isTrue();
    for (String pointer : pointers) {
      JsonNode cut = whole.deepCopy();
      int slash = pointer.lastIndexOf('/');
      ((ObjectNode) cut.at(pointer.substring(0, slash))).remove(pointer.substring(slash + 1));
      JSON.writeValue(file().toFile(), cut);
      assertRefused(file() + " has no " + place(pointer) + ".");
    }
  }

  @Test
  void everyMemberOfAnotherKindIsNamedByItsPlace() throws IOException {
    JsonNode whole = JSON.readTree(file().toFile());
    List<String> pointers = new ArrayList<>();
    collectMembers(whole, "", pointers);
    for (String pointer : pointers) {
      JsonNode changed = whole.deepCopy();
      int slash = pointer.lastIndexOf('/');
      ObjectNode parent = (ObjectNode) changed.at(pointer.substring(0, slash));
      String name = pointer.substring(slash + 1);
      parent.set(
          name,
          parent.get(name).isNumber() ? JSON.nullNode() : JSON.getNodeFactory().numberNode(4.5));
      JSON.writeValue(file().toFile(), changed);
      assertThatThrownBy(() -> Handoff.read(folder))
          .as(pointer)
          .isInstanceOf(ModelFormatException.class)
          .hasMessageContaining(" must have ")
          .hasMessageContaining(" at " + place(pointer) + ", but has ");
    }
  }

  /** All members that the format prescribes, as JSON pointers. */
  private static void collectMembers(JsonNode node, String pointer, List<String> pointers) {
    boolean free = List.of("/versions", "/files", "/training", "/golden/outputs").contains(pointer);
    if (node.isObject() && !free) {
      for (Map.Entry<String, JsonNode> member : node.properties()) {
        pointers.add(pointer + "/" + member.getKey());
        collectMembers(member.getValue(), pointer + "/" + member.getKey(), pointers);
      }
    }
    for (int i = 0; node.isArray() && i < node.size(); i++) {
      collectMembers(node.get(i), pointer + "/" + i, pointers);
    }
  }

  private static String place(String pointer) {
    return "$" + pointer.replaceAll("/(\\d+)", "[$1]").replace('/', '.');
  }

  @Test
  void allMissingMembersOfAnObjectAreNamedTogether() throws IOException {
    change("/model", "name", null);
    change("/model", "parameters", null);
    assertRefused(file() + " has no $.model.name and no $.model.parameters.");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../secret",
        "golden/../../secret",
        "/etc/passwd",
        "C:/x",
        "c:x",
        "a\\\\b",
        "a//b",
        "a/",
        ".",
        "./a",
        "",
        "a/..",
        "a\\u0000b"
      })
  void aPathThatLeavesTheFolderIsRefused(String path) throws IOException {
    String quoted = '"' + path + '"';
    change("/golden", "prepared", quoted);
    assertThatThrownBy(() -> Handoff.read(folder))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining(", $.golden: A path must lie in the model's folder");
    written.write(folder);
    change("/weights", "file", quoted);
    assertThatThrownBy(() -> Handoff.read(folder)).hasMessageContaining(", $.weights: A path");
    written.write(folder);
    String text = Files.readString(file());
    Files.writeString(file(), text.replace("\"LICENSE.weights\":", quoted + ":"));
    assertThatThrownBy(() -> Handoff.read(folder)).hasMessageContaining("A path must lie in");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '`',
      value = {
        "/; format; \"other\"; must have the format \"graft-handoff\" at $.format, but has"
            + " \"other\"",
        "/; version; 0; has version 0 of the handoff",
        "/; labels; []; The list of labels must be null or not empty",
        "/; files; {}; lacks saved_model.pb, LICENSE.weights, golden/images/0.jpg",
        "/model; parameters; -1; $.model: The number of parameters of a model must not be negative",
        "/model; parameters; 1e99; an integer at $.model.parameters",
        "/model; parameters; 99999999999999999999; an integer at $.model.parameters",
        "/model; name; \" \"; $.model: The name of a model must not be blank",
        "/signature; outputs; []; A signature needs inputs and outputs, but has 1 and 0",
        "/signature/inputs/0; dtype; \"float31\"; $.signature.inputs[0]: An element type is one of",
        "/signature/inputs/0; shape; [-2]; A size is 0 or more, or -1",
        "/signature/inputs/0; shape; [1.5]; an integer at $.signature.inputs[0].shape[0]",
        "/preparation; decode; \"imageio\"; No decoder is called \"imageio\"; expected one of [tensorflow, pillow]",
        "/preparation; colourOrder; \"cmyk\"; $.preparation.colourOrder: No colour order is called",
        "/preparation; mean; [1]; needs 3 values",
        "/preparation; divisor; 0; must not be zero",
        "/preparation; divisor; 1e999; a number at $.preparation.divisor",
        "/preparation/resize; height; 0; $.preparation.resize: Images cannot be resized to 0×2",
        "/preparation/resize; method; \"best\"; No resize method is called \"best\"",
        "/layers/1/variables/1; name; \"dense/kernel\"; The name of a variable must be unique",
        "/layers/1/variables/0; shape; [-1, 2]; Every size of the variable \"dense/kernel\" must be"
            + " known",
        "/layers/1/variables/0; sha256; \"ABC\"; $.layers[1].variables[0]: A SHA-256 value is 64",
        "/layers/0; name; \"dense\"; The name of a layer must be unique",
        "/golden; tolerance; 0; $.golden: The tolerance of golden samples lies between 0 and 1",
        "/golden; tolerance; 1; but is 1.0",
        "/golden; outputs; {\"other\": \"golden/features.npy\"}; samples of [other]",
        "/golden; outputs; {}; Golden samples need at least one output",
        "/golden; prepared; \"other.npy\"; lacks other.npy",
      })
  void nothingIsBelieved(String pointer, String member, String value, String message)
      throws IOException {
    change(pointer, member, value);
    assertThatThrownBy(() -> Handoff.read(folder))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageStartingWith(file().toString())
        .hasMessageContaining(message);
  }

  @Test
  void textThatIsNoJsonIsRefusedWithTheLine() throws IOException {
    Files.writeString(file(), "{\n  \"format\": oops}");
    assertThatThrownBy(() -> Handoff.read(folder))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining("is not JSON")
        .hasMessageContaining("line 2");
    for (String text :
        List.of("", "[]", "null", "{} {}", "{\"a\": 1, \"a\": 2}", "[".repeat(100_000))) {
      Files.writeString(file(), text);
      assertThatThrownBy(() -> Handoff.read(folder)).isInstanceOf(ModelFormatException.class);
    }
    Files.write(file(), "{\"ä\": 1}".getBytes(StandardCharsets.ISO_8859_1));
    assertThatThrownBy(() -> Handoff.read(folder))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining("is not UTF-8");
  }

  @Test
  void aHandoffCutAnywhereIsRefused() throws IOException {
    byte[] whole = Files.readAllBytes(file());
    for (int length = 0; length < whole.length - 2; length += 97) {
      Files.write(file(), Arrays.copyOf(whole, length));
      assertThatThrownBy(() -> Handoff.read(folder)).isInstanceOf(ModelFormatException.class);
    }
  }

  @Test
  void wholeFilesPassAndExtraOnesAreReturned() throws IOException {
    assertThat(written.checkFiles(folder)).isEmpty();
    Files.writeString(folder.resolve("variables/.DS_Store"), "x");
    assertThat(written.checkFiles(folder)).containsExactly("variables/.DS_Store");
  }

  @Test
  void allDifferencesOfTheFilesAreNamedTogether() throws IOException {
    Files.delete(folder.resolve("LICENSE.weights"));
    Files.delete(folder.resolve("golden/images/1.jpg"));
    byte[] index = Files.readAllBytes(folder.resolve("variables/variables.index"));
    index[299_999] ^= 1;
    Files.write(folder.resolve("variables/variables.index"), index);
    Files.writeString(folder.resolve("saved_model.pb"), "graph ");
    Files.writeString(folder.resolve("notes.txt"), "x");

    assertThatThrownBy(() -> written.checkFiles(folder))
        .isInstanceOf(ModelFormatException.class)
        .hasMessage(
            folder
                + " is not what its handoff.json lists: missing LICENSE.weights,"
                + " golden/images/1.jpg; changed saved_model.pb, variables/variables.index;"
                + " unexpected notes.txt. Copy or export the model again.");
    assertThat(written.compareFiles(folder).allAsListed()).isFalse();
  }

  @Test
  void hashesAreThoseOfSha256sum() {
    assertThat(written.files())
        .containsEntry(
            "golden/images/0.jpg",
            "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed")
        .doesNotContainKey("handoff.json");
  }

  @Test
  void aHandoffThatNamesUnlistedFilesIsNotWritten() {
    assertThatThrownBy(() -> TestModel.handoff().write(folder))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("lacks saved_model.pb, LICENSE.weights");
  }

  @Test
  void goldenSamplesAreRead() throws IOException {
    GoldenSamples samples = written.golden().orElseThrow().read(folder);

    assertThat(samples.images()).hasSize(2).allMatch(Files::exists);
    assertThat(samples.prepared().shape()).containsExactly(2L, 2L, 2L, 3L);
    assertThat(samples.outputs().get("features").values()).containsExactly(1, 2, 3, 4);
    assertThat(samples.tolerance()).isEqualTo(1e-5);
  }

  @Test
  void goldenSamplesThatDoNotFitAreRefused() throws IOException {
    Golden golden = written.golden().orElseThrow();
    Path features = folder.resolve("golden/features.npy");

    Npy.writeFloats(features, NpyArray.of(new float[] {1, Float.NaN}, 2, 1));
    assertGoldenRefused(golden, "must be finite, but value 1 is NaN");
    Npy.writeFloats(features, NpyArray.of(new float[3], 3, 1));
    assertGoldenRefused(golden, "must hold 2 samples, but have the shape [3, 1]");
    Npy.writeDoubles(features, NpyArray.of(new double[2], 2, 1));
    assertGoldenRefused(golden, "has elements of type '<f8': expected '<f4'");
    Files.delete(features);
    assertGoldenRefused(golden, "golden/features.npy".replace('/', File.separatorChar));
    Files.delete(folder.resolve("golden/images/0.jpg"));
    assertGoldenRefused(golden, "0.jpg that handoff.json names is missing");
  }

  private void assertGoldenRefused(Golden golden, String message) {
    assertThatThrownBy(() -> golden.read(folder))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining(message);
  }

  private void assertRefused(String message) {
    assertThatThrownBy(() -> Handoff.read(folder))
        .isInstanceOf(ModelFormatException.class)
        .hasMessage(message);
  }

  private Path file() {
    return folder.resolve("handoff.json");
  }

  /** Sets a member of the object at a JSON pointer; removes it if the value is null. */
  private void change(String pointer, String member, String value) throws IOException {
    JsonNode root = JSON.readTree(file().toFile());
    ObjectNode object = (ObjectNode) (pointer.equals("/") ? root : root.at(pointer));
    if (value == null) {
      object.remove(member);
    } else {
      object.putRawValue(member, new RawValue(value));
    }
    JSON.writeValue(file().toFile(), root);
  }
}
