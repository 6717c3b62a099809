package dev.graft.model;

import org.tensorflow.Operand;
import org.tensorflow.framework.losses.Losses;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

/** A loss as a graph: one value an example, which training averages. */
@FunctionalInterface
public interface Loss {
  /**
   * Adds the loss to the graph.
   *
   * @param tf builds the ops
   * @param logits what the head answers, {@code [batch, units]}
   * @param labels one-hot, {@code [batch, classes]}
   * @return {@code [batch]}
   */
  Operand<TFloat32> of(Ops tf, Operand<TFloat32> logits, Operand<TFloat32> labels);

  /** Keras's {@code categorical_crossentropy} of a softmax, computed from the logits. */
  static Loss categoricalCrossentropy() {
    return (tf, logits, labels) -> Losses.categoricalCrossentropy(tf, labels, logits, true, 0f, -1);
  }

  /**
   * Keras's {@code binary_crossentropy} of a sigmoid, computed from the logits {@code [batch, 1]}
   * of the second class.
   */
  static Loss binaryCrossentropy() {
    return (tf, logits, labels) -> {
      Operand<TFloat32> second =
          tf.slice(labels, tf.constant(new int[] {0, 1}), tf.constant(new int[] {-1, 1}));
      return Losses.binaryCrossentropy(tf, second, logits, true, 0f);
    };
  }
}
