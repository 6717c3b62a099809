package dev.graft.spark;

import dev.graft.export.FolderDeletion;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.Deflater;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;

/** A folder as bytes that Spark can send. */
final class Archive {
  private static final long MAX_BYTES = Integer.MAX_VALUE - (1L << 20);

  private Archive() {}

  /**
   * Packs a folder, uncompressed since weights do not shrink.
   *
   * @throws IllegalArgumentException when it has 2 GB or more
   */
  static byte[] pack(Path folder) throws IOException {
    List<Path> files = files(folder);
    long size = 0;
    for (Path file : files) {
      size += Files.size(file);
    }
    if (size > MAX_BYTES) {
      throw new IllegalArgumentException(
          "%s has %,d bytes, and at most %,d can be sent: put it where all nodes can read it, and share it instead."
              .formatted(folder, size, MAX_BYTES));
    }
    ByteArrayOutputStream packed = new ByteArrayOutputStream((int) size);
    try (ZipOutputStream zip = new ZipOutputStream(packed)) {
      zip.setLevel(Deflater.NO_COMPRESSION);
      for (Path file : files) {
        zip.putNextEntry(new ZipEntry(folder.relativize(file).toString().replace('\\', '/')));
        Files.copy(file, zip);
        zip.closeEntry();
      }
    }
    return packed.toByteArray();
  }

  /** Reads a folder that was packed, and leaves nothing of it on the disk. */
  static <T> T unpacked(byte[] packed, ClusterModel.Reader<T> reader) throws IOException {
    Path folder = Files.createTempDirectory("graft-model").toRealPath();
    try (ZipInputStream zip = new ZipInputStream(new ByteArrayInputStream(packed))) {
      for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
        Path file = folder.resolve(entry.getName()).normalize();
        if (!file.startsWith(folder)) {
          throw new IOException("The archive of the model has the entry " + entry.getName() + ".");
        }
        Files.createDirectories(file.getParent());
        Files.copy(zip, file);
      }
      return reader.read(folder);
    } finally {
      FolderDeletion.delete(folder);
    }
  }

  private static List<Path> files(Path folder) throws IOException {
    try (Stream<Path> inside = Files.walk(folder)) {
      return inside.filter(Files::isRegularFile).sorted().toList();
    }
  }
}
