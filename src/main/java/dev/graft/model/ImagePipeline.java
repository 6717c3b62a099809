package dev.graft.model;

import dev.graft.image.ImageReader;
import dev.graft.image.ImageShape;
import dev.graft.image.ImageView;
import dev.graft.image.PreparedImage;
import dev.graft.image.PreparedImages;
import dev.graft.tensor.HostTensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Predicate;

/**
 * Runs files through a graph: decoded and prepared on some threads, run in small batches side by
 * side on others, delivered in the order of the list on the caller's. Only a few batches are under
 * way, so memory is bounded whatever the number of files.
 */
public final class ImagePipeline {
  /** Images a run. Small batches side by side beat a big one on a CPU. */
  public static final int BATCH = 8;

  private static final int BATCHES_PER_THREAD = 2;

  private final FrozenGraph graph;
  private final ImageReader reader;
  private final int threads = Runtime.getRuntime().availableProcessors();

  /** Works with the given parts and owns neither; both must stay open. */
  public ImagePipeline(FrozenGraph graph, ImageReader reader) {
    this.graph = graph;
    this.reader = reader;
  }

  /**
   * What became of some files that follow one another.
   *
   * @param images of each file, in order
   * @param outputs of the graph for the {@link PreparedImage.Ready} ones, in order; empty when
   *     there are none
   */
  public record Chunk(List<PreparedImage> images, List<HostTensor> outputs) {
    /** The images that were run, in the order of the rows of the outputs. */
    public List<PreparedImage.Ready> ready() {
      return images.stream()
          .filter(PreparedImage.Ready.class::isInstance)
          .map(PreparedImage.Ready.class::cast)
          .toList();
    }
  }

  /** Takes chunks in order. */
  @FunctionalInterface
  public interface Sink {
    /** Called on the thread that called {@link #run}. */
    void accept(Chunk chunk) throws IOException;
  }

  /**
   * Runs files.
   *
   * @param known says of a file's SHA-256 that the graph need not run for it; called from several
   *     threads
   * @throws IOException when the sink fails, or the thread is interrupted
   */
  public void run(List<Path> files, Predicate<String> known, Sink sink) throws IOException {
    runViews(files.stream().map(ImageView::original).toList(), known, sink);
  }

  /**
   * Runs images and views of images.
   *
   * @param known says of a {@link ImageView#key} that the graph need not run for it; called from
   *     several threads
   * @throws IOException when the sink fails, or the thread is interrupted
   */
  public void runViews(List<ImageView> views, Predicate<String> known, Sink sink)
      throws IOException {
    ExecutorService runners = Executors.newFixedThreadPool(threads);
    try (PreparedImages images = PreparedImages.ofViews(views, reader, threads, known)) {
      Deque<Future<Chunk>> underWay = new ArrayDeque<>();
      while (images.hasNext() || !underWay.isEmpty()) {
        while (images.hasNext() && underWay.size() < threads * BATCHES_PER_THREAD) {
          List<PreparedImage> next = take(images);
          underWay.add(runners.submit(() -> run(next)));
        }
        sink.accept(underWay.remove().get());
      }
    } catch (ExecutionException e) {
      throw failure(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("Interrupted while images were under way.", e);
    } catch (CancellationException e) {
      throw new IOException("Interrupted while images were being prepared.", e);
    } catch (UncheckedIOException e) {
      throw e.getCause();
    } finally {
      stop(runners);
    }
  }

  private static List<PreparedImage> take(PreparedImages images) {
    List<PreparedImage> taken = new ArrayList<>();
    int ready = 0;
    while (images.hasNext() && ready < BATCH) {
      PreparedImage image = images.next();
      ready += image instanceof PreparedImage.Ready ? 1 : 0;
      taken.add(image);
    }
    return taken;
  }

  private Chunk run(List<PreparedImage> images) {
    Chunk unrun = new Chunk(images, List.of());
    List<float[]> pixels = unrun.ready().stream().map(PreparedImage.Ready::values).toList();
    return pixels.isEmpty() ? unrun : new Chunk(images, run(graph, reader.shape(), pixels));
  }

  /**
   * Runs one batch of prepared images.
   *
   * @return the graph's outputs, first axis the batch
   */
  public static List<HostTensor> run(FrozenGraph graph, ImageShape shape, List<float[]> images) {
    return graph.run(List.of(ImageBatch.of(shape, images)));
  }

  /** Waits for runs under way: the caller closes the graph next. */
  private static void stop(ExecutorService runners) {
    runners.shutdown();
    boolean interrupted = false;
    while (!runners.isTerminated()) {
      try {
        runners.awaitTermination(1, java.util.concurrent.TimeUnit.MINUTES);
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private static IOException failure(Throwable cause) {
    if (cause instanceof RuntimeException unchecked) {
      throw unchecked;
    }
    if (cause instanceof Error error) {
      throw error;
    }
    return cause instanceof IOException io ? io : new IOException(cause);
  }
}
