package dev.graft.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.data.Preparation;
import dev.graft.data.Sha256;
import dev.graft.handoff.Handoff;
import dev.graft.handoff.Layer;
import dev.graft.handoff.LayerVariable;
import dev.graft.model.Backbone;
import dev.graft.model.Head;
import dev.graft.model.JoinedModel;
import dev.graft.predict.Verification;
import dev.graft.savedmodel.Checkpoint;
import dev.graft.savedmodel.SavedModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelExportTest {
  @TempDir private Path folder;

  @Test
  void theHandoffTellsAllThatTheModelIs() throws IOException {
    Path exported = TinyClassifier.export(folder.resolve("model"));
    Handoff handoff = Handoff.read(exported).orElseThrow();
    assertThat(handoff.model().source()).isEqualTo("graft");
    assertThat(handoff.model().name()).isEqualTo("pool");
    assertThat(handoff.model().parameters()).isEqualTo(224 + 8 * 3 + 3);
    assertThat(handoff.labels()).contains(TinyClassifier.LABELS.names());
    assertThat(handoff.training().orElseThrow()).containsEntry("seed", 1);
    assertThat(handoff.layers().stream().map(Layer::name))
        .containsExactly("images", "block1_conv", "block1_pool", "head/dense");
    assertThat(handoff.variables().stream().map(LayerVariable::name))
        .containsExactly(
            "block1_conv/kernel", "block1_conv/bias", "head/dense/kernel", "head/dense/bias");
    assertThat(handoff.compareFiles(exported).allAsListed()).isTrue();
    Checkpoint checkpoint = SavedModel.read(exported).checkpoint();
    for (LayerVariable variable : handoff.variables()) {
      assertThat(checkpoint.read(variable.key()).sha256()).isEqualTo(variable.sha256());
    }
  }

  @Test
  void theSameModelMakesTheSameBytes() throws IOException {
    Path first = TinyClassifier.export(folder.resolve("first"));
    Path second = TinyClassifier.export(folder.resolve("second"));
    assertThat(hashes(second)).isEqualTo(hashes(first)).hasSizeGreaterThan(8);
  }

  @Test
  void anExportIsABackboneForTheNextTraining() throws IOException {
    Path exported = TinyClassifier.export(folder.resolve("model"));
    Backbone backbone = Backbone.load(exported).withOutput("block1_pool");
    JoinedModel joined =
        JoinedModel.join(backbone, Head.parse("gap, dense(softmax)"), TinyClassifier.LABELS, 2);
    Path again = folder.resolve("again");
    Verification verification =
        new ModelExport(joined, backbone.preparation().orElseThrow(), Map.of()).write(again);
    assertThat(verification.isPassed()).isTrue();
    assertThat(SavedModel.read(again).checkpoint().read("block1_conv/kernel"))
        .isEqualTo(SavedModel.read(exported).checkpoint().read("block1_conv/kernel"));
  }

  @Test
  void whereSomethingIsNothingIsWritten() throws IOException {
    Path taken = Files.createDirectories(folder.resolve("model"));
    Files.writeString(taken.resolve("mine.txt"), "mine");
    assertThatThrownBy(() -> TinyClassifier.export(taken))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("exists already");
    assertThat(taken.resolve("mine.txt")).hasContent("mine");
    assertThat(taken.resolve("handoff.json")).doesNotExist();
  }

  @Test
  void aFailureLeavesNothing() throws IOException {
    Path pool = Path.of("testdata", "models", "pool");
    Path copy = folder.resolve("pool");
    try (Stream<Path> files = Files.walk(pool)) {
      for (Path file : files.toList()) {
        Files.copy(file, copy.resolve(pool.relativize(file).toString()));
      }
    }
    Backbone backbone = Backbone.load(copy);
    JoinedModel model =
        JoinedModel.join(backbone, Head.parse("gap, dense(softmax)"), TinyClassifier.LABELS, 1);
    Files.delete(copy.resolve("golden/images/1.jpg"));
    ModelExport export = new ModelExport(model, backbone.preparation().orElseThrow(), Map.of());
    Path target = folder.resolve("model");
    assertThatThrownBy(() -> export.write(target)).isInstanceOf(IOException.class);
    assertThat(target).doesNotExist();
  }

  @Test
  void aPreparationForAnotherSizeIsRefused() throws IOException {
    JoinedModel model = TinyClassifier.join(Head.parse("gap, dense(softmax)"));
    Preparation other = Preparation.named("rescale", 24, 16);
    assertThatThrownBy(() -> new ModelExport(model, other, Map.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("[-1, 16, 16, 3]")
        .hasMessageContaining("[-1, 24, 16, 3]");
  }

  @Test
  void aBackboneWithoutGoldenImagesGetsDrawnOnes() throws IOException {
    Path plain = Path.of("testdata", "models", "keras2");
    Backbone backbone = Backbone.load(plain);
    JoinedModel model =
        JoinedModel.join(backbone, Head.parse("dense(softmax)"), TinyClassifier.LABELS, 1);
    Path exported = folder.resolve("model");
    new ModelExport(model, Preparation.named("rescale", 12, 12), Map.of()).write(exported);
    assertThat(Handoff.read(exported).orElseThrow().golden().orElseThrow().images())
        .isEqualTo(List.of("golden/images/0.png", "golden/images/1.png", "golden/images/2.png"));
  }

  private static Map<String, String> hashes(Path folder) throws IOException {
    Map<String, String> hashes = new TreeMap<>();
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        hashes.put(folder.relativize(file).toString(), Sha256.of(file));
      }
    }
    return hashes;
  }
}
