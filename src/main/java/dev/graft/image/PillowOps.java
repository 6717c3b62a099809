package dev.graft.image;

import dev.graft.data.Preparation.ColourOrder;
import dev.graft.data.Preparation.Resize;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.ReduceSum;
import org.tensorflow.op.core.SwitchCond;
import org.tensorflow.op.image.DecodeImage;
import org.tensorflow.op.image.DecodeJpeg;
import org.tensorflow.op.image.DecodePng;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TString;
import org.tensorflow.types.TUint16;
import org.tensorflow.types.TUint8;

/**
 * The pixels that Pillow makes, as {@code keras.utils.load_img} with its default {@code nearest},
 * from TensorFlow's decoders. Both decode JPEG with libjpeg-turbo, but {@code tf.io.decode_image}
 * with the fast inverse cosine transform and Pillow with the accurate one.
 */
final class PillowOps {
  private static final String JPEG = "\u00ff\u00d8\u00ff";
  private static final String PNG = "\u0089PNG";

  /** Where a PNG says its depth, and after it that it is grey. */
  private static final int PNG_DEPTH_AT = 24;

  private static final String DEEP_GREY = "\u0010\u0000";

  private PillowOps() {}

  /**
   * {@code [height, width, channels]}, 0 to 255; a grey PNG of 16 bits that stays grey to 65535.
   */
  static Operand<TFloat32> decode(Ops tf, Operand<TString> file, ColourOrder colours) {
    boolean grey = colours == ColourOrder.GREY;
    return either(
        tf,
        holds(tf, file, 0, JPEG),
        file,
        jpeg -> channels(tf, jpeg(tf, jpeg), grey),
        other ->
            either(
                tf,
                isDeepGrey(tf, other),
                other,
                png -> deepGrey(tf, png, grey),
                rest -> channels(tf, any(tf, rest), grey)));
  }

  private static Operand<TUint8> jpeg(Ops tf, Operand<TString> file) {
    return tf.image.decodeJpeg(
        file, DecodeJpeg.channels(3L), DecodeJpeg.dctMethod("INTEGER_ACCURATE"));
  }

  private static Operand<TUint8> any(Ops tf, Operand<TString> file) {
    return tf.image.decodeImage(
        file, TUint8.class, DecodeImage.channels(3L), DecodeImage.expandAnimations(false));
  }

  /** Pillow makes colours of 16 bits of grey by cutting at 255; TensorFlow takes the high byte. */
  private static Operand<TFloat32> deepGrey(Ops tf, Operand<TString> png, boolean grey) {
    Operand<TUint16> decoded = tf.image.decodePng(png, TUint16.class, DecodePng.channels(1L));
    Operand<TFloat32> deep = tf.dtypes.cast(decoded, TFloat32.class);
    return grey
        ? deep
        : tf.tile(tf.math.minimum(deep, tf.constant(255f)), tf.constant(new int[] {1, 1, 3}));
  }

  private static Operand<TBool> isDeepGrey(Ops tf, Operand<TString> file) {
    return tf.math.logicalAnd(holds(tf, file, 0, PNG), holds(tf, file, PNG_DEPTH_AT, DEEP_GREY));
  }

  /** Grey is Pillow's {@code convert("L")}: ITU-R 601-2 luma in fixed point of 16 bits. */
  private static Operand<TFloat32> channels(Ops tf, Operand<TUint8> rgb, boolean grey) {
    if (!grey) {
      return tf.dtypes.cast(rgb, TFloat32.class);
    }
    Operand<TInt32> weighted =
        tf.math.mul(tf.dtypes.cast(rgb, TInt32.class), tf.constant(new int[] {19595, 38470, 7471}));
    Operand<TInt32> luma =
        tf.math.add(
            tf.reduceSum(weighted, tf.constant(2), ReduceSum.keepDims(true)), tf.constant(1 << 15));
    return tf.dtypes.cast(tf.math.floorDiv(luma, tf.constant(1 << 16)), TFloat32.class);
  }

  /** Only the side that is wanted runs. */
  private static Operand<TFloat32> either(
      Ops tf,
      Operand<TBool> condition,
      Operand<TString> file,
      Function<Operand<TString>, Operand<TFloat32>> whenTrue,
      Function<Operand<TString>, Operand<TFloat32>> whenFalse) {
    SwitchCond<TString> side = tf.switchCond(file, condition);
    List<Operand<TFloat32>> made =
        Arrays.asList(whenFalse.apply(side.outputFalse()), whenTrue.apply(side.outputTrue()));
    return tf.merge(made).output();
  }

  /**
   * Whether the bytes from a place on are these, each a character; false if the file is shorter.
   */
  private static Operand<TBool> holds(Ops tf, Operand<TString> file, int at, String expected) {
    Operand<TInt32> from = tf.math.minimum(tf.constant(at), tf.strings.stringLength(file));
    return tf.math.equal(
        tf.strings.substr(file, from, tf.constant(expected.length())),
        tf.constant(StandardCharsets.ISO_8859_1, expected));
  }

  /**
   * The pixel under each new pixel's centre. Pillow adds up the positions in float64 where
   * TensorFlow multiplies in float32, so they differ where a centre falls between two pixels.
   *
   * @param image {@code [height, width, channels]}
   */
  static Operand<TFloat32> nearest(Ops tf, Operand<TFloat32> image, Resize resize, int channels) {
    Operand<TInt32> size = tf.shape(image);
    Operand<TFloat32> rows =
        tf.gather(image, positions(tf, size, 0, resize.height()), tf.constant(0));
    Operand<TFloat32> resized =
        tf.gather(rows, positions(tf, size, 1, resize.width()), tf.constant(1));
    return tf.reshape(resized, tf.constant(new int[] {resize.height(), resize.width(), channels}));
  }

  private static Operand<TInt32> positions(Ops tf, Operand<TInt32> size, int axis, int wanted) {
    Operand<TFloat64> given =
        tf.dtypes.cast(tf.gather(size, tf.constant(axis), tf.constant(0)), TFloat64.class);
    double[] steps = new double[wanted];
    Arrays.fill(steps, 1);
    steps[0] = 0.5;
    Operand<TFloat64> step = tf.math.divNoNan(given, tf.constant((double) wanted));
    Operand<TFloat64> centres =
        tf.math.cumsum(tf.math.mul(tf.constant(steps), step), tf.constant(0));
    return tf.dtypes.cast(centres, TInt32.class);
  }
}
