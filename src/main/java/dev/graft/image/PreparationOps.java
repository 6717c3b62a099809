package dev.graft.image;

import dev.graft.data.Preparation;
import dev.graft.data.Preparation.ColourOrder;
import dev.graft.data.Preparation.Decoder;
import dev.graft.data.Preparation.Orientation;
import java.util.List;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.StridedSlice;
import org.tensorflow.op.image.DecodeImage;
import org.tensorflow.op.image.DecodeJpeg;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TString;
import org.tensorflow.types.TUint8;
import org.tensorflow.types.family.TNumber;

/**
 * A {@link Preparation} as TensorFlow ops: the same as {@code tf.io.decode_image} and {@code
 * tf.image.resize} emit, or what Pillow does, then the arithmetic in the order of the preparation.
 */
public final class PreparationOps {
  /** Whether rows and columns are swapped, by orientation − 1. */
  private static final int[][] AXES = {
    {0, 1, 2}, {0, 1, 2}, {0, 1, 2}, {0, 1, 2}, {1, 0, 2}, {1, 0, 2}, {1, 0, 2}, {1, 0, 2}
  };

  /** In which direction the rows and columns are then read, by orientation − 1. */
  private static final int[][] STRIDES = {
    {1, 1, 1}, {1, -1, 1}, {-1, -1, 1}, {-1, 1, 1}, {1, 1, 1}, {1, -1, 1}, {-1, -1, 1}, {-1, 1, 1}
  };

  private static final long ALL_AXES = 0b111;

  private PreparationOps() {}

  /**
   * Adds the preparation of one image to a graph.
   *
   * <p>Divisions are {@code DivNoNan}, whose results are those of {@code RealDiv} where nothing is
   * divided by zero: TensorFlow's graph optimiser turns a {@code RealDiv} by a constant into a
   * multiplication, which changes the last bit wherever it runs (<a
   * href="https://github.com/tensorflow/tensorflow/blob/v2.18.0/tensorflow/core/grappler/optimizers/constant_folding.cc">{@code
   * ReduceDivToReciprocalMul}</a>).
   *
   * @param bytes the file, a scalar; bytes that are no image fail the run
   * @param orientation as {@link ExifOrientation} gives it, a scalar from 1 to 8; not used where
   *     the preparation ignores the orientation
   * @return {@code [height, width, channels]}; height and width are known in the graph if the
   *     preparation has a resize
   */
  public static Operand<TFloat32> prepare(
      Ops tf, Operand<TString> bytes, Operand<TInt32> orientation, Preparation preparation) {
    return finish(tf, pixels(tf, bytes, orientation, preparation), preparation);
  }

  /** The image as it was decoded, turned and resized: red first, from 0 to 255. */
  static Operand<TFloat32> pixels(
      Ops tf, Operand<TString> bytes, Operand<TInt32> orientation, Preparation preparation) {
    return preparation.decoder() == Decoder.PILLOW
        ? pillowsPixels(tf, bytes, orientation, preparation)
        : tensorFlowsPixels(tf, bytes, orientation, preparation);
  }

  /** The order of the channels and the arithmetic. */
  static Operand<TFloat32> finish(Ops tf, Operand<TFloat32> pixels, Preparation preparation) {
    boolean reversed = preparation.colourOrder() == ColourOrder.BGR;
    return scale(
        tf, reversed ? tf.reverse(pixels, tf.constant(new int[] {2})) : pixels, preparation);
  }

  /** As {@link #pixels}, of a JPEG file whose height and width are divided while it is decoded. */
  static Operand<TFloat32> reducedPixels(
      Ops tf,
      Operand<TString> bytes,
      Operand<TInt32> orientation,
      Preparation preparation,
      int ratio) {
    Operand<TUint8> decoded =
        tf.image.decodeJpeg(
            bytes,
            DecodeJpeg.channels((long) preparation.channels()),
            DecodeJpeg.ratio((long) ratio));
    return resized(tf, decoded, orientation, preparation);
  }

  private static Operand<TFloat32> tensorFlowsPixels(
      Ops tf, Operand<TString> bytes, Operand<TInt32> orientation, Preparation preparation) {
    Operand<TUint8> decoded =
        tf.image.decodeImage(
            bytes,
            TUint8.class,
            DecodeImage.channels((long) preparation.channels()),
            DecodeImage.expandAnimations(false));
    return resized(tf, decoded, orientation, preparation);
  }

  private static Operand<TFloat32> resized(
      Ops tf, Operand<TUint8> decoded, Operand<TInt32> orientation, Preparation preparation) {
    Operand<TUint8> upright = upright(tf, decoded, orientation, preparation);
    return preparation.resize() == null
        ? tf.dtypes.cast(upright, TFloat32.class)
        : ResizeOps.resize(tf, upright, preparation.resize(), preparation.channels());
  }

  private static Operand<TFloat32> pillowsPixels(
      Ops tf, Operand<TString> bytes, Operand<TInt32> orientation, Preparation preparation) {
    Operand<TFloat32> decoded = PillowOps.decode(tf, bytes, preparation.colourOrder());
    Operand<TFloat32> upright = upright(tf, decoded, orientation, preparation);
    return preparation.resize() == null
        ? upright
        : PillowOps.nearest(tf, upright, preparation.resize(), preparation.channels());
  }

  private static <T extends TNumber> Operand<T> upright(
      Ops tf, Operand<T> image, Operand<TInt32> orientation, Preparation preparation) {
    return preparation.orientation() == Orientation.EXIF ? turn(tf, image, orientation) : image;
  }

  private static <T extends TNumber> Operand<T> turn(
      Ops tf, Operand<T> image, Operand<TInt32> orientation) {
    Operand<TInt32> index = tf.math.sub(orientation, tf.constant(1));
    Operand<TInt32> axes = tf.gather(tf.constant(AXES), index, tf.constant(0)); // [3]
    Operand<TInt32> strides = tf.gather(tf.constant(STRIDES), index, tf.constant(0)); // [3]
    Operand<TInt32> unused = tf.constant(new int[3]);
    return tf.stridedSlice(
        tf.linalg.transpose(image, axes),
        unused,
        unused,
        strides,
        StridedSlice.beginMask(ALL_AXES),
        StridedSlice.endMask(ALL_AXES));
  }

  private static Operand<TFloat32> scale(
      Ops tf, Operand<TFloat32> pixels, Preparation preparation) {
    Operand<TFloat32> result = pixels;
    if ((float) preparation.divisor() != 1) {
      result = tf.math.divNoNan(result, tf.constant((float) preparation.divisor()));
    }
    if ((float) preparation.scale() != 1) {
      result = tf.math.mul(result, tf.constant((float) preparation.scale()));
    }
    if (isAnyOther(preparation.mean(), 0)) {
      result = tf.math.sub(result, channels(tf, preparation.mean()));
    }
    if (isAnyOther(preparation.deviation(), 1)) {
      result = tf.math.divNoNan(result, channels(tf, preparation.deviation()));
    }
    return result;
  }

  private static boolean isAnyOther(List<Double> values, float neutral) {
    return values.stream().anyMatch(value -> value.floatValue() != neutral);
  }

  /** One value a channel, or a scalar if all are the same, which is faster. */
  private static Operand<TFloat32> channels(Ops tf, List<Double> values) {
    float[] floats = new float[values.size()];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = values.get(i).floatValue();
    }
    return isAnyOther(values, floats[0]) ? tf.constant(floats) : tf.constant(floats[0]);
  }
}
