package dev.graft.data;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What is changed at random in training images, and how many views of each image are kept. An
 * immutable value.
 *
 * <p>The steps act on the resized image, whose values go from 0 to 255, before the rest of the
 * {@link Preparation}; values stay in that range. What a view looks like follows from the image's
 * content, the view's number and the steps before and including each step, and from nothing else.
 *
 * @param steps applied in this order, at least one
 * @param views kept of each image, from which each pass takes one; {@link #LIVE} to keep none and
 *     to make a new view in each pass
 */
public record Augmentation(List<AugmentationStep> steps, int views) {
  /** Views kept of each image unless something else is said. */
  public static final int DEFAULT_VIEWS = 4;

  /** Instead of a number of views: none is kept. */
  public static final int LIVE = 0;

  private static final int MOST_VIEWS = 1000;

  /** Copies the steps and checks the number of views. */
  public Augmentation {
    steps = List.copyOf(steps);
    if (steps.isEmpty()) {
      throw new IllegalArgumentException("An augmentation needs at least one step.");
    }
    if (views < 0 || views > MOST_VIEWS) {
      throw new IllegalArgumentException(
          "The number of views of an image must be 1 to " + MOST_VIEWS + ", got " + views + ".");
    }
  }

  /**
   * What suits photographs: {@code flip, rotation(0.05), shift(0.05), zoom(0.1), contrast(0.1)},
   * four views of each image.
   */
  public static Augmentation standard() {
    return new Augmentation(
        List.of(
            new AugmentationStep.Flip(AugmentationStep.Axis.HORIZONTAL),
            new AugmentationStep.Rotation(AugmentationStep.Range.around(0.05)),
            new AugmentationStep.Shift(
                AugmentationStep.Range.around(0.05), AugmentationStep.Range.around(0.05)),
            new AugmentationStep.Zoom(AugmentationStep.Range.around(0.1)),
            new AugmentationStep.Contrast(AugmentationStep.Range.around(0.1))),
        DEFAULT_VIEWS);
  }

  /**
   * Reads steps from left to right, such as {@code flip, rotation(0.1), zoom(-0.2, 0.1)}. {@code
   * views(K)} or {@code live} among them says how many views are kept; alone, or with nothing, the
   * steps are those of {@link #standard()}.
   *
   * @throws IllegalArgumentException when the text is no augmentation, with what was expected
   */
  public static Augmentation parse(String text) {
    return new AugmentationText(text).read();
  }

  /** Whether no views are kept, and the trunk runs in each epoch. */
  public boolean isLive() {
    return views == LIVE;
  }

  /** The same steps with another number of views. */
  public Augmentation withViews(int other) {
    return new Augmentation(steps, other);
  }

  /** The steps alone; two augmentations with the same steps make the same views. */
  public String describeSteps() {
    return steps.stream().map(AugmentationStep::text).collect(Collectors.joining(", "));
  }

  /** As {@link #parse} reads it. */
  public String describe() {
    String kept = isLive() ? "live" : "views(" + views + ")";
    return Stream.concat(steps.stream().map(AugmentationStep::text), Stream.of(kept))
        .collect(Collectors.joining(", "));
  }

  /**
   * The number of the view of an image that a pass shows. Each kept view is shown as often as the
   * others, beginning with one that follows from seed and image.
   *
   * @param image index among the training images
   * @param pass over the training images, from 1
   */
  public long view(long seed, int image, int pass) {
    long start = mix(mix(seed) + image);
    return isLive() ? mix(start + pass) >>> 1 : Math.floorMod(start + pass, (long) views);
  }

  /** SplitMix64's finalizer (Steele, Lea, Flood 2014). */
  private static long mix(long value) {
    long mixed = value + 0x9E3779B97F4A7C15L;
    mixed = (mixed ^ (mixed >>> 30)) * 0xBF58476D1CE4E5B9L;
    mixed = (mixed ^ (mixed >>> 27)) * 0x94D049BB133111EBL;
    return mixed ^ (mixed >>> 31);
  }
}
