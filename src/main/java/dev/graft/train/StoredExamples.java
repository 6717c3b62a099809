package dev.graft.train;

import dev.graft.data.LabeledImage;
import dev.graft.features.FeatureExtraction;
import dev.graft.features.FeatureStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Examples whose features lie in a store. */
final class StoredExamples implements Examples {
  private final FeatureStore store;
  private final int[] rows;
  private final List<LabeledImage> images;

  private StoredExamples(FeatureStore store, int[] rows, List<LabeledImage> images) {
    this.store = store;
    this.rows = rows;
    this.images = List.copyOf(images);
  }

  /**
   * @param images in order
   * @param extracted what became of the same images
   */
  static StoredExamples of(
      FeatureStore store, List<LabeledImage> images, FeatureExtraction.Outcome extracted)
      throws IOException {
    List<LabeledImage> usable = new ArrayList<>();
    int[] rows = new int[images.size()];
    for (int i = 0; i < images.size(); i++) {
      Optional<String> hash = extracted.hashes().get(i);
      if (hash.isPresent()) {
        rows[usable.size()] = store.row(hash.get());
        usable.add(images.get(i));
      }
    }
    return new StoredExamples(store, java.util.Arrays.copyOf(rows, usable.size()), usable);
  }

  /** The file of an example. */
  Path path(int example) {
    return images.get(example).path();
  }

  List<LabeledImage> images() {
    return images;
  }

  @Override
  public int size() {
    return rows.length;
  }

  @Override
  public int label(int example) {
    return images.get(example).label();
  }

  @Override
  public void read(int tensor, int example, FloatBuffer destination) {
    try {
      store.readRows(new int[] {rows[example]}, tensor, destination);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
