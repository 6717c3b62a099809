package dev.graft.image;

import dev.graft.data.Sha256;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Queue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/**
 * Reads and prepares images on several threads and delivers them in the order of their sources.
 * Only a few images a thread are ahead of the caller, so memory stays bounded whatever their
 * number.
 *
 * <p>For one thread of the caller at a time, on which the sources are asked for, too; {@link
 * #close} may come from any. Owns its threads, not the reader, which must stay open until this is
 * closed.
 *
 * @param <S> where the bytes come from
 */
public final class PreparedImages<S extends ImageSource>
    implements Iterator<PreparedImage<S>>, AutoCloseable {
  private static final int AHEAD_PER_THREAD = 4;

  private final ImageReader reader;
  private final Predicate<String> known;
  private final Iterator<? extends S> waiting;
  private final Queue<Future<PreparedImage<S>>> underWay = new ArrayDeque<>();
  private final ExecutorService threads;
  private final int ahead;

  private PreparedImages(
      Iterator<? extends S> sources, ImageReader reader, int threads, Predicate<String> known) {
    if (threads < 1) {
      throw new IllegalArgumentException(
          "Images cannot be prepared on " + threads + " threads; expected at least 1.");
    }
    this.reader = reader;
    this.known = known;
    this.waiting = sources;
    this.threads = Executors.newFixedThreadPool(threads, PreparedImages::thread);
    this.ahead = threads * AHEAD_PER_THREAD;
    fill();
  }

  /**
   * Starts to prepare all images.
   *
   * @param threads number of threads, at least 1
   */
  public static <S extends ImageSource> PreparedImages<S> of(
      Iterator<? extends S> sources, ImageReader reader, int threads) {
    return of(sources, reader, threads, sha256 -> false);
  }

  /**
   * Starts to prepare the images whose contents are not known yet.
   *
   * @param threads number of threads, at least 1
   * @param known says of the SHA-256 of an image's bytes, or of a {@link ImageView#key}, whether
   *     the values are not needed; called from several threads at once
   */
  public static <S extends ImageSource> PreparedImages<S> of(
      Iterator<? extends S> sources, ImageReader reader, int threads, Predicate<String> known) {
    return new PreparedImages<>(sources, reader, threads, known);
  }

  @Override
  public synchronized boolean hasNext() {
    return !underWay.isEmpty() || waiting.hasNext();
  }

  /**
   * The next file's image, for which it waits.
   *
   * @throws NoSuchElementException after the last file
   * @throws CancellationException if this is closed while the caller waits, or if the caller is
   *     interrupted; its flag is then set, and the image is not lost
   * @throws IllegalStateException if this was closed before, or if an image could not be prepared
   *     for a reason that does not lie in the image
   */
  @Override
  public PreparedImage<S> next() {
    Future<PreparedImage<S>> first = first();
    try {
      PreparedImage<S> image = first.get();
      advance();
      return image;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancellationException("Interrupted while an image was being prepared.");
    } catch (ExecutionException e) {
      advance();
      if (e.getCause() instanceof Error error) {
        throw error;
      }
      throw new IllegalStateException(e.getCause().getMessage(), e.getCause());
    }
  }

  private synchronized Future<PreparedImage<S>> first() {
    if (threads.isShutdown()) {
      throw new IllegalStateException("The prepared images are closed.");
    }
    fill();
    if (underWay.isEmpty()) {
      throw new NoSuchElementException("All images were delivered.");
    }
    return underWay.peek();
  }

  private synchronized void advance() {
    underWay.poll();
    fill();
  }

  private void fill() {
    while (!threads.isShutdown() && underWay.size() < ahead && waiting.hasNext()) {
      S source = waiting.next();
      underWay.add(threads.submit(() -> prepare(source)));
    }
  }

  private PreparedImage<S> prepare(S source) {
    try {
      byte[] image = source.read();
      String sha256 = Sha256.of(image);
      String key = source instanceof ImageView view ? view.key(sha256) : sha256;
      int orientation = ExifOrientation.of(image);
      return known.test(key)
          ? new PreparedImage.Known<>(source, key, orientation)
          : new PreparedImage.Ready<>(
              source, key, orientation, read(source, image, sha256, orientation));
    } catch (BadImageException e) {
      return new PreparedImage.Rejected<>(source, e.getMessage());
    } catch (IOException e) {
      return new PreparedImage.Rejected<>(source, "cannot be read: " + e);
    } catch (RuntimeException e) {
      throw new IllegalStateException(source + " could not be prepared: " + e.getMessage(), e);
    }
  }

  private float[] read(S source, byte[] image, String sha256, int orientation)
      throws BadImageException {
    return source instanceof ImageView view && view.number() != ImageView.ORIGINAL
        ? reader.readView(image, orientation, sha256, view.number())
        : reader.read(image, orientation);
  }

  private static Thread thread(Runnable work) {
    Thread thread = new Thread(work, "graft-images");
    thread.setDaemon(true);
    return thread;
  }

  /**
   * Gives up what is not delivered yet and waits until no thread uses the reader. A second call
   * does nothing.
   */
  @Override
  public void close() {
    giveUp();
    boolean interrupted = false;
    while (!threads.isTerminated()) {
      try {
        threads.awaitTermination(1, TimeUnit.MINUTES);
      } catch (InterruptedException e) {
        interrupted = true; // The reader may be closed next, so its users must be gone.
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private synchronized void giveUp() {
    threads.shutdown();
    underWay.forEach(image -> image.cancel(false));
    underWay.clear();
  }
}
