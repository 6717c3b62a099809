package dev.graft.model;

import java.math.BigDecimal;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.tensorflow.Operand;
import org.tensorflow.framework.losses.Losses;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

/**
 * A loss as a graph: one value an example, which training averages. Those with a name equal
 * Keras's; a loss of your own is a lambda.
 */
@FunctionalInterface
public interface Loss {
  /** The names that {@link #parse} knows, for people. */
  String NAMES = "categorical-crossentropy, binary-crossentropy, mse, mae, huber(delta)";

  /**
   * Adds the loss to the graph.
   *
   * @param tf builds the ops
   * @param logits what the head answers, {@code [batch, units]}
   * @param targets to compare with, {@code [batch, units]}: one-hot classes, 0 or 1 a label, or
   *     numbers; for one sigmoid of two classes 1 for the second
   * @return {@code [batch]}
   */
  Operand<TFloat32> of(Ops tf, Operand<TFloat32> logits, Operand<TFloat32> targets);

  /** One line for people and run.json. */
  default String describe() {
    return "written in Java (" + getClass().getName() + ")";
  }

  /** Whether it can judge what is read so. */
  default boolean fits(Readout readout) {
    return true;
  }

  /** Keras's {@code categorical_crossentropy} of a softmax, computed from the logits. */
  static Loss categoricalCrossentropy() {
    return categoricalCrossentropy(0);
  }

  /**
   * The same with the targets moved towards all classes being alike.
   *
   * @param labelSmoothing share that is spread over the classes, at least 0 and below 1
   */
  static Loss categoricalCrossentropy(double labelSmoothing) {
    return new Crossentropy(true, labelSmoothing);
  }

  /** Keras's {@code binary_crossentropy} of sigmoids, computed from the logits. */
  static Loss binaryCrossentropy() {
    return binaryCrossentropy(0);
  }

  /**
   * The same with the targets moved towards a half.
   *
   * @param labelSmoothing share that moves, at least 0 and below 1
   */
  static Loss binaryCrossentropy(double labelSmoothing) {
    return new Crossentropy(false, labelSmoothing);
  }

  /** The mean over the numbers of the squared error. */
  static Loss meanSquaredError() {
    return new OfNumbers("mse", 0);
  }

  /** The mean over the numbers of the absolute error. */
  static Loss meanAbsoluteError() {
    return new OfNumbers("mae", 0);
  }

  /**
   * The mean over the numbers of half the squared error up to {@code delta}, linear beyond.
   *
   * @param delta above 0; Keras's default is 1
   */
  static Loss huber(double delta) {
    return new OfNumbers("huber", delta);
  }

  /**
   * The loss that belongs to a readout.
   *
   * @param labelSmoothing at least 0 and below 1
   * @throws IllegalArgumentException when there are no labels to smooth
   */
  static Loss standard(Readout readout, double labelSmoothing) {
    if (readout == Readout.LINEAR && labelSmoothing != 0) {
      throw new IllegalArgumentException(
          "Label smoothing is for classes and labels, but the data has numbers: leave it out.");
    }
    return switch (readout) {
      case SOFTMAX -> categoricalCrossentropy(labelSmoothing);
      case SIGMOID, SIGMOID_OF_TWO -> binaryCrossentropy(labelSmoothing);
      case LINEAR -> meanSquaredError();
    };
  }

  /**
   * Reads the name of a loss: {@code categorical-crossentropy}, {@code binary-crossentropy}, {@code
   * mse}, {@code mae}, {@code huber} or {@code huber(0.5)}. Keras's names with underscores are read
   * too.
   *
   * @param labelSmoothing of the crossentropies, at least 0 and below 1
   * @throws IllegalArgumentException when there is none of that name
   */
  static Loss parse(String text, double labelSmoothing) {
    Matcher call =
        Pattern.compile("([a-z-]+)(?:\\((?:delta=)?([0-9.eE+-]+)\\))?")
            .matcher(text.strip().replace('_', '-'));
    String name = call.matches() ? call.group(1) : "";
    Set<String> smoothed = Set.of("categorical-crossentropy", "binary-crossentropy");
    boolean known = smoothed.contains(name) || List.of("mse", "mae", "huber").contains(name);
    if (!known || call.group(2) != null && !name.equals("huber")) {
      throw new IllegalArgumentException(
          "There is no loss \"" + text + "\"; known are " + NAMES + ".");
    }
    if (labelSmoothing != 0 && !smoothed.contains(name)) {
      throw new IllegalArgumentException(
          "Label smoothing belongs to a crossentropy, not to \"" + text + "\": leave it out.");
    }
    if (smoothed.contains(name)) {
      return new Crossentropy(name.startsWith("categorical"), labelSmoothing);
    }
    double delta = call.group(2) == null ? 1 : Double.parseDouble(call.group(2));
    return new OfNumbers(name, name.equals("huber") ? delta : 0);
  }

  /**
   * A crossentropy, from logits.
   *
   * @param categorical of a softmax; else of sigmoids
   * @param labelSmoothing at least 0 and below 1
   */
  record Crossentropy(boolean categorical, double labelSmoothing) implements Loss {
    /** Checks the range. */
    public Crossentropy {
      if (!(labelSmoothing >= 0 && labelSmoothing < 1)) {
        throw new IllegalArgumentException(
            "Label smoothing must be at least 0 and below 1, got " + labelSmoothing + ".");
      }
    }

    @Override
    public Operand<TFloat32> of(Ops tf, Operand<TFloat32> logits, Operand<TFloat32> targets) {
      float smoothing = (float) labelSmoothing;
      return categorical
          ? Losses.categoricalCrossentropy(tf, targets, logits, true, smoothing, -1)
          : Losses.binaryCrossentropy(tf, targets, logits, true, smoothing);
    }

    @Override
    public boolean fits(Readout readout) {
      return readout != Readout.LINEAR && categorical == (readout == Readout.SOFTMAX);
    }

    @Override
    public String describe() {
      return (categorical ? "categorical" : "binary")
          + "-crossentropy"
          + (labelSmoothing == 0
              ? ""
              : ", label smoothing " + BigDecimal.valueOf(labelSmoothing).toPlainString());
    }
  }

  /**
   * A loss of numbers.
   *
   * @param name {@code mse}, {@code mae} or {@code huber}
   * @param delta of {@code huber}, where it turns linear; else 0
   */
  record OfNumbers(String name, double delta) implements Loss {
    /** Checks the range. */
    public OfNumbers {
      if (name.equals("huber") && !(delta > 0 && Double.isFinite(delta))) {
        throw new IllegalArgumentException(
            "The delta of huber must be above 0, got " + delta + ".");
      }
    }

    @Override
    public Operand<TFloat32> of(Ops tf, Operand<TFloat32> logits, Operand<TFloat32> targets) {
      Operand<TFloat32> error = tf.math.sub(logits, targets);
      return tf.math.mean(each(tf, error), tf.constant(1));
    }

    private Operand<TFloat32> each(Ops tf, Operand<TFloat32> error) {
      if (name.equals("mse")) {
        return tf.math.square(error);
      }
      Operand<TFloat32> absolute = tf.math.abs(error);
      if (name.equals("mae")) {
        return absolute;
      }
      // With q = min(|error|, delta): q²/2 + delta · (|error| − q).
      Operand<TFloat32> edge = tf.constant((float) delta);
      Operand<TFloat32> quadratic = tf.math.minimum(absolute, edge);
      return tf.math.add(
          tf.math.mul(tf.constant(0.5f), tf.math.square(quadratic)),
          tf.math.mul(edge, tf.math.sub(absolute, quadratic)));
    }

    @Override
    public boolean fits(Readout readout) {
      return readout == Readout.LINEAR;
    }

    @Override
    public String describe() {
      return delta == 0
          ? name
          : name + "(" + BigDecimal.valueOf(delta).stripTrailingZeros().toPlainString() + ")";
    }
  }
}
