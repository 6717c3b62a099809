package dev.graft.predict;

import dev.graft.data.Labels;
import dev.graft.data.Preparation;
import dev.graft.data.Task;
import java.util.Objects;
import java.util.Optional;

/**
 * What a SavedModel of others does not say of itself: what it answers, and how its images are
 * prepared. It takes one input, {@code [batch, height, width, channels]}, and one of its outputs,
 * float32, has the answers: {@code [batch, size of the task]}, or {@code [batch, 1]} of a model
 * that tells two classes apart by the second one's probability.
 *
 * @param task what its answers are, in the order of the output
 * @param preparation with a resize; of a model that takes whole numbers, its values are cut to such
 * @param signature the model's only or default one if not said
 * @param output its key in the signature; the only one of the right shape if not said
 * @param logits whether softmax, or sigmoid, makes the output probabilities
 */
public record ForeignClassifier(
    Task task,
    Preparation preparation,
    Optional<String> signature,
    Optional<String> output,
    boolean logits) {
  /** Checks that nothing is missing. */
  public ForeignClassifier {
    Objects.requireNonNull(task, "task");
    Objects.requireNonNull(preparation, "preparation");
    Objects.requireNonNull(signature, "signature");
    Objects.requireNonNull(output, "output");
  }

  /** Of one class an image, whose output is probabilities. */
  public static ForeignClassifier of(Labels labels, Preparation preparation) {
    return of(Task.classes(labels), preparation);
  }

  /** Of any task, whose output is probabilities, or numbers. */
  public static ForeignClassifier of(Task task, Preparation preparation) {
    return new ForeignClassifier(task, preparation, Optional.empty(), Optional.empty(), false);
  }

  /** With a signature of this name. */
  public ForeignClassifier withSignature(String name) {
    return new ForeignClassifier(task, preparation, Optional.of(name), output, logits);
  }

  /** With the answers in the output of this key. */
  public ForeignClassifier withOutput(String key) {
    return new ForeignClassifier(task, preparation, signature, Optional.of(key), logits);
  }

  /** With an output of logits. */
  public ForeignClassifier withLogits() {
    return new ForeignClassifier(task, preparation, signature, output, true);
  }
}
