package dev.graft.data;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * Labelled images in three parts. Immutable.
 *
 * @param task what a model is to say of them
 * @param training images to train on, at least one
 * @param validation images to validate on after each epoch, at least one
 * @param test images to evaluate on once at the end; may be empty
 */
public record Split(
    Task task,
    List<LabeledImage> training,
    List<LabeledImage> validation,
    List<LabeledImage> test) {
  public Split {
    Objects.requireNonNull(task, "task");
    training = List.copyOf(training);
    validation = List.copyOf(validation);
    test = List.copyOf(test);
    if (training.isEmpty() || validation.isEmpty()) {
      throw new IllegalArgumentException(
          "The split leaves "
              + training.size()
              + " images for training and "
              + validation.size()
              + " for validation; each needs at least one.");
    }
  }

  /** Images of classes. */
  public Split(
      Labels labels,
      List<LabeledImage> training,
      List<LabeledImage> validation,
      List<LabeledImage> test) {
    this(Task.classes(labels), training, validation, test);
  }

  /** Names of the classes, the labels or the numbers. */
  public Labels labels() {
    return task.labels();
  }

  /**
   * The part that the source set apart for validation, and the rest for training, both in the order
   * of the source.
   *
   * @throws IllegalArgumentException if the source set no validation images apart
   */
  public static Split given(LabeledImages data) {
    if (!data.hasValidation()) {
      throw new IllegalArgumentException(
          data.source() + " has no validation images of its own; give a fraction to split off.");
    }
    return new Split(data.task(), data.images(), data.validation(), data.test());
  }

  /**
   * The split that {@code keras.utils.image_dataset_from_directory(…, validation_split=fraction,
   * seed=seed)} makes: the images are shuffled with {@link Shuffle}, and the last {@code
   * int(fraction * n)} of them are for validation. Both parts are in shuffled order.
   *
   * @param fraction part for validation, above 0 and below 1
   * @param seed from 0 to 2^32 - 1
   * @throws IllegalArgumentException if an argument is out of range, if the source set validation
   *     images apart, or if one of the parts would be empty
   */
  public static Split of(LabeledImages data, double fraction, long seed) {
    if (!(fraction > 0 && fraction < 1)) {
      throw new IllegalArgumentException(
          "The fraction for validation is " + fraction + "; expected above 0 and below 1.");
    }
    if (data.hasValidation()) {
      throw new IllegalArgumentException(
          data.source()
              + " has validation images of its own; leave the fraction "
              + fraction
              + " out to use them.");
    }
    List<LabeledImage> shuffled = Shuffle.shuffled(data.images(), seed);
    int training = shuffled.size() - (int) (fraction * shuffled.size());
    if (training == 0 || training == shuffled.size()) {
      throw new IllegalArgumentException(
          "A fraction of "
              + fraction
              + " for validation leaves "
              + training
              + " of the "
              + shuffled.size()
              + " images of "
              + data.source()
              + " for training and "
              + (shuffled.size() - training)
              + " for validation; each needs at least one.");
    }
    return new Split(
        data.task(),
        shuffled.subList(0, training),
        shuffled.subList(training, shuffled.size()),
        data.test());
  }

  /** One sentence for each class, or label, without an image in training or in validation. */
  public List<String> warnings() {
    List<String> warnings = new ArrayList<>();
    if (task.kind() == Task.Kind.NUMBERS) {
      return warnings;
    }
    warn(warnings, training, "training", "the model cannot learn it");
    warn(warnings, validation, "validation", "its accuracy is unknown");
    return List.copyOf(warnings);
  }

  private void warn(
      List<String> warnings, List<LabeledImage> images, String part, String consequence) {
    float[] seen = new float[task.size()];
    images.forEach(image -> image.target().put(seen, 0));
    for (int label = 0; label < seen.length; label++) {
      if (seen[label] == 0) {
        warnings.add(
            "%s \"%s\" has no %s image: %s."
                .formatted(
                    task.kind() == Task.Kind.CLASSES ? "Class" : "Label",
                    labels().name(label),
                    part,
                    consequence));
      }
    }
  }
}
