package dev.graft.spark;

import dev.graft.image.BadImageException;
import dev.graft.image.ImageFile;
import dev.graft.image.ImageSource;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Row;

/**
 * The image of a row: its bytes, or the path of its file.
 *
 * @param row that the image belongs to
 * @param value the bytes, a path or URI as text, or null
 * @param files of the cluster
 */
record RowImage(Row row, Object value, Configuration files) implements ImageSource {
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
