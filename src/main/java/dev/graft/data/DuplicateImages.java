package dev.graft.data;

import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Images of the same bytes that a split should not have: in several of its parts, where a model is
 * asked what it was told, or of several classes, where it is told two things.
 *
 * @param sha256 of the bytes
 * @param copies at least two, in the order of the split
 */
public record DuplicateImages(String sha256, List<Copy> copies) {
  /** Copies the list. */
  public DuplicateImages {
    copies = List.copyOf(copies);
  }

  /**
   * One of the images.
   *
   * @param part {@code training}, {@code validation} or {@code test}
   * @param image the image
   */
  public record Copy(String part, LabeledImage image) {}

  /**
   * Compares all images of a split. Only files of the same size are read; one that can't be is no
   * duplicate.
   *
   * @return in the order of the first copies
   */
  public static List<DuplicateImages> of(Split split) {
    Map<Long, List<Copy>> bySize = new LinkedHashMap<>();
    for (Copy copy : copies(split)) {
      size(copy).ifPresent(n -> bySize.computeIfAbsent(n, key -> new ArrayList<>()).add(copy));
    }
    Map<String, List<Copy>> byHash = new LinkedHashMap<>();
    for (List<Copy> sameSize : bySize.values()) {
      if (sameSize.size() > 1) {
        for (Copy copy : sameSize) {
          hash(copy).ifPresent(h -> byHash.computeIfAbsent(h, key -> new ArrayList<>()).add(copy));
        }
      }
    }
    return byHash.entrySet().stream()
        .map(entry -> new DuplicateImages(entry.getKey(), entry.getValue()))
        .filter(same -> same.crossesParts() || same.crossesClasses())
        .toList();
  }

  private static List<Copy> copies(Split split) {
    List<Copy> copies = new ArrayList<>();
    split.training().forEach(image -> copies.add(new Copy("training", image)));
    split.validation().forEach(image -> copies.add(new Copy("validation", image)));
    split.test().forEach(image -> copies.add(new Copy("test", image)));
    return copies;
  }

  private static Optional<Long> size(Copy copy) {
    try {
      return Optional.of(Files.size(copy.image().path()));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private static Optional<String> hash(Copy copy) {
    try {
      return Optional.of(Sha256.of(copy.image().path()));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** Whether two parts of the split have it. */
  public boolean crossesParts() {
    return copies.stream().map(Copy::part).distinct().count() > 1;
  }

  /** Whether two classes have it. */
  public boolean crossesClasses() {
    return copies.stream().map(copy -> copy.image().target()).distinct().count() > 1;
  }
}
