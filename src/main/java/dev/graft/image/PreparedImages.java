package dev.graft.image;

import dev.graft.data.Sha256;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.List;
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
 * Reads and prepares files on several threads and delivers them in the order of the list. Only a
 * few images a thread are ahead of the caller, so memory stays bounded whatever the number of
 * files.
 *
 * <p>For one thread of the caller at a time; {@link #close} may come from any. Owns its threads,
 * not the reader, which must stay open until this is closed.
 */
public final class PreparedImages implements Iterator<PreparedImage>, AutoCloseable {
  /** Larger files are rejected unread: 256 MiB. */
  static final long MAX_FILE_SIZE = 256L << 20;

  private static final int AHEAD_PER_THREAD = 4;

  private final ImageReader reader;
  private final Predicate<String> known;
  private final Iterator<ImageView> waiting;
  private final Queue<Future<PreparedImage>> underWay = new ArrayDeque<>();
  private final ExecutorService threads;
  private final int ahead;

  private PreparedImages(
      List<ImageView> images, ImageReader reader, int threads, Predicate<String> known) {
    if (threads < 1) {
      throw new IllegalArgumentException(
          "Images cannot be prepared on " + threads + " threads; expected at least 1.");
    }
    this.reader = reader;
    this.known = known;
    this.waiting = List.copyOf(images).iterator();
    this.threads = Executors.newFixedThreadPool(threads, PreparedImages::thread);
    this.ahead = threads * AHEAD_PER_THREAD;
    fill();
  }

  /**
   * Starts to prepare all files.
   *
   * @param threads number of threads, at least 1
   */
  public static PreparedImages of(List<Path> files, ImageReader reader, int threads) {
    return of(files, reader, threads, sha256 -> false);
  }

  /**
   * Starts to prepare the files whose contents are not known yet.
   *
   * @param threads number of threads, at least 1
   * @param known says of a file's SHA-256 whether its values are not needed; called from several
   *     threads at once
   */
  public static PreparedImages of(
      List<Path> files, ImageReader reader, int threads, Predicate<String> known) {
    return ofViews(files.stream().map(ImageView::original).toList(), reader, threads, known);
  }

  /**
   * Starts to prepare images and views of images that are not known yet.
   *
   * @param reader with an augmentation, if there are views
   * @param threads number of threads, at least 1
   * @param known says of a {@link ImageView#key} whether the values are not needed; called from
   *     several threads at once
   */
  public static PreparedImages ofViews(
      List<ImageView> images, ImageReader reader, int threads, Predicate<String> known) {
    return new PreparedImages(images, reader, threads, known);
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
  public PreparedImage next() {
    Future<PreparedImage> first = first();
    try {
      PreparedImage image = first.get();
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

  private synchronized Future<PreparedImage> first() {
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
      ImageView image = waiting.next();
      underWay.add(threads.submit(() -> prepare(image)));
    }
  }

  private PreparedImage prepare(ImageView view) {
    Path file = view.file();
    try {
      byte[] image = bytes(file);
      String sha256 = Sha256.of(image);
      String key = view.key(sha256);
      int orientation = ExifOrientation.of(image);
      return known.test(key)
          ? new PreparedImage.Known(file, key, orientation)
          : new PreparedImage.Ready(file, key, orientation, read(view, image, sha256, orientation));
    } catch (BadImageException e) {
      return new PreparedImage.Rejected(file, e.getMessage());
    } catch (IOException e) {
      return new PreparedImage.Rejected(file, "cannot be read: " + e);
    } catch (RuntimeException e) {
      throw new IllegalStateException(file + " could not be prepared: " + e.getMessage(), e);
    }
  }

  private float[] read(ImageView view, byte[] image, String sha256, int orientation)
      throws BadImageException {
    return view.number() == ImageView.ORIGINAL
        ? reader.read(image, orientation)
        : reader.readView(image, orientation, sha256, view.number());
  }

  private static byte[] bytes(Path file) throws IOException, BadImageException {
    if (!Files.exists(file)) {
      throw new BadImageException("does not exist");
    }
    if (!Files.isRegularFile(file)) {
      throw new BadImageException("is not a file");
    }
    if (Files.size(file) > MAX_FILE_SIZE) {
      throw new BadImageException(
          "has "
              + Files.size(file)
              + " bytes, more than the "
              + MAX_FILE_SIZE
              + " that are allowed");
    }
    return Files.readAllBytes(file);
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
