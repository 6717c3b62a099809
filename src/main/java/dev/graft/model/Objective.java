package dev.graft.model;

import dev.graft.data.Task;
import java.util.Optional;

/**
 * What a model learns: what it is to say of an example, and how it is judged.
 *
 * @param task what an answer consists of
 * @param loss to train with; the head's own, or the one that belongs to the task, by default
 * @param labelSmoothing of the loss that belongs to the task; at least 0 and below 1
 */
public record Objective(Task task, Optional<Loss> loss, double labelSmoothing) {
  /** The loss that belongs to the task. */
  public static Objective of(Task task) {
    return new Objective(task, Optional.empty(), 0);
  }

  /**
   * How a head's logits are read.
   *
   * @throws IllegalArgumentException when the head does not fit the task
   */
  public Readout readout(Head head) {
    return Readout.of(task, head.activation());
  }

  /**
   * The loss that a head trains with.
   *
   * @throws IllegalArgumentException when the loss does not fit the head
   */
  public Loss loss(Head head) {
    Readout readout = readout(head);
    Loss chosen = loss.or(head::loss).orElseGet(() -> Loss.standard(readout, labelSmoothing));
    if (!chosen.fits(readout)) {
      throw new IllegalArgumentException(
          "The loss %s does not fit %s and a head that ends with %s: use %s."
              .formatted(
                  chosen.describe(),
                  task.describe(),
                  readout.activation().kerasName(),
                  readout == Readout.LINEAR
                      ? "mse, mae or huber"
                      : Loss.standard(readout, 0).describe()));
    }
    return chosen;
  }

  /** The head for an output of a backbone when none is given; see {@link Head#standard}. */
  public Head standardHead(int rank) {
    boolean binary =
        task.kind() == Task.Kind.CLASSES
            && task.size() == 2
            && loss.filter(chosen -> !chosen.fits(Readout.SOFTMAX)).isPresent();
    Activation last = binary ? Activation.SIGMOID : Readout.of(task, Optional.empty()).activation();
    return Head.standard(rank, last);
  }
}
