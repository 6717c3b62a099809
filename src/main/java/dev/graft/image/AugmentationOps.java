package dev.graft.image;

import dev.graft.data.Augmentation;
import dev.graft.data.AugmentationStep;
import dev.graft.data.AugmentationStep.Axis;
import dev.graft.data.AugmentationStep.Range;
import java.util.List;
import java.util.SplittableRandom;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.op.image.ImageProjectiveTransformV3;
import org.tensorflow.op.image.ResizeBilinear;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;

/**
 * An {@link Augmentation} as TensorFlow ops: Keras's formulas and the same kernels, with random
 * numbers that follow from a seed alone ({@code StatelessRandom*}).
 */
final class AugmentationOps {
  private static final float BRIGHTEST = 255;
  private static final float GREY = 127.5f;

  private final Ops tf;
  private final Operand<TInt64> image;
  private final Operand<TInt64> view;
  private Operand<TInt64> seed;

  /**
   * @param image what tells images apart, a scalar
   * @param view number of the view, 0 or more, a scalar
   */
  AugmentationOps(Ops tf, Operand<TInt64> image, Operand<TInt64> view) {
    this.tf = tf;
    this.image = image;
    this.view = view;
  }

  /**
   * Adds all steps to the graph.
   *
   * @param pixels {@code [height, width, channels]}, red first, from 0 to 255
   * @return the same shape and range
   * @throws IllegalArgumentException if a step needs colours and there is one channel
   */
  Operand<TFloat32> apply(Augmentation augmentation, Operand<TFloat32> pixels, int channels) {
    SplittableRandom salts = new SplittableRandom(0);
    Operand<TFloat32> changed = pixels;
    for (AugmentationStep step : augmentation.steps()) {
      requireColours(step, channels);
      Operand<TInt64> salt = tf.constant(salts.nextLong());
      seed = tf.stack(List.of(tf.bitwise.bitwiseXor(image, salt), view)); // [2]
      changed = apply(step, changed);
    }
    return changed;
  }

  private static void requireColours(AugmentationStep step, int channels) {
    boolean colours =
        step instanceof AugmentationStep.Hue || step instanceof AugmentationStep.Saturation;
    if (colours && channels != 3) {
      throw new IllegalArgumentException(
          "The augmentation "
              + step.text()
              + " needs images with red, green and blue, but the model takes images with one"
              + " channel: leave it out.");
    }
  }

  private Operand<TFloat32> apply(AugmentationStep step, Operand<TFloat32> x) {
    if (step instanceof AugmentationStep.Flip flip) {
      return flip(x, flip.axis());
    } else if (step instanceof AugmentationStep.Rotation rotation) {
      return rotate(x, rotation.factor());
    } else if (step instanceof AugmentationStep.Shift shift) {
      return shift(x, shift);
    } else if (step instanceof AugmentationStep.Zoom zoom) {
      return zoom(x, zoom.factor());
    } else if (step instanceof AugmentationStep.Crop crop) {
      return crop(x, (float) crop.share());
    } else if (step instanceof AugmentationStep.Contrast contrast) {
      return contrast(x, contrast.factor());
    } else if (step instanceof AugmentationStep.Brightness brightness) {
      Operand<TFloat32> delta = tf.math.mul(draw(brightness.factor()), tf.constant(BRIGHTEST));
      return clip(tf.math.add(x, delta), BRIGHTEST);
    } else if (step instanceof AugmentationStep.Hue hue) {
      return hue(x, hue.factor());
    } else if (step instanceof AugmentationStep.Saturation saturation) {
      return saturation(x, saturation.factor());
    } else if (step instanceof AugmentationStep.Noise noise) {
      return noise(x, (float) noise.deviation());
    }
    return cutout(x, ((AugmentationStep.Cutout) step).scale());
  }

  /** Even numbers in [0, 1). */
  private Operand<TFloat32> uniform(int count) {
    return tf.random.statelessRandomUniform(
        tf.constant(new int[] {count}), seed, TFloat32.class); // [count]
  }

  private Operand<TFloat32> element(Operand<TFloat32> values, int index) {
    return tf.gather(values, tf.constant(index), tf.constant(0)); // []
  }

  private Operand<TFloat32> draw(Range range) {
    return within(element(uniform(1), 0), range);
  }

  private Operand<TFloat32> within(Operand<TFloat32> uniform, Range range) {
    float low = (float) range.low();
    return tf.math.add(
        tf.math.mul(uniform, tf.constant((float) range.high() - low)), tf.constant(low));
  }

  private Operand<TInt32> size(Operand<TFloat32> x) {
    return tf.slice(tf.shape(x), tf.constant(new int[] {0}), tf.constant(new int[] {2})); // [2]
  }

  private Operand<TFloat32> side(Operand<TFloat32> x, int axis) {
    return tf.dtypes.cast(tf.gather(size(x), tf.constant(axis), tf.constant(0)), TFloat32.class);
  }

  private Operand<TFloat32> clip(Operand<TFloat32> x, float most) {
    return tf.clipByValue(x, tf.constant(0f), tf.constant(most));
  }

  /** Of two views that follow one another exactly one is flipped, so that few views are even. */
  private Operand<TFloat32> flip(Operand<TFloat32> x, Axis axis) {
    Operand<TFloat32> flipped = x;
    if (axis != Axis.VERTICAL) {
      flipped = flip(flipped, 1, 0);
    }
    if (axis != Axis.HORIZONTAL) {
      flipped = flip(flipped, 0, axis == Axis.BOTH ? 1 : 0);
    }
    return flipped;
  }

  private Operand<TFloat32> flip(Operand<TFloat32> x, int axis, int bit) {
    Operand<TInt64> shift = tf.constant((long) bit);
    Operand<TInt64> sum =
        tf.bitwise.bitwiseXor(
            tf.bitwise.rightShift(view, shift), tf.bitwise.rightShift(image, shift));
    Operand<TBool> flips =
        tf.math.equal(tf.bitwise.bitwiseAnd(sum, tf.constant(1L)), tf.constant(1L));
    return tf.select(flips, tf.reverse(x, tf.constant(new int[] {axis})), x);
  }

  private Operand<TFloat32> rotate(Operand<TFloat32> x, Range factor) {
    Range degrees = new Range(factor.low() * 360, factor.high() * 360);
    Operand<TFloat32> angle = tf.math.mul(draw(degrees), tf.constant((float) (Math.PI / 180)));
    Operand<TFloat32> cos = tf.math.cos(angle);
    Operand<TFloat32> sin = tf.math.sin(angle);
    Operand<TFloat32> centreX = centre(x, 1);
    Operand<TFloat32> centreY = centre(x, 0);
    Operand<TFloat32> moveX =
        tf.math.add(tf.math.sub(centreX, tf.math.mul(centreX, cos)), tf.math.mul(centreY, sin));
    Operand<TFloat32> moveY =
        tf.math.sub(tf.math.sub(centreY, tf.math.mul(centreX, sin)), tf.math.mul(centreY, cos));
    return transform(x, List.of(cos, tf.math.neg(sin), moveX, sin, cos, moveY));
  }

  private Operand<TFloat32> centre(Operand<TFloat32> x, int axis) {
    return tf.math.mul(tf.constant(0.5f), tf.math.sub(side(x, axis), tf.constant(1f)));
  }

  private Operand<TFloat32> shift(Operand<TFloat32> x, AugmentationStep.Shift shift) {
    Operand<TFloat32> uniform = uniform(2);
    Operand<TFloat32> down = tf.math.mul(within(element(uniform, 0), shift.height()), side(x, 0));
    Operand<TFloat32> right = tf.math.mul(within(element(uniform, 1), shift.width()), side(x, 1));
    Operand<TFloat32> zero = tf.constant(0f);
    Operand<TFloat32> one = tf.constant(1f);
    return transform(x, List.of(one, zero, tf.math.neg(right), zero, one, tf.math.neg(down)));
  }

  private Operand<TFloat32> zoom(Operand<TFloat32> x, Range factor) {
    Operand<TFloat32> zoom = draw(new Range(1 + factor.low(), 1 + factor.high()));
    Operand<TFloat32> rest = tf.math.sub(tf.constant(1f), zoom);
    Operand<TFloat32> zero = tf.constant(0f);
    return transform(
        x,
        List.of(
            zoom,
            zero,
            tf.math.mul(centre(x, 1), rest),
            zero,
            zoom,
            tf.math.mul(centre(x, 0), rest)));
  }

  /**
   * @param matrix the first two rows of the map from places in the result to places in the image
   */
  private Operand<TFloat32> transform(Operand<TFloat32> x, List<Operand<TFloat32>> matrix) {
    Operand<TFloat32> rows =
        tf.concat(List.of(tf.stack(matrix), tf.constant(new float[2])), tf.constant(0)); // [8]
    Operand<TFloat32> moved =
        tf.image.imageProjectiveTransformV3(
            tf.expandDims(x, tf.constant(0)),
            tf.expandDims(rows, tf.constant(0)),
            size(x),
            tf.constant(0f),
            "BILINEAR",
            ImageProjectiveTransformV3.fillMode("REFLECT"));
    return tf.reshape(moved, tf.shape(x));
  }

  private Operand<TFloat32> crop(Operand<TFloat32> x, float share) {
    Operand<TInt32> cropped = // [2]
        tf.math.maximum(
            tf.dtypes.cast(
                tf.math.floor(
                    tf.math.mul(tf.dtypes.cast(size(x), TFloat32.class), tf.constant(share))),
                TInt32.class),
            tf.constant(new int[] {1, 1}));
    Operand<TFloat32> places = // [2]
        tf.dtypes.cast(tf.math.add(tf.math.sub(size(x), cropped), tf.constant(1)), TFloat32.class);
    Operand<TInt32> start =
        tf.dtypes.cast(tf.math.floor(tf.math.mul(uniform(2), places)), TInt32.class);
    Operand<TInt32> zero = tf.constant(new int[1]);
    Operand<TFloat32> part =
        tf.slice(
            x,
            tf.concat(List.of(start, zero), tf.constant(0)),
            tf.concat(List.of(cropped, tf.constant(new int[] {-1})), tf.constant(0)));
    Operand<TFloat32> stretched =
        tf.image.resizeBilinear(
            tf.expandDims(part, tf.constant(0)), size(x), ResizeBilinear.halfPixelCenters(true));
    return tf.reshape(stretched, tf.shape(x));
  }

  private Operand<TFloat32> contrast(Operand<TFloat32> x, Range factor) {
    Operand<TFloat32> c = draw(new Range(1 + factor.low(), 1 + factor.high()));
    Operand<TFloat32> mean = tf.math.mean(x, tf.constant(new int[] {0, 1})); // [channels]
    return clip(tf.math.add(tf.math.mul(tf.math.sub(x, mean), c), mean), BRIGHTEST);
  }

  private Operand<TFloat32> hue(Operand<TFloat32> x, Range factor) {
    Operand<TFloat32> uniform = uniform(2);
    Operand<TFloat32> sign =
        tf.select(
            tf.math.greater(element(uniform, 0), tf.constant(0.5f)),
            tf.constant(-1f),
            tf.constant(1f));
    Operand<TFloat32> turn =
        tf.math.mul(tf.math.mul(sign, within(element(uniform, 1), factor)), tf.constant(0.5f));
    Operand<TFloat32> hsv = hsv(x);
    Operand<TFloat32> turned = tf.math.add(channel(hsv, 0), turn);
    Operand<TFloat32> wrapped = tf.math.sub(turned, tf.math.floor(turned));
    return rgb(wrapped, channel(hsv, 1), channel(hsv, 2));
  }

  private Operand<TFloat32> saturation(Operand<TFloat32> x, Range factor) {
    Operand<TFloat32> drawn = draw(factor);
    Operand<TFloat32> times = // Keras adds its epsilon where a division by zero threatens.
        tf.math.div(drawn, tf.math.add(tf.math.sub(tf.constant(1f), drawn), tf.constant(1e-7f)));
    Operand<TFloat32> hsv = hsv(x);
    return rgb(channel(hsv, 0), clip(tf.math.mul(channel(hsv, 1), times), 1), channel(hsv, 2));
  }

  private Operand<TFloat32> hsv(Operand<TFloat32> x) {
    return tf.image.rgbToHsv(tf.math.div(x, tf.constant(BRIGHTEST)));
  }

  private Operand<TFloat32> rgb(
      Operand<TFloat32> hue, Operand<TFloat32> saturation, Operand<TFloat32> value) {
    Operand<TFloat32> hsv = tf.concat(List.of(hue, saturation, value), tf.constant(2));
    return tf.math.mul(clip(tf.image.hsvToRgb(hsv), 1), tf.constant(BRIGHTEST));
  }

  private Operand<TFloat32> channel(Operand<TFloat32> x, int index) {
    return tf.slice(x, tf.constant(new int[] {0, 0, index}), tf.constant(new int[] {-1, -1, 1}));
  }

  private Operand<TFloat32> noise(Operand<TFloat32> x, float deviation) {
    Operand<TFloat32> normal = tf.random.statelessRandomNormal(tf.shape(x), seed, TFloat32.class);
    return clip(tf.math.add(x, tf.math.mul(normal, tf.constant(deviation * BRIGHTEST))), BRIGHTEST);
  }

  private Operand<TFloat32> cutout(Operand<TFloat32> x, Range scale) {
    Operand<TFloat32> uniform = uniform(4);
    Operand<TBool> covered =
        tf.math.logicalAnd(
            tf.expandDims(covered(x, 0, uniform, scale), tf.constant(1)),
            tf.expandDims(covered(x, 1, uniform, scale), tf.constant(0))); // [height, width]
    return tf.select(tf.expandDims(covered, tf.constant(2)), tf.constant(GREY), x);
  }

  /** Which rows or columns are covered. */
  private Operand<TBool> covered(
      Operand<TFloat32> x, int axis, Operand<TFloat32> uniform, Range scale) {
    Operand<TFloat32> side = side(x, axis);
    Operand<TFloat32> length =
        tf.math.mul(tf.math.sqrt(within(element(uniform, axis), scale)), side);
    Operand<TFloat32> from = tf.math.mul(element(uniform, 2 + axis), tf.math.sub(side, length));
    Operand<TFloat32> places = tf.range(tf.constant(0f), side, tf.constant(1f));
    return tf.math.logicalAnd(
        tf.math.greaterEqual(places, from), tf.math.less(places, tf.math.add(from, length)));
  }
}
