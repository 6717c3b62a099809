package dev.graft.features;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.nio.BufferOverflowException;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Features of images at a cut of a model, found again by the content of the image. Each image has
 * one row in each tensor of the cut. Rows are float32, or rounded to float16 where the {@link
 * FeatureSpec} says so, in {@code .npy} files of at most 1 GiB that {@code numpy.load} reads; an
 * index tells which image is in which row and what the row's checksums are.
 *
 * <p>What is on disk is not believed: every row is compared with its CRC32C before its first use in
 * a process, and a row that differs counts as missing, to be computed and appended again. A process
 * that is killed loses at most the batch that it was appending. When the disk is full, {@link
 * #append} fails, and the store goes on with the rows that it has.
 *
 * <p>Safe for many threads. A store may also be open several times, in this and in other processes:
 * an append waits while another one is under way, and takes in what others have appended. Images
 * that others append are seen from the next own append on.
 *
 * <p>Owns a lock that keeps {@link FeatureCache} from deleting the store while it is open. Closing
 * twice does no harm.
 */
public final class FeatureStore implements AutoCloseable {
  static final int FORMAT_VERSION = 1;
  static final long SHARD_BYTES = 1L << 30;

  /** The stores that are open in this process, by folder; guarded by itself. */
  private static final Map<Path, Shared> OPEN = new LinkedHashMap<>();

  private final Path path;
  private final StoreFolder folder;
  private volatile boolean closed;

  private FeatureStore(Path path, StoreFolder folder) {
    this.path = path;
    this.folder = folder;
  }

  /** A folder and how many times it is open. */
  private static final class Shared {
    final StoreFolder folder;
    final FileChannel lock;
    int holders;

    Shared(StoreFolder folder, FileChannel lock) {
      this.folder = folder;
      this.lock = lock;
    }
  }

  /**
   * Opens the store of a key, empty if there is none.
   *
   * @param root the folder of all stores; made if it does not exist
   * @param key everything that can change a bit of a feature
   * @param tensors the tensors of the cut, one or more
   * @throws IllegalArgumentException if there are no tensors
   * @throws IOException if the folder cannot be read and written
   */
  public static FeatureStore open(Path root, FeatureKey key, List<FeatureSpec> tensors)
      throws IOException {
    return open(root, key, tensors, SHARD_BYTES);
  }

  static FeatureStore open(Path root, FeatureKey key, List<FeatureSpec> tensors, long shardBytes)
      throws IOException {
    if (tensors.isEmpty()) {
      throw new IllegalArgumentException(
          "A feature store needs at least one tensor, but got none.");
    }
    Files.createDirectories(root);
    Path path = folder(root.toRealPath(), key, tensors, shardBytes);
    synchronized (OPEN) {
      Shared shared = OPEN.get(path);
      if (shared == null) {
        shared = openFirst(path, key, tensors, shardBytes);
        OPEN.put(path, shared);
      }
      shared.holders++;
      return new FeatureStore(path, shared.folder);
    }
  }

  /** Where the store of a key is, if there is one. */
  static Path folder(Path root, FeatureKey key, List<FeatureSpec> tensors) {
    return folder(root, key, tensors, SHARD_BYTES);
  }

  private static Path folder(
      Path root, FeatureKey key, List<FeatureSpec> tensors, long shardBytes) {
    return root.resolve(key.hash(tensors, shardBytes));
  }

  private static Shared openFirst(
      Path path, FeatureKey key, List<FeatureSpec> tensors, long shardBytes) throws IOException {
    noteUse(path);
    FileChannel channel = FileChannel.open(lockFile(path), lockOptions());
    try {
      channel.lock(0, Long.MAX_VALUE, true);
      StoreFolder folder = new StoreFolder(path, tensors, shardBytes);
      folder.open(describe(key, tensors));
      return new Shared(folder, channel);
    } catch (OverlappingFileLockException e) {
      channel.close();
      throw new IOException(
          "The feature store " + path + " is open in another class loader of this process.", e);
    } catch (IOException e) {
      channel.close();
      throw DiskFull.explain(e, path.getParent(), 0);
    }
  }

  /**
   * Sets the time of the last use. Never while this process holds the lock: setting a time opens
   * and closes the file, and on POSIX systems closing any descriptor of a file gives back all locks
   * that the process has on it.
   */
  private static void noteUse(Path path) throws IOException {
    if (Files.exists(lockFile(path))) {
      Files.setLastModifiedTime(lockFile(path), FileTime.from(Instant.now()));
    }
  }

  private static StandardOpenOption[] lockOptions() {
    return new StandardOpenOption[] {
      StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE
    };
  }

  /** Beside the folder, and never deleted, so that a lock and a deletion cannot miss each other. */
  static Path lockFile(Path folder) {
    return folder.resolveSibling(folder.getFileName() + ".lock");
  }

  private static byte[] describe(FeatureKey key, List<FeatureSpec> tensors) throws IOException {
    Map<String, Object> text = new LinkedHashMap<>();
    text.put("format", "graft-features");
    text.put("version", FORMAT_VERSION);
    text.put("key", key.parts());
    text.put("tensors", tensors);
    return new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT).writeValueAsBytes(text);
  }

  /** What is done to a folder that nobody uses. */
  interface Exclusive {
    void run() throws IOException;
  }

  /** Runs an action unless the folder is open in this or another process. */
  static boolean ifUnused(Path folder, Exclusive action) throws IOException {
    synchronized (OPEN) {
      if (OPEN.containsKey(folder)) {
        return false;
      }
      try (FileChannel channel = FileChannel.open(lockFile(folder), lockOptions())) {
        if (channel.tryLock() == null) {
          return false;
        }
        action.run();
        return true;
      } catch (OverlappingFileLockException e) {
        return false;
      }
    }
  }

  /** The folder with the files. */
  public Path path() {
    return path;
  }

  /** Bytes that one image takes, all tensors together. */
  public long bytesPerImage() {
    return folder.tensors().stream().mapToLong(tensor -> tensor.spec().rowBytes()).sum();
  }

  /**
   * Number of rows, damaged and superseded ones included: the sum of the first sizes of one
   * tensor's files.
   *
   * @throws IllegalStateException if the store is closed
   */
  public int rows() {
    return open().count();
  }

  /**
   * Whether the image's features are here, whole in every tensor.
   *
   * @param imageSha256 SHA-256 of the image's bytes, 64 hexadecimal digits
   * @throws IllegalStateException if the store is closed
   * @throws IOException if the disk fails
   */
  public boolean contains(String imageSha256) throws IOException {
    return row(imageSha256) >= 0;
  }

  /**
   * Those of the images whose features are not here or not whole, each once, in the order given.
   *
   * @throws IllegalStateException if the store is closed
   * @throws IOException if the disk fails
   */
  public List<String> missing(List<String> imageSha256s) throws IOException {
    List<String> missing = new ArrayList<>();
    for (String image : imageSha256s) {
      if (!contains(image)) {
        missing.add(image);
      }
    }
    return missing.stream().distinct().toList();
  }

  /**
   * The row of an image for {@link #readRows}, or −1 if its features are not here or not whole. A
   * row stays the same while the store is open.
   *
   * @param imageSha256 SHA-256 of the image's bytes, 64 hexadecimal digits
   * @throws IllegalStateException if the store is closed
   * @throws IOException if the disk fails
   */
  public int row(String imageSha256) throws IOException {
    return open().row(ImageHash.parse(imageSha256));
  }

  /**
   * Appends the features of a batch of images. Images that have a row already are left out. When
   * this method returns, the batch is on disk.
   *
   * @param imageSha256s SHA-256 of each image's bytes, 64 hexadecimal digits
   * @param batch for each tensor the rows of all images after one another, between position and
   *     limit; not changed
   * @throws IllegalArgumentException if the number of tensors or of values is another, or a value
   *     is too large for the numbers that are stored
   * @throws IllegalStateException if the store is closed
   * @throws IOException if the batch cannot be written, for example because the disk is full; the
   *     store then is as it was before
   */
  public void append(List<String> imageSha256s, List<FloatBuffer> batch) throws IOException {
    StoreFolder target = open();
    List<ImageHash> images = imageSha256s.stream().map(ImageHash::parse).toList();
    checkSizes(images.size(), batch);
    try {
      target.append(images, batch);
    } catch (IOException e) {
      throw DiskFull.explain(e, path, images.size() * bytesPerImage());
    }
  }

  private void checkSizes(int images, List<FloatBuffer> batch) {
    if (batch.size() != folder.tensors().size()) {
      throw new IllegalArgumentException(
          "The feature store %s has %d tensors, but got %d."
              .formatted(path, folder.tensors().size(), batch.size()));
    }
    for (int tensor = 0; tensor < batch.size(); tensor++) {
      FeatureSpec spec = folder.tensors().get(tensor).spec();
      long expected = (long) images * spec.rowSize();
      if (batch.get(tensor).remaining() != expected) {
        throw new IllegalArgumentException(
            "Features %s of %d images have %d values, but got %d."
                .formatted(spec.name(), images, expected, batch.get(tensor).remaining()));
      }
      spec.stored().requireHold(batch.get(tensor), spec.name());
    }
  }

  /**
   * Puts one image's features of one tensor at the buffer's position and moves the position behind
   * them. Does nothing to the buffer if they are not here or not whole.
   *
   * @param tensor number of the tensor in the list given to {@link #open}
   * @return whether they are here
   * @throws BufferOverflowException if the buffer has less room than a row
   * @throws IllegalStateException if the store is closed
   * @throws IOException if the disk fails
   */
  public boolean read(String imageSha256, int tensor, FloatBuffer target) throws IOException {
    int row = row(imageSha256);
    if (row < 0) {
      return false;
    }
    readRows(new int[] {row}, tensor, target);
    return true;
  }

  /**
   * Puts rows of one tensor after one another at the buffer's position and moves the position
   * behind them.
   *
   * @param rows from {@link #row}, in any order, repeated or not
   * @param tensor number of the tensor in the list given to {@link #open}
   * @param target direct buffers and arrays in the machine's byte order are filled fastest
   * @throws BufferOverflowException if the buffer has less room than the rows; nothing is written
   *     then
   * @throws IllegalArgumentException if there is no such row
   * @throws IllegalStateException if the store is closed
   * @throws IOException if the disk fails, or a row never asked for by {@link #row} turns out to be
   *     damaged
   */
  public void readRows(int[] rows, int tensor, FloatBuffer target) throws IOException {
    StoreFolder source = open();
    TensorShards shards = source.tensors().get(tensor);
    if (target.remaining() < (long) rows.length * shards.spec().rowSize()) {
      throw new BufferOverflowException();
    }
    for (int row : rows) {
      if (row < 0 || row >= source.count()) {
        throw new IllegalArgumentException(
            "The feature store %s has %d rows, but row %d was asked for."
                .formatted(path, source.count(), row));
      }
      if (!shards.isGood(row)) {
        throw new IOException(
            "Row %d of the features %s in %s is damaged: run again, and it is computed anew."
                .formatted(row, shards.spec().name(), path));
      }
      shards.copy(row, target);
    }
  }

  private StoreFolder open() {
    if (closed) {
      throw new IllegalStateException("The feature store " + path + " is closed.");
    }
    return folder;
  }

  /**
   * Gives the store back. The files are those of the last append; there is nothing to finish.
   *
   * @throws IOException if the lock cannot be given back
   */
  @Override
  public void close() throws IOException {
    synchronized (OPEN) {
      if (closed) {
        return;
      }
      closed = true;
      Shared shared = OPEN.get(path);
      shared.holders--;
      if (shared.holders == 0) {
        OPEN.remove(path);
        shared.folder.close();
        shared.lock.close();
        noteUse(path);
      }
    }
  }
}
