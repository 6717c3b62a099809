package dev.graft.features;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The rows in one folder, for all who opened it in this process. Reading is free of locks; writing
 * is done by one thread of one process at a time, and takes in first what other processes wrote.
 *
 * <p>Order of a write: rows, forced; records of the index, forced; headers. What a kill leaves
 * behind the last whole record is overwritten by the next write and cut off when the folder is
 * opened next.
 */
final class StoreFolder {
  private final Path folder;
  private final List<TensorShards> tensors;
  private final IndexFile index;
  private final Map<ImageHash, Integer> rows = new ConcurrentHashMap<>();
  private volatile int count;

  StoreFolder(Path folder, List<FeatureSpec> specs, long shardBytes) throws IOException {
    this.folder = folder;
    List<TensorShards> shards = new ArrayList<>();
    for (FeatureSpec spec : specs) {
      shards.add(new TensorShards(folder, "tensor" + shards.size(), spec, shardBytes));
    }
    this.tensors = List.copyOf(shards);
    this.index = new IndexFile(folder.resolve("index"), specs.size());
  }

  /**
   * Takes in the index and cuts off what a killed process left behind it.
   *
   * @param description the text of {@code key.json}
   */
  void open(byte[] description) throws IOException {
    Files.createDirectories(folder);
    alone(
        () -> {
          Path key = folder.resolve("key.json");
          if (!Files.exists(key) || !Arrays.equals(Files.readAllBytes(key), description)) {
            Files.write(key, description);
          }
          takeIn();
          cut(0);
        });
  }

  /** What only one thread of one process does at a time. */
  private interface Change {
    void run() throws IOException;
  }

  /** Closing the channel gives the lock back. */
  private synchronized void alone(Change change) throws IOException {
    try (FileChannel channel =
        FileChannel.open(
            folder.resolve("write.lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      channel.lock();
      change.run();
    }
  }

  private void takeIn() throws IOException {
    int onDisk = index.rows();
    index.read(count, onDisk, this::accept);
    count = Math.max(count, onDisk);
  }

  private void accept(int row, ImageHash image, int[] checksums) {
    for (int tensor = 0; tensor < checksums.length; tensor++) {
      tensors.get(tensor).expect(row, checksums[tensor]);
    }
    rows.put(image, row);
  }

  private void cut(int firstChanged) throws IOException {
    index.truncate(count);
    for (TensorShards tensor : tensors) {
      tensor.setRows(firstChanged, count);
    }
  }

  List<TensorShards> tensors() {
    return tensors;
  }

  int count() {
    return count;
  }

  /**
   * The row of an image if it is whole in every tensor, otherwise −1; a damaged row is forgotten.
   */
  int row(ImageHash image) throws IOException {
    Integer row = rows.get(image);
    if (row == null) {
      return -1;
    }
    for (TensorShards tensor : tensors) {
      if (!tensor.isGood(row)) {
        rows.remove(image, row);
        return -1;
      }
    }
    return row;
  }

  /** Appends those of the images that have no row yet. */
  void append(List<ImageHash> images, List<FloatBuffer> batch) throws IOException {
    alone(
        () -> {
          takeIn();
          Map<ImageHash, Integer> chosen = withoutRow(images);
          if (!chosen.isEmpty()) {
            append(List.copyOf(chosen.keySet()), batch, List.copyOf(chosen.values()));
          }
        });
  }

  private void append(List<ImageHash> images, List<FloatBuffer> batch, List<Integer> chosen)
      throws IOException {
    int before = count;
    try {
      write(images, batch, chosen);
    } catch (IOException e) {
      undo(before, e);
      throw e;
    }
    cut(before);
  }

  /** The first place of each new image in the batch. */
  private Map<ImageHash, Integer> withoutRow(List<ImageHash> images) throws IOException {
    Map<ImageHash, Integer> chosen = new LinkedHashMap<>();
    for (int i = 0; i < images.size(); i++) {
      if (row(images.get(i)) < 0) {
        chosen.putIfAbsent(images.get(i), i);
      }
    }
    return chosen;
  }

  private void write(List<ImageHash> images, List<FloatBuffer> batch, List<Integer> chosen)
      throws IOException {
    int[][] checksums = new int[images.size()][tensors.size()];
    for (int tensor = 0; tensor < tensors.size(); tensor++) {
      int[] ofTensor = tensors.get(tensor).write(count, batch.get(tensor), chosen);
      for (int i = 0; i < ofTensor.length; i++) {
        checksums[i][tensor] = ofTensor[i];
      }
    }
    index.append(count, images, checksums);
    for (int i = 0; i < checksums.length; i++) {
      accept(count + i, images.get(i), checksums[i]);
    }
    count += checksums.length;
  }

  /**
   * Gives back the disk space of a write that failed; what cannot be undone is overwritten later.
   */
  private void undo(int rowsBefore, IOException failure) {
    try {
      cut(rowsBefore);
    } catch (IOException e) {
      failure.addSuppressed(e);
    }
  }

  /** Lets go of the maps. */
  void close() {
    tensors.forEach(TensorShards::unmap);
  }
}
