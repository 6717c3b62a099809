package dev.graft.features;

import dev.graft.data.ByteCount;
import dev.graft.data.UserCache;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The folder of all feature stores and the limit of its size. Stores that nobody has used for
 * longest are deleted first; one that is open in any process is never deleted. An immutable value,
 * safe for many threads and processes.
 *
 * @param root the folder; need not exist
 * @param limit the most bytes that the stores together may take
 * @param numbers that the stores opened here keep features in
 */
public record FeatureCache(Path root, long limit, StoredNumbers numbers) {
  private static final long DEFAULT_LIMIT = 20_000_000_000L;
  private static final String STORE = "[0-9a-f]{64}";

  /** Checks the limit. */
  public FeatureCache {
    if (limit < 0) {
      throw new IllegalArgumentException(
          "The limit of the feature cache must not be negative, but is " + limit);
    }
  }

  /** Of stores that keep features as they are. */
  public FeatureCache(Path root, long limit) {
    this(root, limit, StoredNumbers.FLOAT32);
  }

  /** The same, where features are stored in other numbers. */
  public FeatureCache withNumbers(StoredNumbers other) {
    return new FeatureCache(root, limit, other);
  }

  private List<FeatureSpec> stored(List<FeatureSpec> tensors) {
    return tensors.stream().map(tensor -> tensor.withStored(numbers)).toList();
  }

  /** A store on disk. */
  private record Stored(Path folder, FileTime lastUsed, long bytes) {}

  /**
   * The cache of the user: {@code features} in its {@link UserCache}. The limit is {@code
   * GRAFT_CACHE_LIMIT} (a number of bytes such as {@code 500MB}), else 20 GB, but no more than half
   * of what the disk could give.
   *
   * @throws IllegalArgumentException if {@code GRAFT_CACHE_LIMIT} is no number of bytes
   * @throws IOException if the disk cannot be asked for its free space
   */
  public static FeatureCache ofUser() throws IOException {
    return of(
        System.getenv(), System.getProperty("os.name"), Path.of(System.getProperty("user.home")));
  }

  static FeatureCache of(Map<String, String> environment, String system, Path home)
      throws IOException {
    Path root = UserCache.of(environment, system, home).resolve("features");
    String limit = environment.getOrDefault("GRAFT_CACHE_LIMIT", "");
    return limit.isBlank()
        ? new FeatureCache(root, defaultLimit(root))
        : new FeatureCache(root, ByteCount.parse("GRAFT_CACHE_LIMIT", limit));
  }

  private static long defaultLimit(Path root) throws IOException {
    long used = new FeatureCache(root, 0).bytes();
    return Math.min(DEFAULT_LIMIT, (used + usableSpace(root)) / 2);
  }

  private static long usableSpace(Path root) throws IOException {
    Path existing = root.toAbsolutePath();
    while (!Files.exists(existing)) {
      existing = existing.getParent();
    }
    return Files.getFileStore(existing).getUsableSpace();
  }

  /**
   * Opens the store of a key, as {@link FeatureStore#open} does.
   *
   * @throws IllegalArgumentException if there are no tensors
   * @throws IOException if the folder cannot be read and written
   */
  public FeatureStore open(FeatureKey key, List<FeatureSpec> tensors) throws IOException {
    return FeatureStore.open(root, key, stored(tensors));
  }

  /** Whether there is a store of a key with something in it. */
  boolean has(FeatureKey key, List<FeatureSpec> tensors) throws IOException {
    Path index = FeatureStore.folder(root, key, stored(tensors)).resolve("index");
    return Files.exists(index) && Files.size(index) > 0;
  }

  /**
   * Makes room for the features of examples that may not be in a store yet, or refuses before any
   * is made. How many the store has is known only when their bytes are read, so its rows are taken
   * for some of them.
   *
   * @param store open in this cache
   * @throws IOException as {@link #makeRoom}; a cache without a limit deletes nothing
   */
  FeatureSpace reserve(FeatureStore store, long examples) throws IOException {
    long rows = Math.max(0, examples - store.rows());
    long needed = Math.multiplyExact(rows, store.bytesPerImage());
    if (limit != Long.MAX_VALUE) {
      makeRoom(needed);
    }
    long free = usableSpace(root);
    if (needed > free) {
      throw new IOException(DiskFull.sentence(root, needed, free));
    }
    return new FeatureSpace(rows, store.bytesPerImage(), root, free);
  }

  /**
   * Makes room for features that are about to be appended: deletes the stores used longest ago
   * until the limit holds and the disk has room. Open the store to be filled before, so that it is
   * not deleted itself.
   *
   * @param needed in bytes
   * @throws IOException if there cannot be so much room, with what is needed, where, and what can
   *     be done; or if the disk fails
   */
  public void makeRoom(long needed) throws IOException {
    List<Stored> stores = new ArrayList<>(stores());
    stores.sort(Comparator.comparing(Stored::lastUsed));
    long used = stores.stream().mapToLong(Stored::bytes).sum();
    for (Stored store : stores) {
      boolean fits = used + needed <= limit && needed <= usableSpace(root);
      if (!fits && delete(store)) {
        used -= store.bytes;
      }
    }
    if (used + needed > limit) {
      throw new IOException(
          ("Features need %s in %s, but the limit there is %s, of which stores in use take %s:"
                  + " raise the environment variable GRAFT_CACHE_LIMIT, or choose a folder without a"
                  + " limit with --features DIR.")
              .formatted(ByteCount.of(needed), root, ByteCount.of(limit), ByteCount.of(used)));
    }
    long free = usableSpace(root);
    if (needed > free) {
      throw new IOException(DiskFull.sentence(root, needed, free));
    }
  }

  /**
   * Bytes that all stores take.
   *
   * @throws IOException if the disk fails
   */
  public long bytes() throws IOException {
    return stores().stream().mapToLong(Stored::bytes).sum();
  }

  /**
   * Deletes every store that is not in use, and nothing else.
   *
   * @return the bytes that were given back
   * @throws IOException if a store cannot be deleted
   */
  public long clear() throws IOException {
    long freed = 0;
    for (Stored store : stores()) {
      if (delete(store)) {
        freed += store.bytes;
      }
    }
    return freed;
  }

  private List<Stored> stores() throws IOException {
    List<Stored> stores = new ArrayList<>();
    if (Files.isDirectory(root)) {
      try (DirectoryStream<Path> folders = Files.newDirectoryStream(root.toRealPath())) {
        for (Path folder : folders) {
          if (folder.getFileName().toString().matches(STORE) && Files.isDirectory(folder)) {
            stores.add(new Stored(folder, lastUsed(folder), bytes(folder)));
          }
        }
      }
    }
    return stores;
  }

  private static FileTime lastUsed(Path folder) throws IOException {
    Path lock = FeatureStore.lockFile(folder);
    return Files.getLastModifiedTime(Files.exists(lock) ? lock : folder);
  }

  private static long bytes(Path folder) throws IOException {
    long bytes = 0;
    for (Path file : files(folder)) {
      bytes += Files.size(file);
    }
    return bytes;
  }

  private static List<Path> files(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.toList();
    }
  }

  /** The index goes first: a store without one is empty, whatever else a kill leaves of it. */
  private static boolean delete(Stored store) throws IOException {
    return FeatureStore.ifUnused(
        store.folder,
        () -> {
          Files.deleteIfExists(store.folder.resolve("index"));
          for (Path file : files(store.folder)) {
            Files.delete(file);
          }
          Files.delete(store.folder);
        });
  }
}
