package dev.graft.model;

import java.util.List;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

/** How logits become one probability a class. */
public enum Probability {
  /** One logit a class: {@code softmax}. */
  SOFTMAX,
  /** One logit for two classes: {@code [1 - sigmoid, sigmoid]}. */
  SIGMOID;

  /** Number of logits for a number of classes. */
  public int units(int classes) {
    return this == SOFTMAX ? classes : 1;
  }

  /** The loss that belongs to it. */
  public Loss loss() {
    return this == SOFTMAX ? Loss.categoricalCrossentropy() : Loss.binaryCrossentropy();
  }

  /** From logits {@code [batch, units]} to probabilities {@code [batch, classes]}. */
  Operand<TFloat32> of(Ops tf, Operand<TFloat32> logits) {
    if (this == SOFTMAX) {
      return tf.nn.softmax(logits);
    }
    Operand<TFloat32> second = tf.math.sigmoid(logits);
    Operand<TFloat32> first = tf.math.sigmoid(tf.math.neg(logits));
    return tf.concat(List.of(first, second), tf.constant(1));
  }
}
