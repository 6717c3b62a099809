package dev.graft.savedmodel;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.graft.data.MaskedCrc;
import dev.graft.tensor.HostTensor;
import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.tensorflow.proto.BundleEntryProto;
import org.tensorflow.proto.BundleHeaderProto;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.TensorShapeProto;

/**
 * The variables of a SavedModel on disk: {@code variables/variables.index} and its data files.
 *
 * <p>Opening reads the index alone and checks that every entry lies inside its data file. A value
 * is read straight from its place in the file into one Java array, and its checksum is compared, so
 * that a damaged file is an exception and never a wrong number. Nothing stays open. Safe for many
 * threads.
 */
public final class Checkpoint {
  /**
   * What the index says about one stored tensor.
   *
   * @param dtype element type
   * @param shape sizes of the dimensions
   * @param bytes that it takes on disk
   * @param checksum masked CRC32C of its bytes, as stored
   */
  public record Entry(DataType dtype, List<Long> shape, long bytes, int checksum) {
    public Entry {
      shape = List.copyOf(shape);
    }
  }

  private static final long MAX_INDEX_BYTES = 1L << 28;

  private final Path prefix;
  private final int shards;
  private final Map<String, BundleEntryProto> entries;

  private Checkpoint(Path prefix, int shards, Map<String, BundleEntryProto> entries) {
    this.prefix = prefix;
    this.shards = shards;
    this.entries = entries;
  }

  /**
   * Opens a checkpoint.
   *
   * @param prefix the path of the index without {@code .index}
   * @throws ModelFormatException if a file is missing, truncated or damaged
   * @throws IOException if the disk fails
   */
  public static Checkpoint open(Path prefix) throws IOException {
    Path index = sibling(prefix, ".index");
    if (!Files.isRegularFile(index)) {
      throw new ModelFormatException(
          index, index + " is missing, so the model has no weights: export the model again.");
    }
    if (Files.size(index) > MAX_INDEX_BYTES) {
      throw damaged(index, "it is larger than any index, " + Files.size(index) + " bytes", null);
    }
    Checkpoint checkpoint = parse(prefix, index, Files.readAllBytes(index));
    checkpoint.requireDataFiles();
    return checkpoint;
  }

  /**
   * Writes a checkpoint: {@code prefix.index} and one data file. The same values give the same
   * bytes.
   *
   * @param values numbers and truth values by key
   * @throws IOException if the disk fails or there is a file already
   */
  public static void write(Path prefix, SortedMap<String, HostTensor> values) throws IOException {
    CheckpointWriter.write(prefix, values);
  }

  /** The checkpoint of a model without variables. */
  static Checkpoint empty(Path prefix) {
    return new Checkpoint(prefix, 0, Map.of());
  }

  private static Checkpoint parse(Path prefix, Path index, byte[] bytes)
      throws ModelFormatException {
    try {
      Map<String, BundleEntryProto> entries = new TreeMap<>();
      Map<String, byte[]> table = SortedTable.parse(bytes);
      BundleHeaderProto header = BundleHeaderProto.parseFrom(header(table));
      for (Map.Entry<String, byte[]> stored : table.entrySet()) {
        entries.put(stored.getKey(), BundleEntryProto.parseFrom(stored.getValue()));
      }
      if (header.getEndianness() != BundleHeaderProto.Endianness.LITTLE) {
        throw new IllegalArgumentException("its numbers are big-endian, which is not supported");
      }
      return new Checkpoint(prefix, header.getNumShards(), Collections.unmodifiableMap(entries));
    } catch (IllegalArgumentException | InvalidProtocolBufferException e) {
      throw damaged(index, e.getMessage(), e);
    }
  }

  private static byte[] header(Map<String, byte[]> table) {
    byte[] header = table.remove("");
    if (header == null) {
      throw new IllegalArgumentException("it has no header");
    }
    return header;
  }

  private void requireDataFiles() throws IOException {
    Map<Integer, Long> sizes = new TreeMap<>();
    for (Map.Entry<String, BundleEntryProto> stored : entries.entrySet()) {
      BundleEntryProto entry = stored.getValue();
      Path file = dataFile(entry);
      Long size = sizes.get(entry.getShardId());
      if (size == null) {
        size = sizeOf(file);
        sizes.put(entry.getShardId(), size);
      }
      requireInside(file, size, stored.getKey(), entry);
    }
  }

  private static long sizeOf(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw new ModelFormatException(
          file, file + " is missing, so the model has no weights: export the model again.");
    }
    return Files.size(file);
  }

  private static void requireInside(Path file, long size, String key, BundleEntryProto entry)
      throws ModelFormatException {
    boolean inside =
        entry.getOffset() >= 0
            && entry.getSize() >= 0
            && entry.getOffset() <= size - entry.getSize();
    if (!inside) {
      throw new ModelFormatException(
          file,
          String.format(
              "%s is truncated: variable \"%s\" needs bytes %d to %d but the file has %d; copy or"
                  + " export the model again.",
              file, key, entry.getOffset(), entry.getOffset() + entry.getSize(), size));
    }
  }

  /** All keys in their order, each with its element type and shape. */
  public Map<String, Entry> keys() {
    Map<String, Entry> keys = new LinkedHashMap<>();
    entries.forEach((key, entry) -> keys.put(key, describe(entry)));
    return Collections.unmodifiableMap(keys);
  }

  /**
   * What is stored under a key, or null if nothing is.
   *
   * @param key such as {@code layers/block1_conv1/kernel/.ATTRIBUTES/VARIABLE_VALUE}
   */
  public Entry entry(String key) {
    BundleEntryProto entry = entries.get(key);
    return entry == null ? null : describe(entry);
  }

  /**
   * Reads one value.
   *
   * @throws IllegalArgumentException if there is no such key
   * @throws ModelFormatException if the value is damaged, or stored in a way that is not supported
   * @throws IOException if the disk fails
   */
  public HostTensor read(String key) throws IOException {
    BundleEntryProto entry = entries.get(key);
    if (entry == null) {
      throw new IllegalArgumentException(
          "The checkpoint " + prefix + " has no variable \"" + key + "\".");
    }
    if (entry.getSlicesCount() > 0) {
      throw new ModelFormatException(
          prefix,
          "Variable \""
              + key
              + "\" of "
              + prefix
              + " is stored in slices, which is not supported:"
              + " export the model without partitioned variables.");
    }
    Path file = dataFile(entry);
    return decode(file, key, entry, bytes(file, key, entry));
  }

  /**
   * Reads several values.
   *
   * @return key → value in the order asked for
   * @throws IllegalArgumentException if there is no such key
   * @throws ModelFormatException if a value is damaged, or stored in a way that is not supported
   * @throws IOException if the disk fails
   */
  public Map<String, HostTensor> read(Collection<String> keys) throws IOException {
    Map<String, HostTensor> values = new LinkedHashMap<>();
    for (String key : keys) {
      values.put(key, read(key));
    }
    return Collections.unmodifiableMap(values);
  }

  private static byte[] bytes(Path file, String key, BundleEntryProto entry) throws IOException {
    if (entry.getSize() > Integer.MAX_VALUE - 8) {
      throw new ModelFormatException(
          file,
          "Variable \""
              + key
              + "\" of "
              + file
              + " is larger than 2 GiB, the most that is"
              + " supported: split the layer.");
    }
    ByteBuffer buffer = ByteBuffer.allocate((int) entry.getSize());
    try (FileChannel channel = FileChannel.open(file)) {
      long start = entry.getOffset();
      while (buffer.hasRemaining()) {
        if (channel.read(buffer, start + buffer.position()) < 0) {
          requireInside(file, channel.size(), key, entry);
        }
      }
    }
    return buffer.array();
  }

  private static HostTensor decode(Path file, String key, BundleEntryProto entry, byte[] bytes)
      throws ModelFormatException {
    long[] shape = describe(entry).shape().stream().mapToLong(Long::longValue).toArray();
    boolean strings = entry.getDtype() == DataType.DT_STRING;
    try {
      int crc =
          strings ? StoredStrings.checksum(bytes, shape) : MaskedCrc.of(bytes, 0, bytes.length);
      if (crc != entry.getCrc32C()) {
        throw new IllegalArgumentException("its checksum does not match");
      }
      return strings
          ? HostTensor.ofStrings(StoredStrings.read(bytes, shape), shape)
          : HostTensor.wrap(entry.getDtype(), bytes, shape);
    } catch (IllegalArgumentException | ArithmeticException | BufferUnderflowException e) {
      throw new ModelFormatException(
          file,
          String.format(
              "Variable \"%s\" of %s is damaged (%s): copy or export the model again.",
              key, file, e.getMessage()),
          e);
    }
  }

  private static Entry describe(BundleEntryProto entry) {
    List<Long> shape = new ArrayList<>();
    for (TensorShapeProto.Dim dimension : entry.getShape().getDimList()) {
      shape.add(dimension.getSize());
    }
    return new Entry(entry.getDtype(), shape, entry.getSize(), entry.getCrc32C());
  }

  private Path dataFile(BundleEntryProto entry) {
    return sibling(prefix, String.format(".data-%05d-of-%05d", entry.getShardId(), shards));
  }

  private static Path sibling(Path prefix, String ending) {
    return prefix.resolveSibling(prefix.getFileName() + ending);
  }

  private static ModelFormatException damaged(Path index, String why, Exception cause) {
    return new ModelFormatException(
        index, index + " is damaged (" + why + "): copy or export the model again.", cause);
  }
}
