package dev.graft.data;

import java.nio.file.Path;
import java.util.Objects;

/**
 * An image file and what it shows.
 *
 * @param path the file; it may turn out not to be a readable image
 * @param label index into the {@link Labels} of the data, from 0
 */
public record LabeledImage(Path path, int label) {
  public LabeledImage {
    Objects.requireNonNull(path, "path");
    if (label < 0) {
      throw new IllegalArgumentException(
          "The label of " + path + " is " + label + "; expected 0 or more.");
    }
  }
}
