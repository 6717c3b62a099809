package dev.graft.data;

import java.nio.file.Path;
import java.util.Objects;

/**
 * An image file and what a model should say of it.
 *
 * @param path the file; it may turn out not to be a readable image
 * @param target what it shows
 * @param weight how much it counts in the loss, at least 0; 1 by default
 */
public record LabeledImage(Path path, Target target, float weight) {
  /** Checks the weight. */
  public LabeledImage {
    Objects.requireNonNull(path, "path");
    Objects.requireNonNull(target, "target");
    if (!(weight >= 0 && Float.isFinite(weight))) {
      throw new IllegalArgumentException(
          "The weight of " + path + " is " + weight + "; expected a number of at least 0.");
    }
  }

  /** An image of weight 1. */
  public LabeledImage(Path path, Target target) {
    this(path, target, 1);
  }

  /**
   * An image of one class.
   *
   * @param label index into the {@link Labels} of the data, from 0
   */
  public LabeledImage(Path path, int label) {
    this(path, new Target.OfClass(label));
  }

  /**
   * The index of its class.
   *
   * @throws IllegalStateException when it has labels or numbers instead
   */
  public int label() {
    if (target instanceof Target.OfClass one) {
      return one.index();
    }
    throw new IllegalStateException(path + " has no class but the target " + target + ".");
  }
}
