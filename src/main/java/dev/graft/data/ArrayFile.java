package dev.graft.data;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Enumeration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;

/** Arrays by name: the members of a {@code .npz} file, or the {@code .npy} files of a folder. */
final class ArrayFile {
  private static final String ENDING = ".npy";

  private ArrayFile() {}

  /** Whether a path holds arrays: a {@code .npz} file, or a folder with {@code .npy} files. */
  static boolean is(Path path) throws IOException {
    if (Files.isDirectory(path)) {
      return !npyFiles(path).isEmpty();
    }
    return path.toString().toLowerCase(Locale.ROOT).endsWith(".npz");
  }

  static Map<String, NumberArray> read(Path path) throws IOException {
    Map<String, NumberArray> arrays = new LinkedHashMap<>();
    if (Files.isDirectory(path)) {
      for (Path file : npyFiles(path)) {
        arrays.put(name(file.getFileName().toString()), NumberArray.read(file));
      }
      return arrays;
    }
    if (!Files.isRegularFile(path)) {
      throw new IllegalArgumentException("There is no file " + path + ".");
    }
    try (ZipFile zip = new ZipFile(path.toFile())) {
      Enumeration<? extends ZipEntry> entries = zip.entries();
      for (ZipEntry entry : Collections.list(entries)) {
        if (entry.getName().endsWith(ENDING)) {
          arrays.put(name(entry.getName()), read(path, zip, entry));
        }
      }
    } catch (ZipException e) {
      throw new IllegalArgumentException(
          path + " is no .npz file (" + e.getMessage() + "): write it with numpy.savez.", e);
    }
    return arrays;
  }

  /** Through a file, so that an array may be as large as in a file of its own. */
  private static NumberArray read(Path path, ZipFile zip, ZipEntry entry) throws IOException {
    Path file = Files.createTempFile("graft", ENDING);
    try {
      try (InputStream in = zip.getInputStream(entry)) {
        Files.copy(in, file, StandardCopyOption.REPLACE_EXISTING);
      }
      return NumberArray.read(file);
    } catch (NpyFormatException e) {
      String inside = path + "[" + name(entry.getName()) + "]";
      throw new IllegalArgumentException(e.getMessage().replace(file.toString(), inside), e);
    } finally {
      Files.deleteIfExists(file);
    }
  }

  private static String name(String file) {
    return file.substring(0, file.length() - ENDING.length());
  }

  private static List<Path> npyFiles(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return new ArrayList<>(
          files.filter(file -> file.toString().endsWith(ENDING)).sorted().toList());
    }
  }
}
