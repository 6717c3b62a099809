package dev.graft.features;

import dev.graft.data.Augmentation;
import dev.graft.data.LabeledImage;
import dev.graft.data.Preparation;
import dev.graft.data.ProgressListener;
import dev.graft.handoff.Versions;
import dev.graft.image.ImageReader;
import dev.graft.model.Calibration;
import dev.graft.model.CutModel;
import dev.graft.model.CutTensor;
import dev.graft.model.ImagePipeline;
import dev.graft.tensor.Arithmetic;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Turns labelled images into features at a model's cut: each image, or each view of it, goes
 * through the trunk once, ever, and its features are kept. Owns readers and stores, not the cut
 * model; close it. For one thread at a time.
 */
public final class Featurizer implements FeatureSource {
  /** How the random numbers of views are drawn; another number for other views of the same text. */
  private static final String DRAWING = "1";

  private final CutModel cut;
  private final Preparation preparation;
  private final FeatureCache cache;
  private final Calibration calibration;
  private final Source originals;
  private final List<Source> views = new ArrayList<>();

  private Featurizer(
      CutModel cut, Preparation preparation, FeatureCache cache, Calibration calibration)
      throws IOException {
    this.cut = cut;
    this.preparation = preparation;
    this.cache = cache;
    this.calibration = calibration;
    this.originals = open(Optional.empty());
  }

  /** Where images come from and where their features go; live views have no store. */
  private record Source(ImageReader reader, Optional<FeatureStore> store) implements AutoCloseable {
    @Override
    public void close() throws IOException {
      try {
        if (store.isPresent()) {
          store.get().close();
        }
      } finally {
        reader.close();
      }
    }
  }

  /**
   * Opens a featurizer.
   *
   * @param cut must stay open as long as this
   * @param preparation how the trunk wants its images
   * @param cache where the features are kept
   * @param calibration how the trunk runs
   * @throws IOException when the cache can't be used
   */
  public static Featurizer open(
      CutModel cut, Preparation preparation, FeatureCache cache, Calibration calibration)
      throws IOException {
    return new Featurizer(cut, preparation, cache, calibration);
  }

  /**
   * Opens a featurizer that keeps its features in the user's cache.
   *
   * @param cut must stay open as long as this
   * @param preparation how the trunk wants its images
   * @throws IOException when the cache can't be used
   */
  public static Featurizer open(CutModel cut, Preparation preparation) throws IOException {
    return open(cut, preparation, FeatureCache.ofUser(), Calibration.standard());
  }

  /**
   * Opens a featurizer that keeps its features in a folder of stores, whatever their size.
   *
   * @param folder made when it is not there
   * @throws IOException when the folder can't be used
   */
  public static Featurizer open(CutModel cut, Preparation preparation, Path folder)
      throws IOException {
    return open(cut, preparation, new FeatureCache(folder, Long.MAX_VALUE), Calibration.standard());
  }

  /**
   * Whether a cache has features of a trunk's images that were made in a way.
   *
   * @throws IOException when the cache can't be read
   */
  public static boolean isBegun(
      CutModel cut, Preparation preparation, FeatureCache cache, Calibration calibration)
      throws IOException {
    return cache.has(key(cut, preparation, Optional.empty(), calibration), specs(cut));
  }

  private Source open(Optional<Augmentation> augmentation) throws IOException {
    ImageReader reader =
        augmentation.isPresent()
            ? ImageReader.open(preparation, augmentation.get())
            : ImageReader.open(preparation);
    try {
      if (augmentation.filter(Augmentation::isLive).isPresent()) {
        return new Source(reader, Optional.empty());
      }
      FeatureStore store = cache.open(key(cut, preparation, augmentation, calibration), specs(cut));
      return new Source(reader, Optional.of(store));
    } catch (IOException | RuntimeException | Error e) {
      reader.close();
      throw e;
    }
  }

  /** Everything that can change a bit of a feature. */
  private static FeatureKey key(
      CutModel cut,
      Preparation preparation,
      Optional<Augmentation> augmentation,
      Calibration calibration) {
    Map<String, String> key = new LinkedHashMap<>();
    key.put("trunk", cut.trunkHash());
    key.put("preparation", preparation.toString());
    augmentation.ifPresent(
        steps -> key.put("augmentation", DRAWING + ": " + steps.describeSteps()));
    key.put("precision", precision(cut));
    key.put("arithmetic", "fused, scales folded, sums fused");
    key.put("batch", String.valueOf(calibration.batch()));
    key.put("platform", System.getProperty("os.name") + " " + System.getProperty("os.arch"));
    key.putAll(Versions.current());
    return FeatureKey.of(key);
  }

  static String precision(CutModel cut) {
    Arithmetic arithmetic = cut.trunk().arithmetic();
    return arithmetic == Arithmetic.FUSED ? "float32" : arithmetic.word();
  }

  static List<FeatureSpec> specs(CutModel cut) {
    return cut.tensors().stream().map(Featurizer::spec).toList();
  }

  private static FeatureSpec spec(CutTensor tensor) {
    return FeatureSpec.of(
        tensor.placeholder(), Arrays.stream(tensor.rowShape()).asLongStream().toArray());
  }

  @Override
  public Optional<Calibration> calibration() {
    return Optional.of(calibration);
  }

  @Override
  public FeatureSpace reserve(long examples) throws IOException {
    return cache.reserve(originals.store().orElseThrow(), examples);
  }

  /** See the other {@code extract}. */
  public LabeledFeatures extract(List<LabeledImage> images) throws IOException {
    return extract(images, ProgressListener.none());
  }

  /**
   * Makes the features of images that are not known yet.
   *
   * @param listener hears how many images are done
   * @throws IOException when the store's disk fails or can't hold the features
   */
  @Override
  public LabeledFeatures extract(List<LabeledImage> images, ProgressListener listener)
      throws IOException {
    FeatureStore store = originals.store().orElseThrow();
    makeRoom(store, images.size());
    List<Path> files = images.stream().map(LabeledImage::path).toList();
    FeatureExtraction extraction =
        new FeatureExtraction(store, pipeline(originals.reader()), listener);
    return LabeledFeatures.of(store, images, extraction.extract(files));
  }

  /**
   * Makes the features of augmented views that are not known yet; of live views, checks only that
   * the images can be read.
   *
   * @param seed of the choice which view an epoch shows; live, also of the views
   * @param listener hears how many views are done
   * @throws IllegalArgumentException if the augmentation needs colours that the images do not have
   * @throws IOException when the store's disk fails or can't hold the features
   */
  public TrainingFeatures extract(
      List<LabeledImage> images, Augmentation augmentation, long seed, ProgressListener listener)
      throws IOException {
    Source source = open(Optional.of(augmentation));
    views.add(source);
    if (source.store().isEmpty()) {
      return LiveViews.check(
          cut, source.reader(), pipeline(source.reader()), images, augmentation, seed);
    }
    FeatureStore store = source.store().get();
    makeRoom(store, Math.multiplyExact(images.size(), augmentation.views()));
    FeatureExtraction extraction =
        new FeatureExtraction(store, pipeline(source.reader()), listener);
    return StoredViews.extract(store, extraction, images, augmentation, seed);
  }

  /**
   * Keeps features that another process computed with the same trunk, preparation, platform and
   * versions; those of an image that the store has already are left as they are.
   *
   * @param imageSha256s of the bytes of the images, each 64 lower-case hexadecimal digits
   * @param batch for each tensor of the cut the rows of the images, from the buffer's position on
   * @throws IOException when the store's disk fails
   */
  public void put(List<String> imageSha256s, List<FloatBuffer> batch) throws IOException {
    originals.store().orElseThrow().append(imageSha256s, batch);
  }

  private ImagePipeline pipeline(ImageReader reader) {
    return new ImagePipeline(
        cut.trunk(), reader, Runtime.getRuntime().availableProcessors(), calibration);
  }

  /** An estimate: how many of them the store has is known when their bytes are read. */
  private void makeRoom(FeatureStore store, int rows) throws IOException {
    if (cache.limit() != Long.MAX_VALUE) {
      cache.makeRoom(Math.max(0, rows - store.rows()) * store.bytesPerImage());
    }
  }

  @Override
  public void close() throws IOException {
    try (originals) {
      for (Source source : views) {
        source.close();
      }
      views.clear();
    }
  }
}
