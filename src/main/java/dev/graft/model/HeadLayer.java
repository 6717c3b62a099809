package dev.graft.model;

import java.math.BigDecimal;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;

/** A layer of the head language. */
sealed interface HeadLayer {
  /**
   * Adds the layer to the graph.
   *
   * @throws IllegalArgumentException when the layer does not fit its input
   */
  Operand<TFloat32> apply(HeadScope scope, Operand<TFloat32> x);

  /** The Keras class. */
  String keras();

  /** The layer as it is written in the head language. */
  String text();

  /**
   * Global average pooling: {@code [batch, height, width, channels]} to {@code [batch, channels]}.
   */
  record Gap() implements HeadLayer {
    @Override
    public Operand<TFloat32> apply(HeadScope scope, Operand<TFloat32> x) {
      requireImage(this, x);
      Ops tf = scope.tf();
      return tf.math.mean(x, tf.constant(new int[] {1, 2}));
    }

    @Override
    public String keras() {
      return "GlobalAveragePooling2D";
    }

    @Override
    public String text() {
      return "gap";
    }
  }

  /**
   * Global maximum pooling: {@code [batch, height, width, channels]} to {@code [batch, channels]}.
   */
  record Gmp() implements HeadLayer {
    @Override
    public Operand<TFloat32> apply(HeadScope scope, Operand<TFloat32> x) {
      requireImage(this, x);
      Ops tf = scope.tf();
      return tf.reduceMax(x, tf.constant(new int[] {1, 2}));
    }

    @Override
    public String keras() {
      return "GlobalMaxPooling2D";
    }

    @Override
    public String text() {
      return "gmp";
    }
  }

  /** All axes but the batch as one. */
  record Flatten() implements HeadLayer {
    @Override
    public Operand<TFloat32> apply(HeadScope scope, Operand<TFloat32> x) {
      Shape row = x.shape().tail();
      if (row.hasUnknownDimension()) {
        throw new IllegalArgumentException(
            "Head layer \"flatten\" needs an input of known size but got "
                + x.shape()
                + ": give the image size (--input-size), or use gap.");
      }
      Ops tf = scope.tf();
      return tf.reshape(x, tf.constant(new int[] {-1, Math.toIntExact(row.size())}));
    }

    @Override
    public String keras() {
      return "Flatten";
    }

    @Override
    public String text() {
      return "flatten";
    }
  }

  /**
   * {@code activation(x · kernel + bias)}, initialised as Keras does: Glorot uniform and zeros.
   *
   * @param units size of the output, 0 for as many as the task needs
   * @param activation applied last
   * @param l1 adds {@code l1 · Σ|kernel|} to the loss, as Keras's {@code kernel_regularizer}
   * @param l2 adds {@code l2 · Σ kernel²}
   */
  record Dense(int units, Activation activation, double l1, double l2) implements HeadLayer {
    public Dense {
      for (double factor : new double[] {l1, l2}) {
        if (!(factor >= 0 && Double.isFinite(factor))) {
          throw new IllegalArgumentException(
              "Head layer \"dense\" needs an l1 and l2 of at least 0, got " + factor + ".");
        }
      }
    }

    @Override
    public Operand<TFloat32> apply(HeadScope scope, Operand<TFloat32> x) {
      return activation.apply(scope.tf(), logits(scope, x, units));
    }

    /** Without the activation. */
    Operand<TFloat32> logits(HeadScope scope, Operand<TFloat32> x, int width) {
      if (x.shape().numDimensions() != 2) {
        throw new IllegalArgumentException(
            "Head layer \""
                + text()
                + "\" needs an input of [batch, features] but got "
                + x.shape()
                + ": put gap, gmp or flatten before it.");
      }
      long features = x.shape().get(1);
      Operand<TFloat32> kernel =
          scope.variable("kernel", Initializer.glorotUniform(), features, width);
      Operand<TFloat32> bias = scope.variable("bias", Initializer.zeros(), width);
      Ops tf = scope.tf();
      Operand<TInt32> axes = tf.constant(new int[] {0, 1});
      if (l1 > 0) {
        scope.penalty(tf.math.mul(tf.constant((float) l1), tf.sum(tf.math.abs(kernel), axes)));
      }
      if (l2 > 0) {
        scope.penalty(tf.math.mul(tf.constant((float) l2), tf.sum(tf.math.square(kernel), axes)));
      }
      return tf.nn.biasAdd(tf.linalg.matMul(x, kernel), bias); // [batch, width]
    }

    @Override
    public String keras() {
      return "Dense";
    }

    @Override
    public String text() {
      String first = units == 0 ? "" : String.valueOf(units);
      String second = activation == Activation.LINEAR && units > 0 ? "" : activation.kerasName();
      return Stream.of(first, second, setting("l1", l1), setting("l2", l2))
          .filter(part -> !part.isEmpty())
          .collect(Collectors.joining(", ", "dense(", ")"));
    }

    private static String setting(String name, double value) {
      return value == 0
          ? ""
          : name + "=" + BigDecimal.valueOf(value).stripTrailingZeros().toPlainString();
    }
  }

  /**
   * Sets a share of the values to zero while training and scales the rest by {@code 1 / (1 -
   * rate)}.
   *
   * @param rate share, 0 ≤ rate &lt; 1
   */
  record Dropout(double rate) implements HeadLayer {
    public Dropout {
      if (!(rate >= 0 && rate < 1)) {
        throw new IllegalArgumentException(
            "Head layer \"dropout\" needs a rate of at least 0 and less than 1, got " + rate + ".");
      }
    }

    @Override
    public Operand<TFloat32> apply(HeadScope scope, Operand<TFloat32> x) {
      if (!scope.isTraining() || rate == 0) {
        return x;
      }
      Ops tf = scope.tf();
      Operand<TFloat32> drawn = scope.uniform(tf.shape(x));
      Operand<TFloat32> kept =
          tf.dtypes.cast(tf.math.greaterEqual(drawn, tf.constant((float) rate)), TFloat32.class);
      // The scale goes to the random side, so that x itself is all that the cut has to store.
      return tf.math.mul(x, tf.math.mul(kept, tf.constant((float) (1 / (1 - rate)))));
    }

    @Override
    public String keras() {
      return "Dropout";
    }

    @Override
    public String text() {
      return "dropout(" + rate + ")";
    }
  }

  /** Batch normalisation over all axes but the last: momentum 0.99, epsilon 1e-3, as in Keras. */
  record BatchNorm() implements HeadLayer {
    private static final float MOMENTUM = 0.99f;
    private static final float EPSILON = 1e-3f;

    @Override
    public Operand<TFloat32> apply(HeadScope scope, Operand<TFloat32> x) {
      long channels = x.shape().get(x.shape().numDimensions() - 1);
      Operand<TFloat32> gamma = scope.variable("gamma", Initializer.ones(), channels);
      Operand<TFloat32> beta = scope.variable("beta", Initializer.zeros(), channels);
      Operand<TFloat32> mean = scope.statistic("moving_mean", Initializer.zeros(), channels);
      Operand<TFloat32> variance = scope.statistic("moving_variance", Initializer.ones(), channels);
      Ops tf = scope.tf();
      if (scope.isTraining()) {
        Operand<TInt32> axes =
            tf.constant(IntStream.range(0, x.shape().numDimensions() - 1).toArray());
        Operand<TFloat32> batchMean = tf.math.mean(x, axes);
        Operand<TFloat32> batchVariance =
            tf.math.mean(tf.math.square(tf.math.sub(x, batchMean)), axes);
        scope.update("moving_mean", moved(tf, mean, batchMean));
        scope.update("moving_variance", moved(tf, variance, batchVariance));
        mean = batchMean;
        variance = batchVariance;
      }
      Operand<TFloat32> scale =
          tf.math.mul(gamma, tf.math.rsqrt(tf.math.add(variance, tf.constant(EPSILON))));
      return tf.math.add(tf.math.mul(tf.math.sub(x, mean), scale), beta);
    }

    private static Operand<TFloat32> moved(
        Ops tf, Operand<TFloat32> moving, Operand<TFloat32> batch) {
      return tf.math.add(
          tf.math.mul(moving, tf.constant(MOMENTUM)),
          tf.math.mul(batch, tf.constant(1 - MOMENTUM)));
    }

    @Override
    public String keras() {
      return "BatchNormalization";
    }

    @Override
    public String text() {
      return "batchnorm";
    }
  }

  private static void requireImage(HeadLayer layer, Operand<TFloat32> x) {
    if (x.shape().numDimensions() != 4) {
      throw new IllegalArgumentException(
          "Head layer \""
              + layer.text()
              + "\" needs an input of [batch, height, width, channels] but got "
              + x.shape()
              + ": leave it out.");
    }
  }
}
