package dev.graft.data;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;

/**
 * Labelled images, as {@link ImageFolder} and {@link ImageList} read them. Immutable.
 *
 * @param source where they were read from
 * @param task what a model is to say of them
 * @param images the images to train on; those for validation are among them where {@code
 *     validation} is empty
 * @param validation images that the source set apart for validation; empty where it did not
 * @param test images that the source set apart for the test at the end; empty where it did not
 * @param skipped files that were found but left out
 */
public record LabeledImages(
    Path source,
    Task task,
    List<LabeledImage> images,
    List<LabeledImage> validation,
    List<LabeledImage> test,
    List<SkippedFile> skipped) {
  public LabeledImages {
    Objects.requireNonNull(source, "source");
    images = checked(images, task);
    validation = checked(validation, task);
    test = checked(test, task);
    skipped = List.copyOf(skipped);
  }

  /** Images of classes. */
  public LabeledImages(
      Path source,
      Labels labels,
      List<LabeledImage> images,
      List<LabeledImage> validation,
      List<LabeledImage> test,
      List<SkippedFile> skipped) {
    this(source, Task.classes(labels), images, validation, test, skipped);
  }

  /**
   * Reads a folder, as {@link ImageFolder} does, or a {@code .csv} file, as {@link ImageList} does.
   *
   * @throws IllegalArgumentException when there are no labelled images
   * @throws IOException when it can't be read
   */
  public static LabeledImages read(Path source) throws IOException {
    return read(source, Optional.empty());
  }

  /**
   * Reads a folder or a list for a kind of task.
   *
   * @param kind what the labels of a list are; by default what they look like
   * @throws IllegalArgumentException when there are no labelled images, or they are of another kind
   * @throws IOException when it can't be read
   */
  public static LabeledImages read(Path source, Optional<Task.Kind> kind) throws IOException {
    boolean isList = source.toString().toLowerCase(Locale.ROOT).endsWith(".csv");
    if (isList && !Files.isDirectory(source)) {
      return ImageList.read(source, kind);
    }
    LabeledImages images = ImageFolder.read(source);
    if (kind.isPresent() && kind.get() != Task.Kind.CLASSES) {
      throw new IllegalArgumentException(
          source
              + " is a folder, whose images have one class each; "
              + kind.get().word()
              + " need a .csv list with the columns path and label.");
    }
    return images;
  }

  /** Names of the classes, the labels or the numbers. */
  public Labels labels() {
    return task.labels();
  }

  /**
   * The same data in the terms of a task. Labels may be fewer than the task's; classes and numbers
   * must be the same.
   *
   * @throws IllegalArgumentException when they are others
   */
  public LabeledImages as(Task other) {
    if (task.equals(other)) {
      return this;
    }
    boolean mapped =
        task.kind() == Task.Kind.LABELS
            && other.kind() == Task.Kind.LABELS
            && other.labels().names().containsAll(labels().names());
    if (!mapped) {
      String difference = other.labels().difference(labels());
      throw new IllegalArgumentException(
          "%s has the %s %s%s, but expected are the %s %s."
              .formatted(
                  source,
                  task.kind().word(),
                  labels().names(),
                  difference.isEmpty() ? "" : ", that is " + difference,
                  other.kind().word(),
                  other.labels().names()));
    }
    int[] index =
        labels().names().stream().mapToInt(name -> other.labels().indexOf(name)).toArray();
    return new LabeledImages(
        source,
        other,
        mapped(images, index),
        mapped(validation, index),
        mapped(test, index),
        skipped);
  }

  private static List<LabeledImage> mapped(List<LabeledImage> images, int[] index) {
    return images.stream()
        .map(
            image -> {
              Target.OfLabels labels = (Target.OfLabels) image.target();
              return new LabeledImage(
                  image.path(),
                  new Target.OfLabels(labels.indices().stream().map(i -> index[i]).toList()),
                  image.weight());
            })
        .toList();
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
    String difference = labels().difference(other.labels());
    if (task.kind() == Task.Kind.CLASSES && !difference.isEmpty()) {
      throw new IllegalArgumentException(
          other.source
              + " must have the classes of "
              + source
              + ", but it has "
              + difference
              + ".");
    }
    return new LabeledImages(source, task, images, other.as(task).images, test, skipped);
  }

  private static List<LabeledImage> checked(List<LabeledImage> images, Task task) {
    images.forEach(image -> task.require(image.path().toString(), image.target()));
    return List.copyOf(images);
  }
}
