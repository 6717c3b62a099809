package dev.graft.data;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * The images of one class: all files below its folder that {@code
 * keras.utils.image_dataset_from_directory} lists, and TIFF and PNM files, in its order: folders by
 * their path, the names in each sorted, endings compared in lower case, hidden files and hidden
 * sub-folders included, links to folders not followed.
 *
 * @param images the images in that order
 * @param skipped the other files
 */
record ClassFolder(List<Path> images, List<SkippedFile> skipped) {
  /** Keras's, then what Keras leaves out and {@code dev.graft.image} reads. */
  static final List<String> ENDINGS =
      List.of(
          ".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".pbm", ".pgm", ".ppm", ".pnm");

  static ClassFolder read(Path folder) throws IOException {
    Map<String, Path> folders = new TreeMap<>(CodePointOrder.INSTANCE);
    List<SkippedFile> skipped = new ArrayList<>();
    collect(folder, "", folders, skipped);
    List<Path> images = new ArrayList<>();
    for (Path each : folders.values()) {
      for (Path file : sorted(each)) {
        if (isImage(file)) {
          images.add(file);
        } else if (!Files.isDirectory(file)) {
          skipped.add(new SkippedFile(file, "does not end in " + String.join(", ", ENDINGS)));
        }
      }
    }
    return new ClassFolder(List.copyOf(images), List.copyOf(skipped));
  }

  /** Whether the file's ending is that of an image; a folder never is one. */
  static boolean isImage(Path file) {
    String name = name(file).toLowerCase(Locale.ROOT);
    return ENDINGS.stream().anyMatch(name::endsWith) && !Files.isDirectory(file);
  }

  /** What is in the folder, sorted by name as Python sorts. */
  static List<Path> sorted(Path folder) throws IOException {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries
          .sorted(Comparator.comparing(ClassFolder::name, CodePointOrder.INSTANCE))
          .toList();
    }
  }

  static String name(Path path) {
    return path.getFileName().toString();
  }

  private static void collect(
      Path folder, String relative, Map<String, Path> folders, List<SkippedFile> skipped)
      throws IOException {
    folders.put(relative, folder);
    for (Path entry : sorted(folder)) {
      if (Files.isDirectory(entry)) {
        if (Files.isSymbolicLink(entry)) {
          skipped.add(new SkippedFile(entry, "is a link to a folder, which is not followed"));
        } else {
          collect(entry, relative + "/" + name(entry), folders, skipped);
        }
      }
    }
  }
}
