package dev.graft.features;

import dev.graft.data.ProgressListener;
import dev.graft.image.ExifOrientation;
import dev.graft.image.ImageView;
import dev.graft.image.PreparedImage;
import dev.graft.model.ImagePipeline;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Fills a feature store with the features of images: those that it has are left alone, the others
 * go through the trunk once. For one thread at a time.
 */
public final class FeatureExtraction {
  /** Rows that go to the disk together; each such write waits for the disk. */
  private static final int ROWS = 64;

  private final FeatureStore store;
  private final ImagePipeline pipeline;
  private final ProgressListener listener;

  /** Works on the given parts and owns none of them. */
  public FeatureExtraction(FeatureStore store, ImagePipeline pipeline, ProgressListener listener) {
    this.store = store;
    this.pipeline = pipeline;
    this.listener = listener;
  }

  /**
   * What became of the images.
   *
   * @param hashes SHA-256 of the bytes of each image, in the order asked for; empty for one that
   *     was left out
   * @param rejected the images that were left out, with the reason, the end of a sentence that
   *     starts with the path
   * @param computed images that went through the trunk
   * @param turned images whose EXIF data ask for them to be turned
   */
  public record Outcome(
      List<Optional<String>> hashes, Map<Path, String> rejected, int computed, int turned) {}

  /**
   * Makes sure that the store has the features of all images that can be read.
   *
   * @throws IOException when the store's disk fails
   */
  public Outcome extract(List<Path> images) throws IOException {
    return extractViews(images.stream().map(ImageView::original).toList());
  }

  /**
   * Makes sure that the store has the features of all images and views that can be read.
   *
   * @return its hashes are the {@link ImageView#key keys}
   * @throws IOException when the store's disk fails
   */
  Outcome extractViews(List<ImageView> images) throws IOException {
    Pass pass = new Pass();
    try {
      pipeline.run(
          images.iterator(),
          this::isKnown,
          chunk -> {
            chunk.images().forEach(pass::note);
            pass.take(chunk);
            listener.progress("features", pass.hashes.size(), images.size());
          });
    } finally {
      pass.store(); // also what is there when the listener stops the work
    }
    return new Outcome(List.copyOf(pass.hashes), pass.rejected, pass.computed, pass.turned);
  }

  /** What one pass over the images has found so far. */
  private final class Pass {
    private final List<Optional<String>> hashes = new ArrayList<>();
    private final Map<Path, String> rejected = new LinkedHashMap<>();
    private final List<String> waiting = new ArrayList<>();
    private final List<List<FloatBuffer>> features = new ArrayList<>();
    private int computed;
    private int turned;

    /** Keeps the features until there are enough for a write. */
    void take(ImagePipeline.Chunk<ImageView> chunk) throws IOException {
      if (!chunk.outputs().isEmpty()) {
        chunk.ready().forEach(image -> waiting.add(image.sha256()));
        features.add(
            chunk.outputs().stream().map(tensor -> tensor.bytes().asFloatBuffer()).toList());
      }
      if (waiting.size() >= ROWS) {
        store();
      }
    }

    void store() throws IOException {
      if (waiting.isEmpty()) {
        return;
      }
      List<String> images = List.copyOf(waiting);
      List<FloatBuffer> batch = new ArrayList<>();
      for (int tensor = 0; tensor < features.get(0).size(); tensor++) {
        batch.add(joined(tensor));
      }
      waiting.clear();
      features.clear();
      store.append(images, batch);
    }

    private FloatBuffer joined(int tensor) {
      int values = features.stream().mapToInt(chunk -> chunk.get(tensor).remaining()).sum();
      FloatBuffer joined = FloatBuffer.allocate(values);
      features.forEach(chunk -> joined.put(chunk.get(tensor)));
      return joined.flip();
    }

    void note(PreparedImage<ImageView> image) {
      if (image instanceof PreparedImage.Rejected<ImageView> bad) {
        rejected.put(bad.source().path(), bad.reason());
        hashes.add(Optional.empty());
      } else if (image instanceof PreparedImage.Known<ImageView> known) {
        found(known.sha256(), known.orientation());
      } else if (image instanceof PreparedImage.Ready<ImageView> ready) {
        found(ready.sha256(), ready.orientation());
        computed++;
      }
    }

    private void found(String sha256, int orientation) {
      hashes.add(Optional.of(sha256));
      turned += orientation > ExifOrientation.UPRIGHT ? 1 : 0;
    }
  }

  private boolean isKnown(String sha256) {
    try {
      return store.contains(sha256);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
