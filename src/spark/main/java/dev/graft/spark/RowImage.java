package dev.graft.spark;

import dev.graft.image.BadImageException;
import dev.graft.image.ImageFile;
import dev.graft.image.ImageSource;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Iterator;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.BinaryType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructType;

/**
 * The image of a row: its bytes, or the path of its file.
 *
 * @param row that the image belongs to
 * @param value the bytes, a path or URI as text, or null
 * @param files of the cluster
 */
record RowImage(Row row, Object value, Configuration files) implements ImageSource {
  /** The images of rows. */
  static Iterator<RowImage> all(Iterator<Row> rows, int column, Configuration files) {
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return rows.hasNext();
      }

      @Override
      public RowImage next() {
        Row row = rows.next();
        return new RowImage(row, row.get(column), files);
      }
    };
  }

  /**
   * Where the images of a table are.
   *
   * @throws IllegalArgumentException when there is no such column, or it can't be images or paths
   */
  static int indexOf(String column, StructType schema) {
    if (!schema.getFieldIndex(column).isDefined()) {
      throw new IllegalArgumentException(
          "There is no column \"%s\" (there are %s): name one with images or their paths."
              .formatted(column, String.join(", ", schema.fieldNames())));
    }
    int index = schema.fieldIndex(column);
    DataType type = schema.fields()[index].dataType();
    if (!(type instanceof BinaryType || type instanceof StringType)) {
      throw new IllegalArgumentException(
          "The column \"%s\" is %s, expected binary (images) or string (their paths)."
              .formatted(column, type.simpleString()));
    }
    return index;
  }

  @Override
  public byte[] read() throws IOException, BadImageException {
    if (value instanceof byte[] bytes) {
      return bytes;
    }
    if (value == null) {
      throw new BadImageException("is null");
    }
    return read(value.toString());
  }

  private byte[] read(String text) throws IOException, BadImageException {
    if (text.isBlank()) {
      throw new BadImageException("is empty, expected a path");
    }
    Path path = new Path(text);
    FileSystem system = path.getFileSystem(files);
    return "file".equals(system.getScheme())
        ? new ImageFile(java.nio.file.Path.of(path.toUri().getPath())).read()
        : read(system, path);
  }

  private static byte[] read(FileSystem system, Path path) throws IOException, BadImageException {
    FileStatus status;
    try {
      status = system.getFileStatus(path);
    } catch (FileNotFoundException e) {
      throw new BadImageException("does not exist");
    }
    if (status.isDirectory()) {
      throw new BadImageException("is not a file");
    }
    if (status.getLen() > ImageFile.MAX_SIZE) {
      throw new BadImageException(
          "has "
              + status.getLen()
              + " bytes, more than the "
              + ImageFile.MAX_SIZE
              + " that are allowed");
    }
    try (InputStream in = system.open(path)) {
      return in.readAllBytes();
    }
  }

  /** The path, or the number of bytes. */
  @Override
  public String toString() {
    return value instanceof byte[] bytes ? bytes.length + " bytes" : String.valueOf(value);
  }
}
