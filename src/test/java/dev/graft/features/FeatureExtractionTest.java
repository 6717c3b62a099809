package dev.graft.features;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.data.ProgressListener;
import dev.graft.image.ImageReader;
import dev.graft.model.Backbone;
import dev.graft.model.Calibration;
import dev.graft.model.CutModel;
import dev.graft.model.FreezePlan;
import dev.graft.model.GoldenModel;
import dev.graft.model.ImagePipeline;
import dev.graft.model.JoinedModel;
import dev.graft.tensor.HostTensor;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Images through the trunk of the model {@code pool}, whose features are 8 numbers. */
class FeatureExtractionTest {
  @TempDir private Path folder;
  private CutModel cut;
  private ImageReader reader;
  private FeatureStore store;
  private final List<String> progress = Collections.synchronizedList(new ArrayList<>());

  @BeforeEach
  void open() throws IOException {
    JoinedModel model = new GoldenModel("pool").join("gap, dense(softmax)", 3);
    Backbone backbone = model.backbone();
    cut = model.cut(FreezePlan.allFrozen());
    reader = ImageReader.open(backbone.preparation().orElseThrow());
    store =
        FeatureStore.open(
            folder.resolve("features"),
            FeatureKey.of(Map.of("trunk", cut.trunkHash())),
            List.of(FeatureSpec.of("cut_0", 8)));
  }

  @AfterEach
  void close() throws IOException {
    store.close();
    reader.close();
    cut.close();
  }

  @Test
  void everyImageHasTheFeaturesThatItHasAlone() throws Exception {
    List<Path> images = DrawnImages.draw(folder.resolve("data"), 0, 7);
    FeatureExtraction.Outcome outcome = extract(images);
    assertThat(outcome.computed()).isEqualTo(21);
    assertThat(outcome.rejected()).isEmpty();
    assertThat(outcome.turned()).isZero();
    for (int i = 0; i < images.size(); i++) {
      float[] pixels = reader.read(Files.readAllBytes(images.get(i)));
      HostTensor alone = cut.trunk().run(List.of(HostTensor.of(pixels, 1, 16, 16, 3))).get(0);
      assertThat(features(outcome.hashes().get(i))).isEqualTo(alone.floats());
    }
  }

  @Test
  void everyWayOfRunningMakesTheSameFeatures() throws Exception {
    List<Path> images = DrawnImages.draw(folder.resolve("data"), 0, 7);
    List<float[]> expected = new ArrayList<>();
    for (Calibration way :
        List.of(new Calibration(3, 8, 0), new Calibration(1, 2, 0), new Calibration(2, 16, 0))) {
      FeatureKey key = FeatureKey.of(Map.of("way", way.describe()));
      try (FeatureStore other =
          FeatureStore.open(folder.resolve("features"), key, List.of(FeatureSpec.of("cut_0", 8)))) {
        List<Optional<String>> hashes =
            new FeatureExtraction(
                    other, new ImagePipeline(cut.trunk(), reader, 2, way), ProgressListener.none())
                .extract(images)
                .hashes();
        List<float[]> rows = new ArrayList<>();
        for (Optional<String> hash : hashes) {
          rows.add(features(other, hash));
        }
        if (expected.isEmpty()) {
          expected.addAll(rows);
        }
        assertThat(rows).as(way.describe()).containsExactlyElementsOf(expected);
      }
    }
  }

  /** What was computed is kept though the work was stopped before the rows were enough. */
  @Test
  void whatIsDoneWhenTheWorkIsStoppedIsKept() throws IOException {
    List<Path> images = DrawnImages.draw(folder.resolve("data"), 0, 8);
    ProgressListener stopping =
        (task, done, total) -> {
          if (done >= 8) {
            throw new IllegalStateException("stopped");
          }
        };
    FeatureExtraction extraction =
        new FeatureExtraction(store, new ImagePipeline(cut.trunk(), reader, 1), stopping);
    assertThatThrownBy(() -> extraction.extract(images)).hasMessage("stopped");
    assertThat(store.rows()).isEqualTo(8);
    assertThat(extract(images).computed()).isEqualTo(16);
  }

  @Test
  void whatIsStoredDoesNotGoThroughTheTrunkAgain() throws IOException {
    List<Path> images = DrawnImages.draw(folder.resolve("data"), 0, 3);
    FeatureExtraction.Outcome first = extract(images.subList(0, 5));
    FeatureExtraction.Outcome second = extract(images);
    assertThat(first.computed()).isEqualTo(5);
    assertThat(second.computed()).isEqualTo(4);
    assertThat(extract(images))
        .isEqualTo(new FeatureExtraction.Outcome(second.hashes(), Map.of(), 0, 0));
    assertThat(store.rows()).isEqualTo(9);
  }

  @Test
  void copiesOfAnImageShareARow() throws IOException {
    List<Path> images = DrawnImages.draw(folder.resolve("data"), 0, 2);
    List<Path> all = new ArrayList<>(images);
    for (int copy = 0; copy < 20; copy++) {
      Path file = folder.resolve("copy" + copy + ".png");
      all.add(Files.copy(images.get(0), file));
    }
    FeatureExtraction.Outcome outcome = extract(all);
    assertThat(store.rows()).isEqualTo(6);
    assertThat(outcome.hashes()).hasSize(26);
    assertThat(outcome.hashes().subList(6, 26)).containsOnly(outcome.hashes().get(0));
  }

  @Test
  void filesThatAreNoImagesAreLeftOutInTheirPlaces() throws IOException {
    List<Path> images = new ArrayList<>(DrawnImages.draw(folder.resolve("data"), 0, 1));
    Path broken = folder.resolve("broken.png");
    Files.write(broken, new byte[] {(byte) 0x89, 'P', 'N', 'G'});
    Path missing = folder.resolve("missing.png");
    images.add(1, broken);
    images.add(3, missing);
    images.add(Path.of("testdata", "images", "exif-6.jpg"));
    FeatureExtraction.Outcome outcome = extract(images);
    assertThat(outcome.rejected()).containsOnlyKeys(broken, missing);
    assertThat(outcome.rejected().values()).allSatisfy(why -> assertThat(why).isNotBlank());
    assertThat(outcome.hashes().stream().map(Optional::isPresent))
        .containsExactly(true, false, true, false, true, true);
    assertThat(outcome.computed()).isEqualTo(4);
    assertThat(outcome.turned()).isEqualTo(1);
    assertThat(progress.get(progress.size() - 1)).isEqualTo("features 6/6");
  }

  @Test
  void nothingButBadFilesLeavesTheStoreEmpty() throws IOException {
    Path empty = Files.createFile(folder.resolve("empty.jpg"));
    Path text = Path.of("testdata", "images", "text.jpg");
    FeatureExtraction.Outcome outcome = extract(List.of(empty, text));
    assertThat(outcome.rejected()).containsOnlyKeys(empty, text);
    assertThat(outcome.hashes()).containsExactly(Optional.empty(), Optional.empty());
    assertThat(outcome.computed()).isZero();
    assertThat(store.rows()).isZero();
    assertThat(extract(List.of()).hashes()).isEmpty();
  }

  @Test
  void anInterruptEndsTheExtractionAndStaysSet() throws IOException {
    List<Path> images = DrawnImages.draw(folder.resolve("data"), 0, 3);
    Thread.currentThread().interrupt();
    try {
      assertThatThrownBy(() -> extract(images)).isInstanceOf(IOException.class);
      assertThat(Thread.currentThread().isInterrupted()).isTrue();
    } finally {
      Thread.interrupted();
    }
  }

  private FeatureExtraction.Outcome extract(List<Path> images) throws IOException {
    ProgressListener listener =
        (task, done, total) -> progress.add(task + " " + done + "/" + total);
    return new FeatureExtraction(store, new ImagePipeline(cut.trunk(), reader, 2), listener)
        .extract(images);
  }

  private float[] features(Optional<String> hash) throws IOException {
    return features(store, hash);
  }

  private static float[] features(FeatureStore from, Optional<String> hash) throws IOException {
    FloatBuffer row = FloatBuffer.allocate(8);
    assertThat(from.read(hash.orElseThrow(), 0, row)).isTrue();
    return row.array();
  }
}
