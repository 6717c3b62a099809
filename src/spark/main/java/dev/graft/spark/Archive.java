package dev.graft.spark;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.Deflater;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** A folder as one file that Spark can send. */
final class Archive {
  private Archive() {}

  /**
   * Packs a folder, uncompressed since weights do not shrink.
   *
   * @param name of the archive, without ending
   * @return a file that is deleted when this process ends: Spark serves it until then
   */
  static Path of(Path folder, String name) throws IOException {
    Path parent = Files.createTempDirectory("graft");
    Path archive = parent.resolve(name + ".zip");
    parent.toFile().deleteOnExit();
    archive.toFile().deleteOnExit();
    try (OutputStream out = Files.newOutputStream(archive);
        ZipOutputStream zip = new ZipOutputStream(out)) {
      zip.setLevel(Deflater.NO_COMPRESSION);
      for (Path file : files(folder)) {
        zip.putNextEntry(new ZipEntry(folder.relativize(file).toString().replace('\\', '/')));
        Files.copy(file, zip);
        zip.closeEntry();
      }
    }
    return archive;
  }

  private static List<Path> files(Path folder) throws IOException {
    try (Stream<Path> inside = Files.walk(folder)) {
      return inside.filter(Files::isRegularFile).sorted().toList();
    }
  }
}
