package dev.graft.train;

import java.util.ArrayList;
import java.util.List;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

/**
 * What holds the steps of an optimizer back, whatever its rule: Keras's {@code weight_decay},
 * {@code clipnorm}, {@code global_clipnorm} and {@code clipvalue}. In a step, as in Keras, the
 * gradients are clipped, then the weights decay, then the rule updates them.
 *
 * @param weightDecay share of each weight × learning rate that it loses in a step, at least 0; no
 *     variable is exempt
 * @param clipping what of the gradients is kept below {@code limit}
 * @param limit above 0; ignored without clipping
 */
public record Restraint(double weightDecay, Clipping clipping, double limit) {
  /** No decay, no clipping. */
  public static final Restraint NONE = new Restraint(0, Clipping.NONE, 1);

  /** What of the gradients is kept below a limit. */
  public enum Clipping {
    /** Nothing. */
    NONE(""),
    /** The Euclidean norm of each variable's gradient. */
    NORM("clipnorm"),
    /** The Euclidean norm of all gradients together. */
    GLOBAL_NORM("global_clipnorm"),
    /** The magnitude of each element. */
    VALUE("clipvalue");

    private final String setting;

    Clipping(String setting) {
      this.setting = setting;
    }

    /** As in Keras and in an optimizer's text. */
    String setting() {
      return setting;
    }
  }

  /** Checks the ranges. */
  public Restraint {
    if (!(weightDecay >= 0 && weightDecay < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          "The optimizer's weight_decay must be at least 0, got " + weightDecay + ".");
    }
    if (!(limit > 0 && limit < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          "The optimizer's " + clipping.setting + " must be above 0, got " + limit + ".");
    }
  }

  /** The same with another weight decay. */
  public Restraint withWeightDecay(double other) {
    return new Restraint(other, clipping, limit);
  }

  /** The same with another clipping. */
  public Restraint withClipping(Clipping other, double otherLimit) {
    return new Restraint(weightDecay, other, otherLimit);
  }

  /** As in an optimizer's text, after its other settings. */
  String describe() {
    String decay = weightDecay == 0 ? "" : ", weight_decay=" + weightDecay;
    return decay + (clipping == Clipping.NONE ? "" : ", " + clipping.setting + "=" + limit);
  }

  /** The gradients after clipping, in the same order. */
  List<Operand<TFloat32>> clip(Ops tf, List<? extends Operand<TFloat32>> gradients) {
    Operand<TFloat32> most = tf.constant((float) limit);
    Operand<TFloat32> scale = clipping == Clipping.GLOBAL_NORM ? scale(tf, gradients, most) : null;
    List<Operand<TFloat32>> clipped = new ArrayList<>();
    for (Operand<TFloat32> gradient : gradients) {
      clipped.add(
          switch (clipping) {
            case NONE -> gradient;
            case NORM -> clipNorm(tf, gradient, most);
            case GLOBAL_NORM -> tf.math.mul(gradient, scale);
            case VALUE -> tf.clipByValue(gradient, tf.math.neg(most), most);
          });
    }
    return clipped;
  }

  private static Operand<TFloat32> clipNorm(
      Ops tf, Operand<TFloat32> gradient, Operand<TFloat32> most) {
    Operand<TFloat32> norm = tf.math.sqrt(squares(tf, gradient));
    return tf.math.div(tf.math.mul(gradient, most), tf.math.maximum(norm, most));
  }

  private static Operand<TFloat32> scale(
      Ops tf, List<? extends Operand<TFloat32>> gradients, Operand<TFloat32> most) {
    List<Operand<TFloat32>> squares = new ArrayList<>();
    gradients.forEach(gradient -> squares.add(squares(tf, gradient)));
    Operand<TFloat32> norm = tf.math.sqrt(tf.math.addN(squares));
    Operand<TFloat32> scale =
        tf.math.mul(most, tf.math.minimum(tf.math.reciprocal(norm), tf.math.reciprocal(most)));
    // An infinite norm makes the scale NaN rather than 0: a step that went wrong must show.
    return tf.math.add(scale, tf.math.sub(norm, norm));
  }

  private static Operand<TFloat32> squares(Ops tf, Operand<TFloat32> gradient) {
    Operand<TFloat32> flat = tf.reshape(gradient, tf.constant(new int[] {-1}));
    return tf.sum(tf.math.square(flat), tf.constant(0));
  }
}
