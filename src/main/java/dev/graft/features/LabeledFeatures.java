package dev.graft.features;

import dev.graft.data.LabeledImage;
import dev.graft.data.Target;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Labelled images whose features lie in a store, without those that could not be read. Valid while
 * the {@link Featurizer} that made it is open.
 */
public final class LabeledFeatures implements Examples {
  private final FeatureStore store;
  private final int[] rows;
  private final List<LabeledImage> images;
  private final FeatureExtraction.Outcome outcome;

  private LabeledFeatures(
      FeatureStore store,
      int[] rows,
      List<LabeledImage> images,
      FeatureExtraction.Outcome outcome) {
    this.store = store;
    this.rows = rows;
    this.images = List.copyOf(images);
    this.outcome = outcome;
  }

  /**
   * Finds the rows of images.
   *
   * @param asked in order
   * @param outcome what became of the same images
   */
  static LabeledFeatures of(
      FeatureStore store, List<LabeledImage> asked, FeatureExtraction.Outcome outcome)
      throws IOException {
    List<LabeledImage> usable = new ArrayList<>();
    int[] rows = new int[asked.size()];
    for (int i = 0; i < asked.size(); i++) {
      Optional<String> hash = outcome.hashes().get(i);
      if (hash.isPresent()) {
        rows[usable.size()] = store.row(hash.get());
        usable.add(asked.get(i));
      }
    }
    return new LabeledFeatures(store, Arrays.copyOf(rows, usable.size()), usable, outcome);
  }

  /** The same images with other rows of the same store, one for each. */
  LabeledFeatures withRows(int[] others) {
    return new LabeledFeatures(store, others, images, outcome);
  }

  /** The row of an example in the store. */
  int row(int example) {
    return rows[example];
  }

  /** What became of the images, those that could not be read among them. */
  public FeatureExtraction.Outcome outcome() {
    return outcome;
  }

  /** The images, in the order of the examples. */
  public List<LabeledImage> images() {
    return images;
  }

  /** The file of an example. */
  public Path path(int example) {
    return images.get(example).path();
  }

  @Override
  public String name(int example) {
    return path(example).toString();
  }

  @Override
  public int size() {
    return rows.length;
  }

  @Override
  public Target target(int example) {
    return images.get(example).target();
  }

  @Override
  public float weight(int example) {
    return images.get(example).weight();
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
