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

  /** Weight decay and clipping. */
  default Restraint restraint() {
    return Restraint.NONE;
  }

  /** The same rule with another weight decay and clipping. */
  default Optimizer withRestraint(Restraint restraint) {
    return restraint.equals(Restraint.NONE) ? this : new Restrained(this, restraint);
  }

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
   * @param centered divide by the deviation of the gradients rather than by their mean square
   */
  record RmsProp(double learningRate, double rho, double momentum, double epsilon, boolean centered)
      implements Optimizer {
    /** Checks the ranges. */
    public RmsProp {
      requireRate(learningRate);
      requireShare("rho", rho);
      requireShare("momentum", momentum);
    }

    @Override
    public Optimizer withLearningRate(double rate) {
      return new RmsProp(rate, rho, momentum, epsilon, centered);
    }

    @Override
    public String describe() {
      String more = momentum == 0 ? "" : ", momentum=" + momentum;
      String last = more + epsilonText(epsilon) + (centered ? ", centered" : "");
      return "rmsprop(" + learningRate + (rho == 0.9 ? "" : ", rho=" + rho) + last + ")";
    }

    @Override
    public Op update(UpdateRule rule) {
      Ops tf = rule.tf();
      if (centered) {
        return tf.train.resourceApplyCenteredRmsProp(
            rule.variable(),
            rule.slot("average_gradient", 0),
            rule.slot("velocity", 0),
            rule.slot("momentum", 0),
            rule.learningRate(),
            tf.constant((float) rho),
            tf.constant((float) momentum),
            tf.constant((float) epsilon),
            rule.gradient());
      }
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
   * Keras {@code Adam} (Kingma and Ba, 2015); with a weight decay, Keras {@code AdamW}.
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
      return "adam(" + learningRate + betasText(beta1, beta2) + epsilonText(epsilon) + ")";
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
   * Keras {@code Nadam}, Adam with Nesterov momentum (Dozat, 2015). TensorFlow has no kernel for
   * it, so it is composed.
   *
   * @param beta1 decay of the mean, 0 to 1
   * @param beta2 decay of the mean square, 0 to 1
   * @param epsilon added to the root
   */
  record Nadam(double learningRate, double beta1, double beta2, double epsilon)
      implements Optimizer {
    private static final float SCHEDULE_DECAY = 0.96f;

    /** Checks the ranges. */
    public Nadam {
      requireRate(learningRate);
      requireShare("beta1", beta1);
      requireShare("beta2", beta2);
    }

    @Override
    public Optimizer withLearningRate(double rate) {
      return new Nadam(rate, beta1, beta2, epsilon);
    }

    @Override
    public String describe() {
      return "nadam(" + learningRate + betasText(beta1, beta2) + epsilonText(epsilon) + ")";
    }

    @Override
    public Op update(UpdateRule rule) {
      Ops tf = rule.tf();
      Operand<TFloat32> one = tf.constant(1f);
      Operand<TFloat32> first = tf.constant((float) beta1);
      Operand<TFloat32> second = tf.constant((float) beta2);
      Operand<TFloat32> gradient = rule.gradient();
      Operand<TFloat32> now = mu(tf, first, rule.stepNumber());
      Operand<TFloat32> next = mu(tf, first, tf.math.add(rule.stepNumber(), one));

      UpdateRule.Slot product = rule.scalarSlot("u_product", 1);
      UpdateRule.Slot momentum = rule.valueSlot("momentum", 0);
      UpdateRule.Slot velocity = rule.valueSlot("velocity", 0);
      Operand<TFloat32> mus = tf.math.mul(product.value(), now);
      Operand<TFloat32> mean = towards(tf, momentum.value(), gradient, tf.math.sub(one, first));
      Operand<TFloat32> square =
          towards(tf, velocity.value(), tf.math.square(gradient), tf.math.sub(one, second));

      Operand<TFloat32> ahead =
          tf.math.div(tf.math.mul(next, mean), tf.math.sub(one, tf.math.mul(mus, next)));
      Operand<TFloat32> here =
          tf.math.div(tf.math.mul(tf.math.sub(one, now), gradient), tf.math.sub(one, mus));
      Operand<TFloat32> variance =
          tf.math.div(square, tf.math.sub(one, tf.math.pow(second, rule.stepNumber())));
      Operand<TFloat32> change =
          tf.math.div(
              tf.math.mul(tf.math.add(ahead, here), rule.learningRate()),
              tf.math.add(tf.math.sqrt(variance), tf.constant((float) epsilon)));
      return rule.all(
          product.assign(mus),
          momentum.assign(mean),
          velocity.assign(square),
          tf.assignSubVariableOp(rule.variable(), change));
    }

    /** The momentum of a step: β₁ (1 − 0.96ᵗ / 2). */
    private static Operand<TFloat32> mu(Ops tf, Operand<TFloat32> beta, Operand<TFloat32> step) {
      Operand<TFloat32> decayed = tf.math.pow(tf.constant(SCHEDULE_DECAY), step);
      return tf.math.mul(
          beta, tf.math.sub(tf.constant(1f), tf.math.mul(tf.constant(0.5f), decayed)));
    }

    private static Operand<TFloat32> towards(
        Ops tf, Operand<TFloat32> from, Operand<TFloat32> to, Operand<TFloat32> share) {
      return tf.math.add(from, tf.math.mul(tf.math.sub(to, from), share));
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
      return "adagrad(" + learningRate + epsilonText(epsilon) + ")";
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
   * Another rule with weight decay and clipping; made by {@link #withRestraint}.
   *
   * @param rule without a restraint of its own
   */
  record Restrained(Optimizer rule, Restraint restraint) implements Optimizer {
    /** Checks the rule. */
    public Restrained {
      if (rule instanceof Restrained) {
        throw new IllegalArgumentException(
            "A restraint takes a plain rule but got " + rule.describe() + ": use withRestraint.");
      }
    }

    @Override
    public double learningRate() {
      return rule.learningRate();
    }

    @Override
    public Optimizer withLearningRate(double rate) {
      return new Restrained(rule.withLearningRate(rate), restraint);
    }

    @Override
    public Optimizer withRestraint(Restraint other) {
      return rule.withRestraint(other);
    }

    @Override
    public String describe() {
      String plain = rule.describe();
      return plain.substring(0, plain.length() - 1) + restraint.describe() + ")";
    }

    @Override
    public Op update(UpdateRule update) {
      return rule.update(update);
    }
  }

  /**
   * Reads {@code name}, {@code name(rate)} or {@code name(rate, setting=value, …)}: {@code
   * sgd(0.01, momentum=0.9, nesterov)}, {@code rmsprop(1e-4, rho=0.9, momentum=0, centered)},
   * {@code adam(1e-3, beta1=0.9, beta2=0.999)}, {@code nadam(1e-3)}, {@code adagrad(1e-3)}, {@code
   * adamw(1e-3)}, which is {@code adam} with a weight decay of 0.004. Each takes {@code
   * weight_decay} and one of {@code clipnorm}, {@code global_clipnorm} and {@code clipvalue} too.
   * The defaults are Keras's.
   *
   * @throws IllegalArgumentException when the text is none of these
   */
  static Optimizer parse(String text) {
    return OptimizerText.parse(text);
  }

  private static String betasText(double beta1, double beta2) {
    String first = beta1 == 0.9 ? "" : ", beta1=" + beta1;
    return first + (beta2 == 0.999 ? "" : ", beta2=" + beta2);
  }

  private static String epsilonText(double epsilon) {
    return epsilon == 1e-7 ? "" : ", epsilon=" + epsilon;
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
