package dev.graft.train;

import dev.graft.data.LabeledArrays;
import dev.graft.data.LabeledImage;
import dev.graft.data.Sha256;
import dev.graft.data.Split;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Which examples a model was made of, without their names: for each part of the split how many, and
 * the SHA-256 of a sorted list with a line for each, the SHA-256 of its file and its label. Of
 * arrays, whose rows have no files, the list has a line for each array file and its name.
 */
final class DataHash {
  private DataHash() {}

  /** By {@code training}, {@code validation} and {@code test}; without parts that are empty. */
  static Map<String, Object> of(Path data, Split split) throws IOException {
    boolean arrays = LabeledArrays.isAt(data);
    Map<String, Object> parts = new LinkedHashMap<>();
    for (Map.Entry<String, List<LabeledImage>> part : parts(split).entrySet()) {
      if (!part.getValue().isEmpty()) {
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("examples", part.getValue().size());
        facts.put("sha256", hash(arrays ? arrayFiles(data) : images(split, part.getValue())));
        parts.put(part.getKey(), facts);
      }
    }
    return parts;
  }

  private static Map<String, List<LabeledImage>> parts(Split split) {
    Map<String, List<LabeledImage>> parts = new LinkedHashMap<>();
    parts.put("training", split.training());
    parts.put("validation", split.validation());
    parts.put("test", split.test());
    return parts;
  }

  private static Stream<String> images(Split split, List<LabeledImage> images) {
    return images.parallelStream()
        .map(image -> hash(image.path()) + " " + split.task().text(image.target()));
  }

  private static Stream<String> arrayFiles(Path data) throws IOException {
    if (Files.isRegularFile(data)) {
      return Stream.of(hash(data) + " " + data.getFileName());
    }
    try (Stream<Path> files = Files.list(data)) {
      return files
          .filter(file -> file.toString().endsWith(".npy"))
          .map(file -> hash(file) + " " + file.getFileName())
          .toList()
          .stream();
    }
  }

  private static String hash(Stream<String> lines) {
    String list = String.join("\n", lines.sorted().toList()) + "\n";
    return Sha256.of(list.getBytes(StandardCharsets.UTF_8));
  }

  /** A file that can't be read is none of the examples that were learnt from. */
  private static String hash(Path file) {
    try {
      return Files.isRegularFile(file) ? Sha256.of(file) : "unreadable";
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
