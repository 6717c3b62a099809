package dev.graft.data;

import java.util.Locale;

/**
 * One random change of an image. Factors mean what they mean in Keras's layers of preprocessing;
 * each image and view draws its own values.
 */
public sealed interface AugmentationStep {
  /** As {@link Augmentation#parse} reads it. */
  String text();

  /**
   * A range from which a factor is drawn evenly.
   *
   * @param low at most {@code high}
   * @param high at least {@code low}
   */
  record Range(double low, double high) {
    /** Checks the order. */
    public Range {
      if (!(low <= high) || Double.isInfinite(low) || Double.isInfinite(high)) {
        throw new IllegalArgumentException(
            "a range goes from the lower to the higher number, got " + low + " to " + high);
      }
    }

    /** From −{@code factor} to {@code factor}. */
    public static Range around(double factor) {
      return new Range(-factor, factor);
    }

    Range within(String step, double least, double most) {
      if (low < least || high > most) {
        throw new IllegalArgumentException(
            step
                + " needs factors from "
                + number(least)
                + " to "
                + number(most)
                + ", got "
                + (least < 0 ? describe() : upTo()));
      }
      return this;
    }

    private boolean isAround() {
      return low == -high;
    }

    private String limits() {
      return number(low) + ", " + number(high);
    }

    /** {@code 0.1} for a range around zero, else both limits. */
    private String describe() {
      return isAround() ? number(high) : limits();
    }

    /** {@code 0.1} for a range from zero, else both limits. */
    private String upTo() {
      return low == 0 ? number(high) : limits();
    }
  }

  /** Axes along which images may be mirrored. */
  enum Axis {
    /** Left and right change places. */
    HORIZONTAL,
    /** Top and bottom change places. */
    VERTICAL,
    /** Each of both, independently. */
    BOTH
  }

  /**
   * Mirrors half of the views of each image: of two views that follow one another, one. Keras's
   * {@code RandomFlip}.
   */
  record Flip(Axis axis) implements AugmentationStep {
    @Override
    public String text() {
      return axis == Axis.HORIZONTAL
          ? "flip"
          : "flip(" + axis.name().toLowerCase(Locale.ROOT) + ")";
    }
  }

  /**
   * Turns counter-clockwise about the centre; what comes in from outside is the image reflected.
   * Keras's {@code RandomRotation}.
   *
   * @param factor of a whole turn, −1 to 1
   */
  record Rotation(Range factor) implements AugmentationStep {
    /** Checks the factor. */
    public Rotation {
      factor.within("rotation", -1, 1);
    }

    @Override
    public String text() {
      return "rotation(" + factor.describe() + ")";
    }
  }

  /**
   * Moves down and right, or up and left; what comes in from outside is the image reflected.
   * Keras's {@code RandomTranslation}.
   *
   * @param height down, as a share of the height, −1 to 1
   * @param width to the right, as a share of the width, −1 to 1
   */
  record Shift(Range height, Range width) implements AugmentationStep {
    /** Checks the shares. */
    public Shift {
      height.within("shift", -1, 1);
      width.within("shift", -1, 1);
    }

    @Override
    public String text() {
      if (!height.isAround() || !width.isAround()) {
        return "shift(" + height.limits() + ", " + width.limits() + ")";
      }
      String both = number(height.high()) + ", " + number(width.high());
      return "shift(" + (height.equals(width) ? number(height.high()) : both) + ")";
    }
  }

  /**
   * Enlarges (below 0) or shrinks (above 0) about the centre, height and width alike; what comes in
   * from outside is the image reflected. Keras's {@code RandomZoom}.
   *
   * @param factor −0.9 to 1: 0.2 shows 1.2 times as much of the scene
   */
  record Zoom(Range factor) implements AugmentationStep {
    /** Checks the factor. */
    public Zoom {
      factor.within("zoom", -0.9, 1);
    }

    @Override
    public String text() {
      return "zoom(" + factor.describe() + ")";
    }
  }

  /**
   * Cuts a part out at a random place and stretches it to the image's size. Keras's {@code
   * RandomCrop} followed by {@code Resizing}.
   *
   * @param share of the height and of the width that stays, above 0, at most 1
   */
  record Crop(double share) implements AugmentationStep {
    /** Checks the share. */
    public Crop {
      requireShare("crop", share, false);
    }

    @Override
    public String text() {
      return "crop(" + number(share) + ")";
    }
  }

  /**
   * {@code (x − mean) × c + mean}, with the mean of each channel. Keras's {@code RandomContrast}.
   *
   * @param factor c is drawn from 1 + low to 1 + high; −1 to 1
   */
  record Contrast(Range factor) implements AugmentationStep {
    /** Checks the factor. */
    public Contrast {
      factor.within("contrast", -1, 1);
    }

    @Override
    public String text() {
      return "contrast(" + factor.describe() + ")";
    }
  }

  /**
   * Adds the same to all values. Keras's {@code RandomBrightness}.
   *
   * @param factor of 255, −1 to 1
   */
  record Brightness(Range factor) implements AugmentationStep {
    /** Checks the factor. */
    public Brightness {
      factor.within("brightness", -1, 1);
    }

    @Override
    public String text() {
      return "brightness(" + factor.describe() + ")";
    }
  }

  /**
   * Turns the hue by half of the factor of a whole turn, either way. Keras's {@code RandomHue}.
   *
   * @param factor 0 to 1
   */
  record Hue(Range factor) implements AugmentationStep {
    /** Checks the factor. */
    public Hue {
      factor.within("hue", 0, 1);
    }

    @Override
    public String text() {
      return "hue(" + factor.upTo() + ")";
    }
  }

  /**
   * Multiplies the saturation by {@code f / (1 − f)}. Keras's {@code RandomSaturation}.
   *
   * @param factor 0 (grey) to 1 (as strong as can be); 0.5 leaves it as it is
   */
  record Saturation(Range factor) implements AugmentationStep {
    /** Checks the factor. */
    public Saturation {
      factor.within("saturation", 0, 1);
    }

    @Override
    public String text() {
      return "saturation(" + factor.upTo() + ")";
    }
  }

  /**
   * Adds to each value a number of its own, normally distributed. Keras's {@code GaussianNoise} on
   * values from 0 to 1.
   *
   * @param deviation as a share of 255, 0 to 1
   */
  record Noise(double deviation) implements AugmentationStep {
    /** Checks the deviation. */
    public Noise {
      requireShare("noise", deviation, true);
    }

    @Override
    public String text() {
      return "noise(" + number(deviation) + ")";
    }
  }

  /**
   * Paints over a rectangle at a random place with middle grey (127.5). Keras's {@code
   * RandomErasing} with that value.
   *
   * @param scale the squares of the shares of height and width that are covered, drawn apart; 0 to
   *     1
   */
  record Cutout(Range scale) implements AugmentationStep {
    /** Checks the scale. */
    public Cutout {
      scale.within("cutout", 0, 1);
    }

    @Override
    public String text() {
      return "cutout(" + scale.upTo() + ")";
    }
  }

  private static void requireShare(String step, double share, boolean mayBeZero) {
    if (!(share <= 1 && (share > 0 || mayBeZero && share == 0))) {
      throw new IllegalArgumentException(
          step
              + " needs a share "
              + (mayBeZero ? "from 0" : "above 0")
              + " to 1, got "
              + number(share));
    }
  }

  private static String number(double value) {
    String text = String.valueOf(value);
    return text.endsWith(".0") ? text.substring(0, text.length() - 2) : text;
  }
}
