package dev.graft.batch;

import dev.graft.data.NpyHeader;
import dev.graft.data.NpyType;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/**
 * Features as an {@code .npy} array of float32 and an index beside it, row by row the same images.
 * How many there are is not known before the end: the header is written again then.
 */
final class NpyOutput implements BatchOutput {
  private final AppendedFile array;
  private final BatchOutput index;
  private final List<Long> rowShape;
  private final int rowSize;

  /**
   * Goes on with files that may be empty.
   *
   * @param rowShape the shape of one image's features, the last value of each row
   */
  NpyOutput(AppendedFile array, BatchOutput index, List<Long> rowShape) throws IOException {
    this.array = array;
    this.index = index;
    this.rowShape = rowShape;
    this.rowSize = Math.toIntExact(rowShape.stream().reduce(1L, Math::multiplyExact));
    if (array.length() == 0) {
      array.write(header(0));
    }
  }

  /** As long for any number of rows. */
  private byte[] header(long rows) {
    List<Long> shape = new ArrayList<>(List.of(rows));
    shape.addAll(rowShape);
    ByteBuffer header = NpyHeader.encode(NpyType.FLOAT32, shape);
    byte[] bytes = new byte[header.remaining()];
    header.get(bytes);
    return bytes;
  }

  @Override
  public void write(List<Object> row) throws IOException {
    float[] features = (float[]) row.get(row.size() - 1);
    if (features.length != rowSize) {
      throw new IllegalStateException(
          "Expected %d features an image but got %d.".formatted(rowSize, features.length));
    }
    ByteBuffer bytes = ByteBuffer.allocate(rowSize * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(features);
    array.write(bytes.array());
    index.write(row.subList(0, row.size() - 1));
  }

  @Override
  public void seal() throws IOException {
    index.seal();
  }

  @Override
  public void finish() throws IOException {
    index.finish();
    long rows = (array.length() - header(0).length) / ((long) rowSize * Float.BYTES);
    try (RandomAccessFile file = new RandomAccessFile(array.path().toFile(), "rw")) {
      file.write(header(rows));
      file.getFD().sync();
    }
  }

  @Override
  public OptionalLong rowBytes() {
    return OptionalLong.of((long) rowSize * Float.BYTES);
  }

  @Override
  public List<AppendedFile> files() {
    List<AppendedFile> files = new ArrayList<>(List.of(array));
    files.addAll(index.files());
    return files;
  }
}
