package dev.graft.train;

import dev.graft.model.Graft;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.tensorflow.Graph;
import org.tensorflow.GraphOperationBuilder;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.RawOp;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.core.VarHandleOp;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.family.TType;

/** What an optimizer sees of one variable while it adds its update to the graph. */
public final class UpdateRule {
  private final Ops plain;
  private final Ops tf;
  private final Target target;
  private final Operand<TFloat32> gradient;
  private final Inputs inputs;
  private final List<Op> initializers = new ArrayList<>();
  private final Map<String, VarHandleOp> slots = new LinkedHashMap<>();

  private UpdateRule(
      Ops plain, Target target, Operand<TFloat32> gradient, double weightDecay, Inputs inputs) {
    this.plain = plain;
    this.target = target;
    this.gradient = gradient;
    this.inputs = inputs;
    this.tf = weightDecay == 0 ? plain : plain.withControlDependencies(List.of(decay(weightDecay)));
  }

  /**
   * A variable to update; its node is unique, its name in Keras may be that of a head's variable.
   */
  record Target(String node, Shape shape, Output<? extends TType> handle) {
    static Target of(Graft graft, Graft.Variable variable) {
      Shape shape = Shape.of(variable.shape().stream().mapToLong(Long::longValue).toArray());
      return new Target(variable.node(), shape, graft.handle(variable));
    }
  }

  /** What every update of a step shares. */
  record Inputs(Placeholder<TFloat32> learningRate, Operand<TFloat32> stepNumber) {
    static Inputs add(Graft graft) {
      return add(graft.graph(), graft.graph().outputOrThrow(graft.step()).expect(TInt64.class));
    }

    /** Inputs for steps that are counted from 0. */
    static Inputs add(Graph graph, Operand<TInt64> step) {
      Ops tf = Ops.create(graph).withSubScope("optimizer");
      return new Inputs(
          tf.withName("learning_rate")
              .placeholder(TFloat32.class, Placeholder.shape(Shape.scalar())),
          tf.dtypes.cast(tf.math.add(step, tf.constant(1L)), TFloat32.class));
    }
  }

  /** The updates of all trainable variables, what gives their slots first values, the slots. */
  record Updates(List<Op> apply, List<Op> initialize, Map<String, VarHandleOp> slots) {}

  static Updates addAll(Optimizer optimizer, Graft graft, Inputs inputs) {
    List<Target> targets =
        graft.variables().stream()
            .filter(Graft.Variable::trainable)
            .map(variable -> Target.of(graft, variable))
            .toList();
    return addAll(optimizer, Ops.create(graft.graph()), targets, graft.gradients(), inputs);
  }

  static Updates addAll(
      Optimizer optimizer,
      Ops ops,
      List<Target> targets,
      List<? extends Operand<TFloat32>> gradients,
      Inputs inputs) {
    Restraint restraint = optimizer.restraint();
    List<Operand<TFloat32>> clipped =
        restraint.clip(ops.withSubScope("optimizer").withSubScope("clip"), gradients);
    List<Op> apply = new ArrayList<>();
    List<Op> initialize = new ArrayList<>();
    Map<String, VarHandleOp> slots = new LinkedHashMap<>();
    for (int i = 0; i < targets.size(); i++) {
      UpdateRule rule =
          new UpdateRule(
              ops.withSubScope("optimizer"),
              targets.get(i),
              clipped.get(i),
              restraint.weightDecay(),
              inputs);
      apply.add(optimizer.update(rule));
      initialize.addAll(rule.initializers);
      slots.putAll(rule.slots);
    }
    return new Updates(apply, initialize, slots);
  }

  /**
   * Takes the decay off the variable, once its gradient no longer needs the value. A descent along
   * {@code value × decay} and not {@code value × decay × rate}: TensorFlow's graph optimizer
   * multiplies the two scalars first, which rounds otherwise than Keras, and a rounded weight can
   * open or shut a unit at the kink of its activation.
   */
  private Op decay(double weightDecay) {
    Ops after = plain.withSubScope("decay").withControlDependencies(List.of(gradient));
    Operand<TFloat32> value = after.readVariableOp(target.handle(), TFloat32.class);
    Operand<TFloat32> share = after.math.mul(value, after.constant((float) weightDecay));
    return after.train.resourceApplyGradientDescent(target.handle(), inputs.learningRate(), share);
  }

  /** Builds ops in the optimizer's part of the graph. */
  public Ops tf() {
    return tf;
  }

  /** Handle of the variable to update. */
  public Operand<? extends TType> variable() {
    return target.handle();
  }

  /** Gradient of the loss, of the variable's shape. */
  public Operand<TFloat32> gradient() {
    return gradient;
  }

  /** Step size, a scalar that is fed in every step. */
  public Operand<TFloat32> learningRate() {
    return inputs.learningRate();
  }

  /** Number of this step, from 1; a scalar. */
  public Operand<TFloat32> stepNumber() {
    return inputs.stepNumber();
  }

  /** A variable of the optimizer beside the updated one: the handle of one of the same shape. */
  public Operand<? extends TType> slot(String name, float initial) {
    return slot(name, target.shape(), initial);
  }

  /** A slot of the updated variable's shape, for a rule that is composed. */
  Slot valueSlot(String name, float initial) {
    return new Slot(tf, slot(name, target.shape(), initial));
  }

  /** A slot of a single number, for a rule that is composed. */
  Slot scalarSlot(String name, float initial) {
    return new Slot(tf, slot(name, Shape.scalar(), initial));
  }

  /** A slot that is read and written by ops of their own. */
  record Slot(Ops tf, Operand<? extends TType> handle) {
    /** The value before the step. */
    Operand<TFloat32> value() {
      return tf.readVariableOp(handle, TFloat32.class);
    }

    /** Writes a value that was made of the one before. */
    Op assign(Operand<TFloat32> value) {
      return tf.assignVariableOp(handle, value);
    }
  }

  /** One op that runs several. */
  Op all(Op... ops) {
    return tf.withControlDependencies(List.of(ops)).noOp();
  }

  private Operand<? extends TType> slot(String name, Shape shape, float initial) {
    String full = "optimizer/" + target.node() + "/" + name;
    VarHandleOp slot =
        plain.withName(name).varHandleOp(TFloat32.class, shape, VarHandleOp.sharedName(full));
    slots.put(full, slot);
    initializers.add(
        plain.assignVariableOp(
            slot, plain.fill(plain.constant(shape.asArray()), plain.constant(initial))));
    return slot;
  }

  /** An op for which TensorFlow Java has no class. */
  Op raw(String type, List<Operand<?>> inputs) {
    GraphOperationBuilder builder = (GraphOperationBuilder) tf.scope().opBuilder(type, type);
    inputs.forEach(input -> builder.addInput(input.asOutput()));
    return new Raw(builder.build(), type);
  }

  private static final class Raw extends RawOp {
    Raw(org.tensorflow.Operation operation, String type) {
      super(operation, type);
    }
  }
}
