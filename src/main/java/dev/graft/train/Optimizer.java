package dev.graft.train;

import java.util.List;
import org.tensorflow.Operand;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.train.ResourceApplyKerasMomentum;
import org.tensorflow.types.TFloat32;

/**
 * An update rule with its settings, equal to the Keras optimizer of the same name to rounding. Read
 * one with {@link #parse}.
 */
public sealed interface Optimizer {
  /** Step size at the start. */
  double learningRate();

  /** The same rule with another step size. */
  Optimizer withLearningRate(double learningRate);

  /** As {@link #parse} reads it. */
  String describe();

  /** Adds the update of one variable to the graph. */
  Op update(UpdateRule rule);

  /**
   * Stochastic gradient descent, Keras {@code SGD}.
   *
   * @param momentum 0 for none
   * @param nesterov look ahead along the momentum
   */
  record Sgd(double learningRate, double momentum, boolean nesterov) implements Optimizer {
    /** Checks the ranges. */
    public Sgd {
      requireRate(learningRate);
      requireShare("momentum", momentum);
    }

    @Override
    public Optimizer withLearningRate(double rate) {
      return new Sgd(rate, momentum, nesterov);
    }

    @Override
    public String describe() {
      String more = momentum == 0 ? "" : ", momentum=" + momentum;
      return "sgd(" + learningRate + more + (nesterov ? ", nesterov" : "") + ")";
    }

    @Override
    public Op update(UpdateRule rule) {
      Ops tf = rule.tf();
      if (momentum == 0) {
        return tf.train.resourceApplyGradientDescent(
            rule.variable(), rule.learningRate(), rule.gradient());
      }
      // KerasMomentum and not Momentum: the other one folds the rate into the slot, which is
      // wrong as soon as the rate changes.
      return tf.train.resourceApplyKerasMomentum(
          rule.variable(),
          rule.slot("momentum", 0),
          rule.learningRate(),
          rule.gradient(),
          tf.constant((float) momentum),
          ResourceApplyKerasMomentum.useNesterov(nesterov));
    }
  }

  /**
   * Keras {@code RMSprop}.
   *
   * @param rho decay of the mean square, 0 to 1
   * @param momentum 0 for none
   * @param epsilon added under the root
   */
  record RmsProp(double learningRate, double rho, double momentum, double epsilon)
      implements Optimizer {
    /** Checks the ranges. */
    public RmsProp {
      requireRate(learningRate);
      requireShare("rho", rho);
      requireShare("momentum", momentum);
    }

    @Override
    public Optimizer withLearningRate(double rate) {
      return new RmsProp(rate, rho, momentum, epsilon);
    }

    @Override
    public String describe() {
      String more = momentum == 0 ? "" : ", momentum=" + momentum;
      return "rmsprop(" + learningRate + (rho == 0.9 ? "" : ", rho=" + rho) + more + ")";
    }

    @Override
    public Op update(UpdateRule rule) {
      Ops tf = rule.tf();
      return tf.train.resourceApplyRmsProp(
          rule.variable(),
          rule.slot("velocity", 0),
          rule.slot("momentum", 0),
          rule.learningRate(),
          tf.constant((float) rho),
          tf.constant((float) momentum),
          tf.constant((float) epsilon),
          rule.gradient());
    }
  }

  /**
   * Keras {@code Adam} (Kingma and Ba, 2015).
   *
   * @param beta1 decay of the mean, 0 to 1
   * @param beta2 decay of the mean square, 0 to 1
   * @param epsilon added to the root
   */
  record Adam(double learningRate, double beta1, double beta2, double epsilon)
      implements Optimizer {
    /** Checks the ranges. */
    public Adam {
      requireRate(learningRate);
      requireShare("beta1", beta1);
      requireShare("beta2", beta2);
    }

    /** With Keras's defaults: 0.9, 0.999, 1e-7. */
    public static Adam of(double learningRate) {
      return new Adam(learningRate, 0.9, 0.999, 1e-7);
    }

    @Override
    public Optimizer withLearningRate(double rate) {
      return new Adam(rate, beta1, beta2, epsilon);
    }

    @Override
    public String describe() {
      String first = beta1 == 0.9 ? "" : ", beta1=" + beta1;
      return "adam(" + learningRate + first + (beta2 == 0.999 ? "" : ", beta2=" + beta2) + ")";
    }

    @Override
    public Op update(UpdateRule rule) {
      Ops tf = rule.tf();
      Operand<TFloat32> first = tf.constant((float) beta1);
      Operand<TFloat32> second = tf.constant((float) beta2);
      return tf.train.resourceApplyAdam(
          rule.variable(),
          rule.slot("momentum", 0),
          rule.slot("velocity", 0),
          tf.math.pow(first, rule.stepNumber()),
          tf.math.pow(second, rule.stepNumber()),
          rule.learningRate(),
          first,
          second,
          tf.constant((float) epsilon),
          rule.gradient());
    }
  }

  /**
   * Keras {@code Adagrad}, its accumulator starting at 0.1 (Duchi et al., 2011).
   *
   * @param epsilon added to the root
   */
  record Adagrad(double learningRate, double epsilon) implements Optimizer {
    /** Checks the ranges. */
    public Adagrad {
      requireRate(learningRate);
    }

    @Override
    public Optimizer withLearningRate(double rate) {
      return new Adagrad(rate, epsilon);
    }

    @Override
    public String describe() {
      return "adagrad(" + learningRate + ")";
    }

    @Override
    public Op update(UpdateRule rule) {
      return rule.raw(
          "ResourceApplyAdagradV2",
          List.of(
              rule.variable(),
              rule.slot("accumulator", 0.1f),
              rule.learningRate(),
              rule.tf().constant((float) epsilon),
              rule.gradient()));
    }
  }

  /**
   * Reads {@code name}, {@code name(rate)} or {@code name(rate, setting=value, …)}: {@code
   * sgd(0.01, momentum=0.9, nesterov)}, {@code rmsprop(1e-4, rho=0.9, momentum=0)}, {@code
   * adam(1e-3, beta1=0.9, beta2=0.999)}, {@code adagrad(1e-3)}. The defaults are Keras's.
   *
   * @throws IllegalArgumentException when the text is none of these
   */
  static Optimizer parse(String text) {
    return OptimizerText.parse(text);
  }

  private static void requireRate(double rate) {
    if (!(rate > 0 && rate < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("The learning rate must be above 0, got " + rate + ".");
    }
  }

  private static void requireShare(String name, double value) {
    if (!(value >= 0 && value < 1)) {
      throw new IllegalArgumentException(
          "The optimizer's " + name + " must be at least 0 and below 1, got " + value + ".");
    }
  }
}
