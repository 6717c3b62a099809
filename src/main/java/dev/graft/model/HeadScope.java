package dev.graft.model;

import dev.graft.tensor.HostTensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.VarHandleOp;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.family.TNumber;

/**
 * Where a head is built: the ops, the head's variables, and random numbers that are the same in
 * every run. Valid during {@link Head#logits} only; not thread-safe.
 */
public final class HeadScope {
  /**
   * A variable of a head.
   *
   * @param node its {@code VarHandleOp}
   * @param name its name as in Keras, {@code layer/variable}
   * @param initial its first value
   * @param trainable false for one that training updates otherwise (moving statistics)
   */
  record Variable(String node, String name, HostTensor initial, boolean trainable) {}

  /** A new value that every training step writes into a variable. */
  record Update(Variable variable, Operand<TFloat32> value) {}

  /** What both calls of a head share. */
  static final class Shared {
    final int size;
    final int units;
    final long seed;
    final List<Operand<TFloat32>> penalties = new ArrayList<>();
    final Map<String, Variable> variables = new LinkedHashMap<>();
    final Map<String, VarHandleOp> handles = new LinkedHashMap<>();
    final List<Update> updates = new ArrayList<>();

    Shared(int size, int units, long seed) {
      this.size = size;
      this.units = units;
      this.seed = seed;
    }
  }

  private final Ops tf;
  private final Shared shared;
  private final Operand<TInt64> step;
  private String layer;
  private Ops layerOps;
  private long draws;

  /**
   * @param step the training step, a scalar; null while building for inference
   */
  HeadScope(Ops tf, Shared shared, Operand<TInt64> step) {
    this.tf = tf;
    this.shared = shared;
    this.step = step;
    layer("head");
  }

  /** Builds ops in the head's part of the graph. */
  public Ops tf() {
    return layerOps;
  }

  /** Number of classes to tell apart, of labels, or of numbers. */
  public int classes() {
    return shared.size;
  }

  /** Number of logits to answer: as many as classes, or 1 for a sigmoid that tells two apart. */
  public int units() {
    return shared.units;
  }

  /**
   * Adds a scalar to the loss, whatever the examples are: a regularisation. Counts once, though the
   * head is called twice.
   */
  public void penalty(Operand<TFloat32> value) {
    if (!isTraining()) {
      shared.penalties.add(value);
    }
  }

  /** Whether this call builds the training path (dropout active) or the inference path. */
  public boolean isTraining() {
    return step != null;
  }

  /** Names the layer that the variables made next belong to. */
  public void layer(String name) {
    layer = name;
    layerOps = tf.withSubScope(name);
  }

  /**
   * A variable that trains. The second call of the head gets the same one.
   *
   * @param name within the layer, as in Keras ({@code kernel}, {@code bias})
   * @return its current value
   */
  public Operand<TFloat32> variable(String name, Initializer initializer, long... shape) {
    return read(declare(name, initializer, true, shape));
  }

  /** A variable that no gradient reaches; {@link #update} changes it. */
  public Operand<TFloat32> statistic(String name, Initializer initializer, long... shape) {
    return read(declare(name, initializer, false, shape));
  }

  /**
   * Writes a new value into a {@link #statistic} in every training step.
   *
   * @throws IllegalStateException on the inference path
   */
  public void update(String name, Operand<TFloat32> value) {
    if (!isTraining()) {
      throw new IllegalStateException("A statistic can only be updated on the training path.");
    }
    shared.updates.add(new Update(shared.variables.get(layer + "/" + name), value));
  }

  /**
   * Uniform numbers in [0, 1), of the run's seed and the step: the same in every run of the same
   * settings.
   *
   * @throws IllegalStateException on the inference path, which must not be random
   */
  public Operand<TFloat32> uniform(Operand<? extends TNumber> shape) {
    if (!isTraining()) {
      throw new IllegalStateException("Random numbers belong to the training path only.");
    }
    Ops ops = tf();
    long salt = new SplittableRandom(shared.seed ^ (31 * ++draws)).nextLong();
    Operand<TInt64> seed = ops.stack(List.of(ops.constant(salt), step));
    return ops.random.statelessRandomUniform(shape, seed, TFloat32.class);
  }

  private Variable declare(String name, Initializer initializer, boolean trainable, long[] shape) {
    String full = layer + "/" + name;
    Variable known = shared.variables.get(full);
    if (known != null) {
      requireSame(known, shape);
      return known;
    }
    Ops ops = tf();
    VarHandleOp handle =
        ops.withName(name)
            .varHandleOp(TFloat32.class, Shape.of(shape), VarHandleOp.sharedName("head/" + full));
    SplittableRandom random =
        new SplittableRandom(shared.seed + 0x9E3779B97F4A7C15L * (shared.variables.size() + 1));
    HostTensor initial = HostTensor.of(initializer.values(shape, random), shape);
    Variable variable = new Variable(handle.op().name(), full, initial, trainable);
    shared.variables.put(full, variable);
    shared.handles.put(full, handle);
    return variable;
  }

  private Operand<TFloat32> read(Variable variable) {
    return tf().readVariableOp(shared.handles.get(variable.name()), TFloat32.class);
  }

  private static void requireSame(Variable known, long[] shape) {
    if (!known.initial().shape().equals(Arrays.stream(shape).boxed().toList())) {
      throw new IllegalArgumentException(
          "The head's variable \""
              + known.name()
              + "\" was made as "
              + known.initial().shape()
              + " and is asked for as "
              + Arrays.toString(shape)
              + ": give each variable of a head its own layer and name.");
    }
  }
}
