package dev.graft.data;

import java.io.EOFException;
import java.io.IOException;
import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;

/**
 * Reads and writes numpy's {@code .npy} files: whole arrays of one of the types of {@link NpyType},
 * little-endian and in C order.
 *
 * <p>A reading method refuses a file of another element type, of another order, with an array of
 * more than 2<sup>31</sup> − 9 values, or with more or fewer bytes than its header promises, by an
 * {@link NpyFormatException}. A writing method makes the same bytes for the same array; the file
 * appears whole, and replaces one of its name.
 */
public final class Npy {
  private static final int CHUNK_BYTES = 1 << 18;
  private static final int LARGEST_ARRAY = Integer.MAX_VALUE - 8;

  private Npy() {}

  /**
   * The header of a file.
   *
   * @throws IOException if the file cannot be read or is no {@code .npy} file of a kind that Graft
   *     reads
   */
  public static NpyHeader header(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      return NpyHeader.read(channel, file);
    }
  }

  /**
   * Reads a file of {@link NpyType#FLOAT32}.
   *
   * @throws IOException if the file cannot be read or is not as described at {@link Npy}
   */
  public static NpyArray<float[]> readFloats(Path file) throws IOException {
    return read(
        file,
        NpyType.FLOAT32,
        float[]::new,
        (chunk, values, from, n) -> chunk.asFloatBuffer().get(values, from, n));
  }

  /**
   * Reads a file of {@link NpyType#FLOAT16}.
   *
   * @throws IOException if the file cannot be read or is not as described at {@link Npy}
   */
  public static NpyArray<float[]> readHalves(Path file) throws IOException {
    return read(
        file,
        NpyType.FLOAT16,
        float[]::new,
        (chunk, values, from, n) -> {
          for (int i = 0; i < n; i++) {
            values[from + i] = Half.toFloat(chunk.getShort());
          }
          return chunk;
        });
  }

  /**
   * Reads a file of {@link NpyType#FLOAT64}.
   *
   * @throws IOException if the file cannot be read or is not as described at {@link Npy}
   */
  public static NpyArray<double[]> readDoubles(Path file) throws IOException {
    return read(
        file,
        NpyType.FLOAT64,
        double[]::new,
        (chunk, values, from, n) -> chunk.asDoubleBuffer().get(values, from, n));
  }

  /**
   * Reads a file of {@link NpyType#INT32}.
   *
   * @throws IOException if the file cannot be read or is not as described at {@link Npy}
   */
  public static NpyArray<int[]> readInts(Path file) throws IOException {
    return read(
        file,
        NpyType.INT32,
        int[]::new,
        (chunk, values, from, n) -> chunk.asIntBuffer().get(values, from, n));
  }

  /**
   * Reads a file of {@link NpyType#INT64}.
   *
   * @throws IOException if the file cannot be read or is not as described at {@link Npy}
   */
  public static NpyArray<long[]> readLongs(Path file) throws IOException {
    return read(
        file,
        NpyType.INT64,
        long[]::new,
        (chunk, values, from, n) -> chunk.asLongBuffer().get(values, from, n));
  }

  /**
   * Reads a file of {@link NpyType#UINT8}; a value is {@code b & 0xff}.
   *
   * @throws IOException if the file cannot be read or is not as described at {@link Npy}
   */
  public static NpyArray<byte[]> readBytes(Path file) throws IOException {
    return read(
        file, NpyType.UINT8, byte[]::new, (chunk, values, from, n) -> chunk.get(values, from, n));
  }

  /**
   * Writes a file of {@link NpyType#FLOAT32}.
   *
   * @throws IOException if the file cannot be written
   */
  public static void writeFloats(Path file, NpyArray<float[]> array) throws IOException {
    write(
        file,
        NpyType.FLOAT32,
        array,
        (chunk, values, from, n) -> chunk.asFloatBuffer().put(values, from, n));
  }

  /**
   * Writes a file of {@link NpyType#FLOAT64}.
   *
   * @throws IOException if the file cannot be written
   */
  public static void writeDoubles(Path file, NpyArray<double[]> array) throws IOException {
    write(
        file,
        NpyType.FLOAT64,
        array,
        (chunk, values, from, n) -> chunk.asDoubleBuffer().put(values, from, n));
  }

  /**
   * Writes a file of {@link NpyType#INT32}.
   *
   * @throws IOException if the file cannot be written
   */
  public static void writeInts(Path file, NpyArray<int[]> array) throws IOException {
    write(
        file,
        NpyType.INT32,
        array,
        (chunk, values, from, n) -> chunk.asIntBuffer().put(values, from, n));
  }

  /**
   * Writes a file of {@link NpyType#INT64}.
   *
   * @throws IOException if the file cannot be written
   */
  public static void writeLongs(Path file, NpyArray<long[]> array) throws IOException {
    write(
        file,
        NpyType.INT64,
        array,
        (chunk, values, from, n) -> chunk.asLongBuffer().put(values, from, n));
  }

  /**
   * Writes a file of {@link NpyType#UINT8}.
   *
   * @throws IOException if the file cannot be written
   */
  public static void writeBytes(Path file, NpyArray<byte[]> array) throws IOException {
    write(file, NpyType.UINT8, array, (chunk, values, from, n) -> chunk.put(values, from, n));
  }

  /** Copies {@code n} values between a chunk of bytes and {@code values[from…]}. */
  private interface Transfer<A> {
    Buffer copy(ByteBuffer chunk, A values, int from, int n);
  }

  /** Makes a Java array of the given length. */
  private interface Allocation<A> {
    A of(int length);
  }

  private static <A> NpyArray<A> read(
      Path file, NpyType type, Allocation<A> allocation, Transfer<A> transfer) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      NpyHeader header = NpyHeader.read(channel, file);
      int count = wholeArray(file, type, header, channel.size());
      A values = allocation.of(count);
      ByteBuffer chunk = chunk();
      channel.position(header.dataOffset());
      for (int done = 0; done < count; ) {
        int n = Math.min(count - done, chunk.capacity() / type.bytes());
        fill(channel, chunk.clear().limit(n * type.bytes()), file);
        transfer.copy(chunk.flip(), values, done, n);
        done += n;
      }
      return new NpyArray<>(header.shape(), values);
    }
  }

  private static int wholeArray(Path file, NpyType type, NpyHeader header, long fileBytes)
      throws NpyFormatException {
    if (header.type() != type) {
      throw new NpyFormatException(
          file,
          "has elements of type '%s': expected '%s'."
              .formatted(header.type().descr(), type.descr()));
    }
    long after = fileBytes - header.dataOffset() - header.dataBytes();
    if (after != 0) {
      throw new NpyFormatException(
          file,
          "has %d bytes after its data of shape %s: expected none."
              .formatted(after, header.shape()));
    }
    if (header.elements() > LARGEST_ARRAY) {
      throw new NpyFormatException(
          file, "has %d values: expected at most %d.".formatted(header.elements(), LARGEST_ARRAY));
    }
    return (int) header.elements();
  }

  private static void fill(FileChannel channel, ByteBuffer chunk, Path file) throws IOException {
    while (chunk.hasRemaining()) {
      if (channel.read(chunk) < 0) {
        throw new EOFException(file + " became shorter while it was read.");
      }
    }
  }

  private static <A> void write(Path file, NpyType type, NpyArray<A> array, Transfer<A> transfer)
      throws IOException {
    Path beside = file.resolveSibling(file.getFileName() + "." + UUID.randomUUID() + ".part");
    try {
      try (FileChannel channel =
          FileChannel.open(beside, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
        writeFully(channel, NpyHeader.encode(type, array.shape()));
        writeValues(channel, type, array, transfer);
      }
      Files.move(beside, file, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(beside);
    }
  }

  private static <A> void writeValues(
      FileChannel channel, NpyType type, NpyArray<A> array, Transfer<A> transfer)
      throws IOException {
    int count = (int) NpyHeader.elements(array.shape());
    ByteBuffer chunk = chunk();
    for (int done = 0; done < count; ) {
      int n = Math.min(count - done, chunk.capacity() / type.bytes());
      transfer.copy(chunk.clear(), array.values(), done, n);
      writeFully(channel, chunk.position(0).limit(n * type.bytes()));
      done += n;
    }
  }

  private static ByteBuffer chunk() {
    return ByteBuffer.allocateDirect(CHUNK_BYTES).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static void writeFully(FileChannel channel, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }
}
