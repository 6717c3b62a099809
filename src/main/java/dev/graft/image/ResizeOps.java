package dev.graft.image;

import dev.graft.data.Preparation.Method;
import dev.graft.data.Preparation.Resize;
import java.util.List;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Stack;
import org.tensorflow.op.image.ResizeBicubic;
import org.tensorflow.op.image.ResizeBilinear;
import org.tensorflow.op.image.ResizeNearestNeighbor;
import org.tensorflow.op.image.ScaleAndTranslate;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TUint8;

/** The ops of {@code tf.image.resize}, and of Keras's cropping and padding before it. */
final class ResizeOps {
  private ResizeOps() {}

  /**
   * @param image {@code [height, width, channels]}
   * @return {@code [resize.height, resize.width, channels]}
   */
  static Operand<TFloat32> resize(Ops tf, Operand<TUint8> image, Resize resize, int channels) {
    Operand<TInt32> size = tf.constant(new int[] {resize.height(), resize.width()});
    Operand<TFloat32> resized =
        switch (resize.aspect()) {
          case STRETCH -> stretch(tf, image, size, resize.method());
          case CROP -> stretch(tf, crop(tf, image, resize), size, resize.method());
          case PAD -> pad(tf, image, resize);
        };
    return tf.reshape(resized, tf.constant(new int[] {resize.height(), resize.width(), channels}));
  }

  private static Operand<TFloat32> stretch(
      Ops tf, Operand<TUint8> image, Operand<TInt32> size, Method method) {
    Operand<TUint8> batch = tf.expandDims(image, tf.constant(0)); // [1, ?, ?, channels]
    return switch (method) {
      case BILINEAR -> tf.image.resizeBilinear(batch, size, ResizeBilinear.halfPixelCenters(true));
      case NEAREST ->
          tf.dtypes.cast(
              tf.image.resizeNearestNeighbor(
                  batch, size, ResizeNearestNeighbor.halfPixelCenters(true)),
              TFloat32.class);
      case BICUBIC -> tf.image.resizeBicubic(batch, size, ResizeBicubic.halfPixelCenters(true));
      case AREA -> tf.image.resizeArea(batch, size);
      case LANCZOS3, LANCZOS5, GAUSSIAN, MITCHELLCUBIC ->
          scaleAndTranslate(tf, batch, size, method);
    };
  }

  private static Operand<TFloat32> scaleAndTranslate(
      Ops tf, Operand<TUint8> batch, Operand<TInt32> size, Method method) {
    Operand<TInt32> given = // [2]
        tf.slice(tf.shape(batch), tf.constant(new int[] {1}), tf.constant(new int[] {2}));
    Operand<TFloat32> scale =
        tf.math.divNoNan(
            tf.dtypes.cast(size, TFloat32.class), tf.dtypes.cast(given, TFloat32.class));
    return tf.image.scaleAndTranslate(
        batch,
        size,
        scale,
        tf.constant(new float[2]),
        ScaleAndTranslate.kernelType(method.toString()),
        ScaleAndTranslate.antialias(false));
  }

  /** The centred part of the wanted proportions, cut as {@code crop_to_aspect_ratio} cuts it. */
  private static Operand<TUint8> crop(Ops tf, Operand<TUint8> image, Resize resize) {
    Operand<TInt32> given = size(tf, image);
    Operand<TInt32> kept =
        tf.math.maximum(
            tf.math.minimum(given, proportional(tf, given, resize)), tf.constant(1)); // [2]
    Operand<TInt32> from = half(tf, tf.math.sub(given, kept));
    return tf.slice(image, withChannels(tf, from, 0), withChannels(tf, kept, -1));
  }

  /** {@code tf.image.resize_with_pad}: fitted into the size, then black around it. */
  private static Operand<TFloat32> pad(Ops tf, Operand<TUint8> image, Resize resize) {
    Operand<TFloat32> given = tf.dtypes.cast(size(tf, image), TFloat32.class); // [2]
    Operand<TFloat32> wanted = tf.constant(new float[] {resize.height(), resize.width()});
    Operand<TFloat32> ratio = tf.max(tf.math.divNoNan(given, wanted), tf.constant(0));
    Operand<TFloat32> fitted = tf.math.divNoNan(given, ratio);
    Operand<TInt32> inner =
        tf.math.maximum(tf.dtypes.cast(tf.math.floor(fitted), TInt32.class), tf.constant(1));
    Operand<TFloat32> margin = tf.math.divNoNan(tf.math.sub(wanted, fitted), tf.constant(2f));
    Operand<TInt32> before =
        tf.math.maximum(tf.dtypes.cast(tf.math.floor(margin), TInt32.class), tf.constant(0));
    Operand<TInt32> after =
        tf.math.sub(
            tf.math.sub(tf.constant(new int[] {resize.height(), resize.width()}), before), inner);
    Operand<TInt32> margins = tf.stack(List.of(before, after), Stack.axis(1L)); // [2, 2]
    Operand<TInt32> none = tf.constant(new int[1][2]);
    return tf.pad(
        stretch(tf, image, inner, resize.method()),
        tf.concat(List.of(none, margins, none), tf.constant(0)),
        tf.constant(0f));
  }

  private static Operand<TInt32> size(Ops tf, Operand<TUint8> image) {
    return tf.slice(tf.shape(image), tf.constant(new int[] {0}), tf.constant(new int[] {2}));
  }

  /** The height that fits the width and the width that fits the height, in Keras's arithmetic. */
  private static Operand<TInt32> proportional(Ops tf, Operand<TInt32> size, Resize resize) {
    Operand<TInt32> swapped = tf.reverse(size, tf.constant(new int[] {0})); // width, height
    int[] wanted = {resize.height(), resize.width()};
    float[] across = {resize.width(), resize.height()};
    Operand<TFloat32> product =
        tf.dtypes.cast(tf.math.mul(swapped, tf.constant(wanted)), TFloat32.class);
    return tf.dtypes.cast(tf.math.divNoNan(product, tf.constant(across)), TInt32.class);
  }

  private static Operand<TInt32> half(Ops tf, Operand<TInt32> size) {
    return tf.math.floorDiv(size, tf.constant(2));
  }

  private static Operand<TInt32> withChannels(Ops tf, Operand<TInt32> size, int last) {
    return tf.concat(List.of(size, tf.constant(new int[] {last})), tf.constant(0));
  }
}
