package dev.graft.image;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;

/**
 * An image in a file of its own.
 *
 * @param path the file; need not exist
 */
public record ImageFile(Path path) implements ImageSource {
  /** Larger files are rejected unread: 256 MiB. */
  public static final long MAX_SIZE = 256L << 20;

  /** The sources of files. */
  public static Iterator<ImageFile> all(List<Path> files) {
    return files.stream().map(ImageFile::new).iterator();
  }

  @Override
  public byte[] read() throws IOException, BadImageException {
    if (!Files.exists(path)) {
      throw new BadImageException("does not exist");
    }
    if (!Files.isRegularFile(path)) {
      throw new BadImageException("is not a file");
    }
    if (Files.size(path) > MAX_SIZE) {
      throw new BadImageException(
          "has " + Files.size(path) + " bytes, more than the " + MAX_SIZE + " that are allowed");
    }
    return Files.readAllBytes(path);
  }

  /** The path. */
  @Override
  public String toString() {
    return path.toString();
  }
}
