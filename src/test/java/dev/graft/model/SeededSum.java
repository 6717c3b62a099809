package dev.graft.model;

import java.util.Optional;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

/**
 * A head that hands the backbone's output through, one class a value, times a variable of ones; its
 * loss is the sum of the values times the labels.
 */
final class SeededSum implements Head {
  @Override
  public Operand<TFloat32> logits(HeadScope scope, Operand<TFloat32> features) {
    Ops tf = scope.tf();
    Operand<TFloat32> scale = scope.variable("scale", Initializer.ones(), scope.classes());
    Operand<TFloat32> flat = tf.reshape(features, tf.constant(new int[] {-1, scope.classes()}));
    return tf.math.mul(flat, scale);
  }

  @Override
  public Optional<Loss> loss() {
    return Optional.of(
        (tf, logits, labels) -> tf.reduceSum(tf.math.mul(logits, labels), tf.constant(1)));
  }
}
