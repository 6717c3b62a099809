package dev.graft.features;

import dev.graft.data.LabeledImage;
import dev.graft.data.Preparation;
import dev.graft.data.ProgressListener;
import dev.graft.handoff.Versions;
import dev.graft.image.ImageReader;
import dev.graft.model.CutModel;
import dev.graft.model.CutTensor;
import dev.graft.model.ImagePipeline;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Turns labelled images into features at a model's cut: each image goes through the trunk once,
 * ever, and its features are kept. Owns a reader and a store, not the cut model; close it. For one
 * thread at a time.
 */
public final class Featurizer implements AutoCloseable {
  private final CutModel cut;
  private final ImageReader reader;
  private final FeatureStore store;
  private final FeatureCache cache;

  private Featurizer(CutModel cut, ImageReader reader, FeatureStore store, FeatureCache cache) {
    this.cut = cut;
    this.reader = reader;
    this.store = store;
    this.cache = cache;
  }

  /**
   * Opens a featurizer that keeps its features in the user's cache.
   *
   * @param cut must stay open as long as this
   * @param preparation how the trunk wants its images
   * @throws IOException when the cache can't be used
   */
  public static Featurizer open(CutModel cut, Preparation preparation) throws IOException {
    return open(cut, preparation, FeatureCache.ofUser());
  }

  /**
   * Opens a featurizer that keeps its features in a folder of stores.
   *
   * @param folder made when it is not there; its size is not limited
   * @throws IOException when the folder can't be used
   */
  public static Featurizer open(CutModel cut, Preparation preparation, Path folder)
      throws IOException {
    return open(cut, preparation, new FeatureCache(folder, Long.MAX_VALUE));
  }

  private static Featurizer open(CutModel cut, Preparation preparation, FeatureCache cache)
      throws IOException {
    ImageReader reader = ImageReader.open(preparation);
    try {
      List<FeatureSpec> specs = cut.tensors().stream().map(Featurizer::spec).toList();
      return new Featurizer(cut, reader, cache.open(key(cut, preparation), specs), cache);
    } catch (IOException | RuntimeException | Error e) {
      reader.close();
      throw e;
    }
  }

  /** Everything that can change a bit of a feature. */
  private static FeatureKey key(CutModel cut, Preparation preparation) {
    Map<String, String> key = new LinkedHashMap<>();
    key.put("trunk", cut.trunkHash());
    key.put("preparation", preparation.toString());
    key.put("precision", "float32");
    key.put("batch", String.valueOf(ImagePipeline.BATCH));
    key.put("platform", System.getProperty("os.name") + " " + System.getProperty("os.arch"));
    key.putAll(Versions.current());
    return FeatureKey.of(key);
  }

  private static FeatureSpec spec(CutTensor tensor) {
    return FeatureSpec.of(
        tensor.placeholder(), Arrays.stream(tensor.rowShape()).asLongStream().toArray());
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
  public LabeledFeatures extract(List<LabeledImage> images, ProgressListener listener)
      throws IOException {
    if (cache.limit() != Long.MAX_VALUE) {
      // An estimate: how many of them the store has is known when their bytes are read.
      cache.makeRoom(Math.max(0, images.size() - store.rows()) * store.bytesPerImage());
    }
    List<Path> files = images.stream().map(LabeledImage::path).toList();
    FeatureExtraction extraction = new FeatureExtraction(store, cut.trunk(), reader, listener);
    return LabeledFeatures.of(store, images, extraction.extract(files));
  }

  @Override
  public void close() throws IOException {
    try {
      store.close();
    } finally {
      reader.close();
    }
  }
}
