package dev.graft.model;

import dev.graft.image.ImageReader;
import dev.graft.image.ImageShape;
import dev.graft.image.ImageSource;
import dev.graft.image.PreparedImage;
import dev.graft.image.PreparedImages;
import dev.graft.tensor.HostTensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/**
 * Runs images through a graph: decoded and prepared on some threads, run in small batches side by
 * side on others, delivered in the order of their sources on the caller's. Only a few batches are
 * under way, so memory is bounded whatever the number of images.
 *
 * <p>Which images share a batch follows from their place among the sources alone: the first {@link
 * Calibration#batch}, the next, and so on, those that cannot be read and those that are known left
 * out.
 */
public final class ImagePipeline {
  private static final int BATCHES_PER_RUN = 2;
  private static final int IMAGES_PER_RUN = 16;

  private final FrozenGraph graph;
  private final ImageReader reader;
  private final int threads;
  private final Calibration calibration;

  /**
   * Works with the given parts and owns neither; both must stay open.
   *
   * @param threads that prepare images, at least 1
   * @param calibration how many batches run side by side, of how many images; its threads are the
   *     process's and were set before
   */
  public ImagePipeline(
      FrozenGraph graph, ImageReader reader, int threads, Calibration calibration) {
    this.graph = graph;
    this.reader = reader;
    this.threads = threads;
    this.calibration = calibration;
  }

  /**
   * As the other constructor, with as many batches side by side as threads that prepare images.
   *
   * @param threads at least 1
   */
  public ImagePipeline(FrozenGraph graph, ImageReader reader, int threads) {
    this(graph, reader, threads, Calibration.standard(threads));
  }

  /**
   * What became of some images that follow one another.
   *
   * @param images each one, in order
   * @param outputs of the graph for the {@link PreparedImage.Ready} ones, in order; empty when
   *     there are none
   * @param time that the graph took for them
   * @param <S> where the bytes come from
   */
  public record Chunk<S extends ImageSource>(
      List<PreparedImage<S>> images, List<HostTensor> outputs, Duration time) {
    /** The images that were run, in the order of the rows of the outputs. */
    public List<PreparedImage.Ready<S>> ready() {
      List<PreparedImage.Ready<S>> ready = new ArrayList<>();
      for (PreparedImage<S> image : images) {
        if (image instanceof PreparedImage.Ready<S> run) {
          ready.add(run);
        }
      }
      return ready;
    }
  }

  /**
   * Takes chunks in order.
   *
   * @param <S> where the bytes come from
   */
  @FunctionalInterface
  public interface Sink<S extends ImageSource> {
    /** Called on the thread that called {@link #run}. */
    void accept(Chunk<S> chunk) throws IOException;
  }

  /**
   * Runs images to the end.
   *
   * @param known says of the SHA-256 of an image's bytes that the graph need not run for it; called
   *     from several threads
   * @throws IOException when the sink fails, or the thread is interrupted
   */
  public <S extends ImageSource> void run(
      Iterator<? extends S> sources, Predicate<String> known, Sink<S> sink) throws IOException {
    try (Run<S> run = new Run<>(sources, known)) {
      while (run.hasNext()) {
        sink.accept(run.next());
      }
    }
  }

  /**
   * Starts to run images; the caller takes the chunks and closes the result.
   *
   * @param sources asked for on the caller's thread
   */
  public <S extends ImageSource> Run<S> start(Iterator<? extends S> sources) {
    return new Run<>(sources, sha256 -> false);
  }

  /**
   * Images under way. For one thread at a time. Owns its threads; closing it gives up what was not
   * taken and waits until nothing uses the graph and the reader any more.
   *
   * @param <S> where the bytes come from
   */
  public final class Run<S extends ImageSource> implements AutoCloseable {
    private final ExecutorService runners =
        Executors.newFixedThreadPool(calibration.runs(), ImagePipeline::thread);
    private final Deque<Future<Chunk<S>>> underWay = new ArrayDeque<>();
    private final PreparedImages<S> images;

    private Run(Iterator<? extends S> sources, Predicate<String> known) {
      images = PreparedImages.of(sources, reader, threads, known);
    }

    /** Whether there are more chunks. */
    public boolean hasNext() {
      return !underWay.isEmpty() || images.hasNext();
    }

    /**
     * The next chunk, for which it waits.
     *
     * @throws NoSuchElementException after the last one
     * @throws IOException when the thread is interrupted; its flag is then set
     */
    public Chunk<S> next() throws IOException {
      try {
        while (images.hasNext() && underWay.size() < ahead()) {
          List<PreparedImage<S>> next = take();
          underWay.add(runners.submit(() -> compute(next)));
        }
        return underWay.remove().get();
      } catch (ExecutionException e) {
        throw failure(e.getCause());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("Interrupted while images were under way.", e);
      } catch (CancellationException e) {
        throw new IOException("Interrupted while images were being prepared.", e);
      } catch (UncheckedIOException e) {
        throw e.getCause();
      }
    }

    private int ahead() {
      return calibration.runs() * Math.max(BATCHES_PER_RUN, IMAGES_PER_RUN / calibration.batch());
    }

    private List<PreparedImage<S>> take() {
      List<PreparedImage<S>> taken = new ArrayList<>();
      int unknown = 0;
      while (images.hasNext() && unknown < calibration.batch()) {
        PreparedImage<S> image = images.next();
        unknown += image instanceof PreparedImage.Known<S> ? 0 : 1;
        taken.add(image);
      }
      return taken;
    }

    private Chunk<S> compute(List<PreparedImage<S>> taken) {
      Chunk<S> unrun = new Chunk<>(taken, List.of(), Duration.ZERO);
      List<float[]> pixels = unrun.ready().stream().map(PreparedImage.Ready::values).toList();
      if (pixels.isEmpty()) {
        return unrun;
      }
      long began = System.nanoTime();
      List<HostTensor> outputs = ImagePipeline.run(graph, reader.shape(), pixels);
      return new Chunk<>(taken, outputs, Duration.ofNanos(System.nanoTime() - began));
    }

    @Override
    public void close() {
      try {
        images.close();
      } finally {
        underWay.forEach(chunk -> chunk.cancel(false));
        underWay.clear();
        stop(runners);
      }
    }
  }

  /**
   * Runs one batch of prepared images.
   *
   * @return the graph's outputs, first axis the batch
   */
  public static List<HostTensor> run(FrozenGraph graph, ImageShape shape, List<float[]> images) {
    return graph.run(shape, images);
  }

  private static Thread thread(Runnable work) {
    Thread thread = new Thread(work, "graft-model");
    thread.setDaemon(true);
    return thread;
  }

  /** Waits for runs under way: the caller closes the graph next. */
  static void stop(ExecutorService runners) {
    runners.shutdown();
    boolean interrupted = false;
    while (!runners.isTerminated()) {
      try {
        runners.awaitTermination(1, TimeUnit.MINUTES);
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
