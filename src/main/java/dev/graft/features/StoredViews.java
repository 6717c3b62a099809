package dev.graft.features;

import dev.graft.data.Augmentation;
import dev.graft.data.LabeledImage;
import dev.graft.data.Target;
import dev.graft.image.ImageView;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Images of which several views lie in a store; each pass shows one view of each image. */
final class StoredViews implements Examples {
  private final List<LabeledFeatures> views;
  private final Augmentation augmentation;
  private final long seed;

  private StoredViews(List<LabeledFeatures> views, Augmentation augmentation, long seed) {
    this.views = views;
    this.augmentation = augmentation;
    this.seed = seed;
  }

  /**
   * Makes the views that the store does not have.
   *
   * @param seed of the choice of views, not of the views
   */
  static TrainingFeatures extract(
      FeatureStore store,
      FeatureExtraction extraction,
      List<LabeledImage> images,
      Augmentation augmentation,
      long seed)
      throws IOException {
    FeatureExtraction.Outcome all =
        extraction.extractViews(
            images.stream()
                .map(LabeledImage::path)
                .flatMap(file -> views(file, augmentation).stream())
                .toList());
    int count = augmentation.views();
    FeatureExtraction.Outcome counted =
        new FeatureExtraction.Outcome(
            all.hashes(), all.rejected(), all.computed(), all.turned() / count);
    List<LabeledFeatures> views = new ArrayList<>();
    for (int view = 0; view < count; view++) {
      List<Optional<String>> keys = new ArrayList<>();
      for (int image = 0; image < images.size(); image++) {
        keys.add(all.hashes().get(image * count + view));
      }
      views.add(
          LabeledFeatures.of(
              store, images, new FeatureExtraction.Outcome(keys, all.rejected(), 0, 0)));
    }
    return new TrainingFeatures(
        new StoredViews(views, augmentation, seed), views.get(0).images(), counted);
  }

  private static List<ImageView> views(Path file, Augmentation augmentation) {
    List<ImageView> views = new ArrayList<>();
    for (int view = 0; view < augmentation.views(); view++) {
      views.add(new ImageView(file, view));
    }
    return views;
  }

  @Override
  public int size() {
    return views.get(0).size();
  }

  @Override
  public Target target(int example) {
    return views.get(0).target(example);
  }

  @Override
  public float weight(int example) {
    return views.get(0).weight(example);
  }

  @Override
  public String name(int example) {
    return views.get(0).name(example);
  }

  @Override
  public void read(int tensor, int example, FloatBuffer destination) {
    views.get(0).read(tensor, example, destination);
  }

  @Override
  public Examples inPass(int pass, int[] order) {
    int[] rows = new int[size()];
    for (int example = 0; example < rows.length; example++) {
      rows[example] = views.get((int) augmentation.view(seed, example, pass)).row(example);
    }
    return views.get(0).withRows(rows);
  }
}
