package dev.graft.export;

import dev.graft.data.Labels;
import dev.graft.data.Task;
import dev.graft.model.Backbone;
import dev.graft.model.Head;
import dev.graft.model.HeadScope;
import dev.graft.model.Initializer;
import dev.graft.model.JoinedModel;
import dev.graft.model.Loss;
import dev.graft.model.Objective;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

/** A classifier of blue, green and red on the model {@code pool}, with an untrained head. */
public final class TinyClassifier {
  /** Its classes. */
  public static final Labels LABELS = Labels.of("blue", "green", "red");

  private TinyClassifier() {}

  /** Exports it. */
  public static Path export(Path folder) throws IOException {
    return export(folder, Head.parse("gap, dense(softmax)"));
  }

  /** Exports it with another head. */
  public static Path export(Path folder, Head head) throws IOException {
    return export(folder, head, Task.classes(LABELS));
  }

  /** Exports it with other first values of the head. */
  public static Path export(Path folder, Head head, long seed) throws IOException {
    return export(folder, head, Task.classes(LABELS), seed);
  }

  /** Exports one that says something else of an image. */
  public static Path export(Path folder, Head head, Task task) throws IOException {
    return export(folder, head, task, 1);
  }

  private static Path export(Path folder, Head head, Task task, long seed) throws IOException {
    Backbone backbone = Backbone.load(Path.of("testdata", "models", "pool"));
    JoinedModel model = JoinedModel.join(backbone, head, Objective.of(task), seed);
    new ModelExport(model, model.backbone().preparation().orElseThrow(), Map.of("seed", 1))
        .write(folder);
    return folder;
  }

  static JoinedModel join(Head head) throws IOException {
    Backbone backbone = Backbone.load(Path.of("testdata", "models", "pool"));
    return JoinedModel.join(backbone, head, LABELS, 1);
  }

  /** A head whose every logit is -9 until it is trained. */
  public static final class NeverSure implements Head {
    @Override
    public Operand<TFloat32> logits(HeadScope scope, Operand<TFloat32> features) {
      Ops tf = scope.tf();
      Operand<TFloat32> pooled = tf.math.mean(features, tf.constant(new int[] {1, 2}));
      scope.layer("none");
      Operand<TFloat32> kernel = scope.variable("kernel", Initializer.zeros(), 8, scope.classes());
      Operand<TFloat32> bias = scope.variable("bias", Initializer.constant(-9), scope.classes());
      return tf.nn.biasAdd(tf.linalg.matMul(pooled, kernel), bias); // [batch, labels]
    }

    @Override
    public String describe() {
      return "never sure";
    }
  }

  /**
   * A head in Java: a nearest centre in place of a dense layer, with a learned sharpness, and a
   * loss of its own that smooths the labels.
   */
  public static final class NearestCentre implements Head {
    @Override
    public Operand<TFloat32> logits(HeadScope scope, Operand<TFloat32> features) {
      Ops tf = scope.tf();
      Operand<TFloat32> pooled = tf.math.mean(features, tf.constant(new int[] {1, 2}));
      scope.layer("centres");
      Operand<TFloat32> centres =
          scope.variable("points", Initializer.glorotUniform(), scope.classes(), 8);
      scope.layer("sharpness");
      Operand<TFloat32> sharpness = scope.variable("factor", Initializer.constant(2));
      Operand<TFloat32> apart =
          tf.math.sub(
              tf.expandDims(pooled, tf.constant(1)), tf.expandDims(centres, tf.constant(0)));
      Operand<TFloat32> squares = tf.reduceSum(tf.math.square(apart), tf.constant(2));
      return tf.math.neg(tf.math.mul(squares, sharpness)); // [batch, classes]
    }

    @Override
    public Optional<Loss> loss() {
      return Optional.of(
          (tf, logits, labels) -> {
            Operand<TFloat32> smooth =
                tf.math.add(tf.math.mul(labels, tf.constant(0.9f)), tf.constant(0.1f / 3));
            return Loss.categoricalCrossentropy().of(tf, logits, smooth);
          });
    }

    @Override
    public String describe() {
      return "nearest centre";
    }
  }
}
