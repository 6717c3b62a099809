package dev.graft.features;

import dev.graft.data.ProgressListener;
import dev.graft.image.ExifOrientation;
import dev.graft.image.ImageReader;
import dev.graft.image.PreparedImage;
import dev.graft.image.PreparedImages;
import dev.graft.model.FrozenGraph;
import dev.graft.model.ImageBatch;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Fills a feature store with the features of images: those that it has are left alone, the others
 * go through the trunk once.
 */
public final class FeatureExtraction {
  /** Images a run of the trunk. Small batches side by side beat a big one on a CPU. */
  public static final int BATCH = 8;

  private final FeatureStore store;
  private final FrozenGraph trunk;
  private final ImageReader reader;
  private final ProgressListener listener;

  /** Works on the given parts and owns none of them. */
  public FeatureExtraction(
      FeatureStore store, FrozenGraph trunk, ImageReader reader, ProgressListener listener) {
    this.store = store;
    this.trunk = trunk;
    this.reader = reader;
    this.listener = listener;
  }

  /**
   * What became of the images.
   *
   * @param hashes SHA-256 of the bytes of each image, in the order asked for; empty for one that
   *     was left out
   * @param rejected the images that were left out, with the reason in a sentence
   * @param computed images that went through the trunk
   * @param turned images whose EXIF data say that they are to be turned
   */
  public record Outcome(
      List<Optional<String>> hashes, Map<Path, String> rejected, int computed, int turned) {}

  /**
   * Makes sure that the store has the features of all images that can be read.
   *
   * @throws IOException when the store's disk fails
   */
  public Outcome extract(List<Path> images) throws IOException {
    Pass pass = new Pass(images.size());
    int threads = Runtime.getRuntime().availableProcessors();
    ExecutorService workers = Executors.newFixedThreadPool(threads);
    try (PreparedImages prepared = PreparedImages.of(images, reader, threads, this::isKnown)) {
      List<Future<?>> running = new ArrayList<>();
      for (int i = 0; i < threads; i++) {
        running.add(workers.submit(() -> work(prepared, pass)));
      }
      for (Future<?> worker : running) {
        worker.get();
      }
      return pass.outcome();
    } catch (ExecutionException e) {
      throw failure(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("The extraction of features was interrupted.", e);
    } finally {
      workers.shutdownNow();
    }
  }

  /** What one pass over the images has found so far; guarded by its lock. */
  private static final class Pass {
    private final int total;
    private final List<Optional<String>> hashes = new ArrayList<>();
    private final Map<Path, String> rejected = new LinkedHashMap<>();
    private final Set<String> taken = new HashSet<>();
    private int turned;

    Pass(int total) {
      this.total = total;
    }

    /** Notes an image; true when its features are to be computed. */
    boolean take(PreparedImage image) {
      if (image instanceof PreparedImage.Rejected bad) {
        rejected.put(bad.path(), bad.reason());
        hashes.add(Optional.empty());
        return false;
      }
      if (image instanceof PreparedImage.Known known) {
        turned += known.orientation() > ExifOrientation.UPRIGHT ? 1 : 0;
        hashes.add(Optional.of(known.sha256()));
        return false;
      }
      PreparedImage.Ready ready = (PreparedImage.Ready) image;
      turned += ready.orientation() > ExifOrientation.UPRIGHT ? 1 : 0;
      hashes.add(Optional.of(ready.sha256()));
      return taken.add(ready.sha256());
    }

    Outcome outcome() {
      return new Outcome(List.copyOf(hashes), rejected, taken.size(), turned);
    }
  }

  private boolean isKnown(String sha256) {
    try {
      return store.contains(sha256);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Void work(PreparedImages prepared, Pass pass) throws IOException {
    for (List<PreparedImage.Ready> batch = take(prepared, pass);
        !batch.isEmpty();
        batch = take(prepared, pass)) {
      List<FloatBuffer> features = run(batch);
      synchronized (store) {
        store.append(batch.stream().map(PreparedImage.Ready::sha256).toList(), features);
      }
    }
    return null;
  }

  private List<PreparedImage.Ready> take(PreparedImages prepared, Pass pass) {
    List<PreparedImage.Ready> batch = new ArrayList<>(BATCH);
    synchronized (pass) {
      while (batch.size() < BATCH && prepared.hasNext()) {
        PreparedImage image = prepared.next();
        if (pass.take(image)) {
          batch.add((PreparedImage.Ready) image);
        }
        listener.progress("features", pass.hashes.size(), pass.total);
      }
    }
    return batch;
  }

  private List<FloatBuffer> run(List<PreparedImage.Ready> batch) {
    List<float[]> pixels = batch.stream().map(PreparedImage.Ready::values).toList();
    return trunk.run(List.of(ImageBatch.of(reader.shape(), pixels))).stream()
        .map(tensor -> tensor.bytes().asFloatBuffer())
        .toList();
  }

  private static IOException failure(Throwable cause) {
    if (cause instanceof IOException io) {
      return io;
    }
    if (cause instanceof UncheckedIOException wrapped) {
      return wrapped.getCause();
    }
    if (cause instanceof RuntimeException unchecked) {
      throw unchecked;
    }
    if (cause instanceof Error error) {
      throw error;
    }
    return new IOException(cause);
  }
}
