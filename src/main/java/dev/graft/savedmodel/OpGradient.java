package dev.graft.savedmodel;

import java.util.List;

/** What TensorFlow's native gradients make of one node of a graph. */
public sealed interface OpGradient {
  /**
   * The gradient of these inputs is right; the others get none, as in Python. Without any, nothing
   * before the node gets a gradient through it ({@code StopGradient}, {@code Shape}, …).
   *
   * @param inputs as the node names them, in its order
   */
  record Right(List<String> inputs) implements OpGradient {
    /** Copies the inputs. */
    public Right {
      inputs = List.copyOf(inputs);
    }
  }

  /**
   * There is no gradient, or one that is wrong.
   *
   * @param reason what follows "because"
   * @param remedy what to do about it, as an order
   */
  record Refused(String reason, String remedy) implements OpGradient {}
}
