package dev.graft.model;

import dev.graft.data.Task;
import java.util.List;
import java.util.Optional;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

/** How logits become answers. */
public enum Readout {
  /** One logit a class: {@code softmax}. */
  SOFTMAX(Activation.SOFTMAX),
  /** One logit for two classes: {@code [1 - sigmoid, sigmoid]}. */
  SIGMOID_OF_TWO(Activation.SIGMOID),
  /** One logit a label: {@code sigmoid} of each. */
  SIGMOID(Activation.SIGMOID),
  /** Numbers, as they are. */
  LINEAR(Activation.LINEAR);

  private final Activation activation;

  Readout(Activation activation) {
    this.activation = activation;
  }

  /**
   * The readout of a head for a task.
   *
   * @param activation that the head ends with; empty for the usual one
   * @throws IllegalArgumentException when the activation does not fit the task
   */
  static Readout of(Task task, Optional<Activation> activation) {
    Readout usual =
        switch (task.kind()) {
          case CLASSES -> SOFTMAX;
          case LABELS -> SIGMOID;
          case NUMBERS -> LINEAR;
        };
    if (activation.isEmpty() || activation.get() == usual.activation) {
      return usual;
    }
    if (usual == SOFTMAX && activation.get() == Activation.SIGMOID && task.size() == 2) {
      return SIGMOID_OF_TWO;
    }
    String two =
        activation.get() == Activation.SIGMOID && usual == SOFTMAX
            ? " (sigmoid tells two classes apart)"
            : "";
    throw new IllegalArgumentException(
        "The head ends with %s but the data has %s%s: use dense(%s)."
            .formatted(
                activation.get().kerasName(), task.describe(), two, usual.activation.kerasName()));
  }

  /** What a head ends with to be read so. */
  public Activation activation() {
    return activation;
  }

  /** Number of logits for a number of values in an answer. */
  public int units(int size) {
    return this == SIGMOID_OF_TWO ? 1 : size;
  }

  /** From logits {@code [batch, units]} to answers {@code [batch, size]}. */
  Operand<TFloat32> answers(Ops tf, Operand<TFloat32> logits) {
    return switch (this) {
      case SOFTMAX -> tf.nn.softmax(logits);
      case SIGMOID -> tf.math.sigmoid(logits);
      case LINEAR -> logits;
      case SIGMOID_OF_TWO -> {
        Operand<TFloat32> second = tf.math.sigmoid(logits);
        Operand<TFloat32> first = tf.math.sigmoid(tf.math.neg(logits));
        yield tf.concat(List.of(first, second), tf.constant(1));
      }
    };
  }

  /** From targets as they are fed, {@code [batch, size]}, to {@code [batch, units]}. */
  Operand<TFloat32> targets(Ops tf, Operand<TFloat32> fed) {
    return this == SIGMOID_OF_TWO
        ? tf.slice(fed, tf.constant(new int[] {0, 1}), tf.constant(new int[] {-1, 1}))
        : fed;
  }
}
