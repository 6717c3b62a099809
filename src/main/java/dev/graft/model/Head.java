package dev.graft.model;

import java.util.Optional;
import org.tensorflow.Operand;
import org.tensorflow.types.TFloat32;

/**
 * What is joined to a backbone: a function from the backbone's output to logits. {@link
 * #parse(String)} reads the head language; a head of your own is a lambda or a class that makes its
 * variables through the {@link HeadScope}:
 *
 * <pre>{@code
 * Head linear = (scope, features) -> {
 *   int width = (int) features.shape().get(1);
 *   Operand<TFloat32> kernel =
 *       scope.variable("kernel", Initializer.glorotUniform(), width, scope.classes());
 *   return scope.tf().linalg.matMul(features, kernel);
 * };
 * }</pre>
 */
@FunctionalInterface
public interface Head {
  /**
   * Adds the head to the graph. Called twice, once for inference and once for training ({@link
   * HeadScope#isTraining()}); both calls must ask for the same variables.
   *
   * @param scope makes ops, variables and seeded random numbers
   * @param features the backbone's output, first axis the batch
   * @return logits, {@code [batch, units]}
   */
  Operand<TFloat32> logits(HeadScope scope, Operand<TFloat32> features);

  /** What it ends with, which the logits leave out; by default what the task needs. */
  default Optional<Activation> activation() {
    return Optional.empty();
  }

  /** The loss to train with, where nothing else is asked for; by default the task's. */
  default Optional<Loss> loss() {
    return Optional.empty();
  }

  /** One line for people and run.json. */
  default String describe() {
    return "written in Java (" + getClass().getName() + ")";
  }

  /**
   * Reads the head language: layers from left to right, of {@code gap}, {@code gmp}, {@code
   * flatten}, {@code dense(units[, activation][, l1=…][, l2=…])}, {@code dropout(rate)}, {@code
   * batchnorm}. The last layer is a {@code dense} with {@code softmax}, {@code sigmoid} or {@code
   * linear}, whose units may be left out.
   *
   * @throws IllegalArgumentException when the text is no head, with the place and what was expected
   */
  static Head parse(String text) {
    return LayeredHead.parse(text);
  }

  /** The head that is joined when none is given, for classes; see the other {@code standard}. */
  static Head standard(int rank) {
    return standard(rank, Activation.SOFTMAX);
  }

  /**
   * The head that is joined when none is given.
   *
   * @param rank of the backbone's output, the batch axis included
   * @param last activation
   * @return {@code gap, dropout(0.2), dense(last)} for an output of {@code [batch, height, width,
   *     channels]}, {@code flatten, dense(last)} for one of {@code [batch, steps, channels]},
   *     {@code dense(last)} for a vector
   */
  static Head standard(int rank, Activation last) {
    String before = rank == 4 ? "gap, dropout(0.2), " : rank == 3 ? "flatten, " : "";
    return parse(before + "dense(" + last.kerasName() + ")");
  }
}
