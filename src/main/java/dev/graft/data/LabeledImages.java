package dev.graft.data;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Objects;

/**
 * Labelled images, as {@link ImageFolder} and {@link ImageList} read them. Immutable.
 *
 * @param source where they were read from
 * @param labels the classes
 * @param images the images to train on; those for validation are among them where {@code
 *     validation} is empty
 * @param validation images that the source set apart for validation; empty where it did not
 * @param test images that the source set apart for the test at the end; empty where it did not
 * @param skipped files that were found but left out
 */
public record LabeledImages(
    Path source,
    Labels labels,
    List<LabeledImage> images,
    List<LabeledImage> validation,
    List<LabeledImage> test,
    List<SkippedFile> skipped) {
  public LabeledImages {
    Objects.requireNonNull(source, "source");
    images = checked(images, labels);
    validation = checked(validation, labels);
    test = checked(test, labels);
    skipped = List.copyOf(skipped);
  }

  /**
   * Reads a folder, as {@link ImageFolder} does, or a {@code .csv} file, as {@link ImageList} does.
   *
   * @throws IllegalArgumentException when there are no labelled images
   * @throws IOException when it can't be read
   */
  public static LabeledImages read(Path source) throws IOException {
    boolean isList = source.toString().toLowerCase(Locale.ROOT).endsWith(".csv");
    return isList && !Files.isDirectory(source) ? ImageList.read(source) : ImageFolder.read(source);
  }

  /** Whether the source set images apart for validation. */
  public boolean hasValidation() {
    return !validation.isEmpty();
  }

  /**
   * The same data with all images of another source for validation.
   *
   * @throws IllegalArgumentException if this data has validation images of its own, or if the other
   *     source has other classes
   */
  public LabeledImages withValidation(LabeledImages other) {
    if (hasValidation()) {
      throw new IllegalArgumentException(
          source
              + " has its own validation images; validation on "
              + other.source
              + " cannot be added to them.");
    }
    String difference = labels.difference(other.labels);
    if (!difference.isEmpty()) {
      throw new IllegalArgumentException(
          other.source
              + " must have the classes of "
              + source
              + ", but it has "
              + difference
              + ".");
    }
    return new LabeledImages(source, labels, images, other.images, test, skipped);
  }

  private static List<LabeledImage> checked(List<LabeledImage> images, Labels labels) {
    for (LabeledImage image : images) {
      if (image.label() >= labels.size()) {
        throw new IllegalArgumentException(
            "The label of "
                + image.path()
                + " is "
                + image.label()
                + ", but there are only "
                + labels.size()
                + " classes.");
      }
    }
    return List.copyOf(images);
  }
}
