package dev.graft.spark;

import java.io.Serializable;

/**
 * What of an answer is wanted.
 *
 * @param top number of classes or labels in {@code top}, at least 1
 * @param logits whether the logits are
 * @param features empty for what the backbone hands to the head, a layer for its output, or null
 */
record Wanted(int top, boolean logits, String features) implements Serializable {
  Wanted {
    if (top < 1) {
      throw new IllegalArgumentException(
          "The number of most likely classes must be at least 1, got " + top + ".");
    }
  }
}
