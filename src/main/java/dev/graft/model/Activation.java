package dev.graft.model;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

/** An activation of a dense layer, by its Keras name. */
public enum Activation {
  /** The value itself. */
  LINEAR,
  /** {@code max(x, 0)}. */
  RELU,
  /** {@code min(max(x, 0), 6)}. */
  RELU6,
  /** {@code x} above zero, {@code exp(x) - 1} below. */
  ELU,
  /** {@code x · sigmoid(x)}, also called swish. */
  SILU,
  /** Hyperbolic tangent. */
  TANH,
  /** {@code 1 / (1 + exp(-x))}. */
  SIGMOID,
  /** {@code exp(x) / Σ exp(x)} over the last axis. */
  SOFTMAX;

  /**
   * Finds an activation by its Keras name.
   *
   * @throws IllegalArgumentException when there is none of that name
   */
  public static Activation named(String name) {
    return Arrays.stream(values())
        .filter(activation -> activation.kerasName().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "There is no activation \"" + name + "\"; known are " + names() + "."));
  }

  /** The name in Keras: lower case. */
  public String kerasName() {
    return name().toLowerCase(Locale.ROOT);
  }

  static boolean isKnown(String name) {
    return Arrays.stream(values()).anyMatch(activation -> activation.kerasName().equals(name));
  }

  Operand<TFloat32> apply(Ops tf, Operand<TFloat32> x) {
    return switch (this) {
      case LINEAR -> x;
      case RELU -> tf.nn.relu(x);
      case RELU6 -> tf.nn.relu6(x);
      case ELU -> tf.nn.elu(x);
      case SILU -> tf.math.mul(x, tf.math.sigmoid(x));
      case TANH -> tf.math.tanh(x);
      case SIGMOID -> tf.math.sigmoid(x);
      case SOFTMAX -> tf.nn.softmax(x);
    };
  }

  private static String names() {
    return Arrays.stream(values()).map(Activation::kerasName).collect(Collectors.joining(", "));
  }
}
