package dev.graft.train;

import dev.graft.model.Graft;
import java.util.ArrayList;
import java.util.List;
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
  private final Ops tf;
  private final Graft.Variable variable;
  private final Output<? extends TType> handle;
  private final Operand<TFloat32> gradient;
  private final Operand<TFloat32> learningRate;
  private final Operand<TFloat32> stepNumber;
  private final List<Op> initializers = new ArrayList<>();

  private UpdateRule(
      Ops tf, Graft graft, Graft.Variable variable, Operand<TFloat32> gradient, Inputs inputs) {
    this.tf = tf;
    this.variable = variable;
    this.handle = graft.handle(variable);
    this.gradient = gradient;
    this.learningRate = inputs.learningRate();
    this.stepNumber = inputs.stepNumber();
  }

  /** What every update of a step shares. */
  record Inputs(Placeholder<TFloat32> learningRate, Operand<TFloat32> stepNumber) {
    static Inputs add(Graft graft) {
      Ops tf = Ops.create(graft.graph()).withSubScope("optimizer");
      Output<TInt64> step = graft.graph().outputOrThrow(graft.step()).expect(TInt64.class);
      return new Inputs(
          tf.withName("learning_rate")
              .placeholder(TFloat32.class, Placeholder.shape(Shape.scalar())),
          tf.dtypes.cast(tf.math.add(step, tf.constant(1L)), TFloat32.class));
    }
  }

  /** The updates of all trainable variables, and what gives their slots the first values. */
  record Updates(List<Op> apply, List<Op> initialize) {}

  static Updates addAll(Optimizer optimizer, Graft graft, Inputs inputs) {
    List<Graft.Variable> trained =
        graft.variables().stream().filter(Graft.Variable::trainable).toList();
    List<Output<TFloat32>> gradients = graft.gradients();
    List<Op> apply = new ArrayList<>();
    List<Op> initialize = new ArrayList<>();
    for (int i = 0; i < trained.size(); i++) {
      Ops tf = Ops.create(graft.graph()).withSubScope("optimizer");
      UpdateRule rule = new UpdateRule(tf, graft, trained.get(i), gradients.get(i), inputs);
      apply.add(optimizer.update(rule));
      initialize.addAll(rule.initializers);
    }
    return new Updates(apply, initialize);
  }

  /** Builds ops in the optimizer's part of the graph. */
  public Ops tf() {
    return tf;
  }

  /** Handle of the variable to update. */
  public Operand<? extends TType> variable() {
    return handle;
  }

  /** Gradient of the loss, of the variable's shape. */
  public Operand<TFloat32> gradient() {
    return gradient;
  }

  /** Step size, a scalar that is fed in every step. */
  public Operand<TFloat32> learningRate() {
    return learningRate;
  }

  /** Number of this step, from 1; a scalar. */
  public Operand<TFloat32> stepNumber() {
    return stepNumber;
  }

  /** A variable of the optimizer beside the updated one: the handle of one of the same shape. */
  public Operand<? extends TType> slot(String name, float initial) {
    Shape shape = Shape.of(variable.shape().stream().mapToLong(Long::longValue).toArray());
    String full = "optimizer/" + variable.name() + "/" + name;
    VarHandleOp slot =
        tf.withName(name).varHandleOp(TFloat32.class, shape, VarHandleOp.sharedName(full));
    initializers.add(
        tf.assignVariableOp(slot, tf.fill(tf.constant(shape.asArray()), tf.constant(initial))));
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
