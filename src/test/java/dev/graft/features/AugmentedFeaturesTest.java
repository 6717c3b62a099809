package dev.graft.features;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.data.Augmentation;
import dev.graft.data.LabeledImage;
import dev.graft.data.LabeledImages;
import dev.graft.data.Preparation;
import dev.graft.data.ProgressListener;
import dev.graft.data.Sha256;
import dev.graft.image.ImageReader;
import dev.graft.model.CutModel;
import dev.graft.model.FreezePlan;
import dev.graft.model.GoldenModel;
import dev.graft.model.JoinedModel;
import dev.graft.tensor.HostTensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Views of drawn images through the trunk of the model {@code pool}: 8 features each. */
class AugmentedFeaturesTest {
  private static final Augmentation KEPT = Augmentation.parse("rotation(0.5), views(3)");
  private static final Augmentation LIVE = KEPT.withViews(Augmentation.LIVE);

  @TempDir private Path folder;
  private CutModel cut;
  private Preparation preparation;
  private List<LabeledImage> images;

  @BeforeEach
  void open() throws IOException {
    JoinedModel model = new GoldenModel("pool").join("gap, dense(softmax)", 3);
    preparation = model.backbone().preparation().orElseThrow();
    cut = model.cut(FreezePlan.allFrozen());
    DrawnImages.draw(folder.resolve("data"), 0, 30);
    images = LabeledImages.read(folder.resolve("data")).images();
  }

  @AfterEach
  void close() {
    cut.close();
  }

  @Test
  void aPassShowsTheViewThatFollowsFromItsNumber() throws Exception {
    try (Featurizer featurizer = featurizer()) {
      TrainingFeatures training = extract(featurizer, KEPT, 7);
      assertThat(training.outcome().computed()).isEqualTo(270);
      assertThat(training.images()).isEqualTo(images);
      for (int pass = 1; pass <= 4; pass++) {
        Examples shown = training.examples().inPass(pass, order());
        for (int image : new int[] {0, 31, 89}) {
          assertThat(features(shown, image))
              .isEqualTo(alone(images.get(image).path(), KEPT.view(7, image, pass)));
        }
      }
    }
  }

  @Test
  void viewsAreMadeOnceWhateverTheSeedAndTheirNumber() throws Exception {
    try (Featurizer featurizer = featurizer()) {
      assertThat(extract(featurizer, KEPT, 1).outcome().computed()).isEqualTo(270);
    }
    try (Featurizer featurizer = featurizer()) {
      assertThat(extract(featurizer, KEPT, 2).outcome().computed()).isZero();
      assertThat(extract(featurizer, KEPT.withViews(5), 2).outcome().computed()).isEqualTo(180);
      Augmentation other = Augmentation.parse("rotation(0.4), views(3)");
      assertThat(extract(featurizer, other, 1).outcome().computed()).isEqualTo(270);
    }
  }

  @Test
  void validationImagesAreNotAugmented() throws Exception {
    try (Featurizer featurizer = featurizer()) {
      extract(featurizer, KEPT, 1);
      LabeledFeatures validation = featurizer.extract(images.subList(0, 9));
      for (int image = 0; image < 9; image++) {
        try (ImageReader reader = ImageReader.open(preparation)) {
          float[] pixels = reader.read(Files.readAllBytes(images.get(image).path()));
          assertThat(features(validation, image)).isEqualTo(trunk(pixels));
        }
      }
    }
  }

  @Test
  void liveViewsAreThoseOfTheSameNumbersInWhateverOrder() throws Exception {
    try (Featurizer featurizer = featurizer()) {
      TrainingFeatures training = extract(featurizer, LIVE, 7);
      assertThat(training.outcome().computed()).isZero();
      int[] order = order();
      Examples shown = training.examples().inPass(2, order);
      // The order of the pass, then one that was long ago.
      for (int image : IntStream.concat(Arrays.stream(order), IntStream.of(order[0])).toArray()) {
        assertThat(features(shown, image))
            .isEqualTo(alone(images.get(image).path(), LIVE.view(7, image, 2)));
      }
      Examples next = training.examples().inPass(3, order);
      assertThat(features(next, 4)).isNotEqualTo(features(shown, 4));
    }
  }

  @Test
  void whatCannotBeReadIsLeftOutOfKeptAndLiveViews() throws Exception {
    Files.writeString(images.get(3).path(), "no image");
    for (Augmentation augmentation : List.of(KEPT, LIVE)) {
      try (Featurizer featurizer = featurizer()) {
        TrainingFeatures training = extract(featurizer, augmentation, 1);
        assertThat(training.outcome().rejected()).containsOnlyKeys(images.get(3).path());
        assertThat(training.examples().size()).isEqualTo(89);
        assertThat(training.images()).doesNotContain(images.get(3));
        Examples shown = training.examples().inPass(1, new int[] {3});
        assertThat(shown.target(3)).isEqualTo(images.get(4).target());
        assertThat(features(shown, 3))
            .isEqualTo(alone(images.get(4).path(), augmentation.view(1, 3, 1)));
      }
    }
  }

  @Test
  void anExampleIsCalledByItsFileInEveryPass() throws Exception {
    for (Augmentation augmentation : List.of(KEPT, LIVE)) {
      try (Featurizer featurizer = featurizer()) {
        Examples examples = extract(featurizer, augmentation, 1).examples();
        String file = images.get(4).path().toString();
        assertThat(examples.name(4)).isEqualTo(file);
        assertThat(examples.inPass(2, order()).name(4)).isEqualTo(file);
      }
    }
  }

  @Test
  void anImageThatVanishesWhileItIsTrainedOnIsNamed() throws Exception {
    try (Featurizer featurizer = featurizer()) {
      Examples shown = extract(featurizer, LIVE, 1).examples().inPass(1, order());
      Files.delete(images.get(order()[70]).path());
      features(shown, order()[0]);
      assertThatThrownBy(() -> features(shown, order()[64]))
          .isInstanceOf(UncheckedIOException.class)
          .hasMessageContaining(
              images.get(order()[70]).path()
                  + " does not exist, though it could be read when the run began");
    }
  }

  private Featurizer featurizer() throws IOException {
    return Featurizer.open(cut, preparation, folder.resolve("features"));
  }

  private TrainingFeatures extract(Featurizer featurizer, Augmentation augmentation, long seed)
      throws IOException {
    return featurizer.extract(images, augmentation, seed, ProgressListener.none());
  }

  private int[] order() {
    return IntStream.range(0, images.size()).map(i -> (i * 37 + 5) % images.size()).toArray();
  }

  private float[] alone(Path image, long view) throws Exception {
    byte[] bytes = Files.readAllBytes(image);
    try (ImageReader reader = ImageReader.open(preparation, KEPT)) {
      return trunk(reader.readView(bytes, Sha256.of(bytes), view));
    }
  }

  private float[] trunk(float[] pixels) {
    return cut.trunk().run(List.of(HostTensor.of(pixels, 1, 16, 16, 3))).get(0).floats();
  }

  private static float[] features(Examples examples, int image) {
    FloatBuffer row = FloatBuffer.allocate(8);
    examples.read(0, image, row);
    return row.array();
  }
}
