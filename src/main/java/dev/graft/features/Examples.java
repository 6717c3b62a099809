package dev.graft.features;

import dev.graft.data.Target;
import java.nio.FloatBuffer;

/** Labelled examples at the cut of a model. Safe for reading by many threads. */
public interface Examples {
  /** Number of examples. */
  int size();

  /** What a model should say of an example. */
  Target target(int example);

  /** How much an example counts in the loss; 1 by default. */
  default float weight(int example) {
    return 1;
  }

  /** What people call an example, such as its file. */
  default String name(int example) {
    return "example " + example;
  }

  /**
   * Copies one example's part of a tensor of the cut.
   *
   * @param tensor index in the order of the cut
   * @param example index, from 0
   * @param destination takes the row's values at its position
   */
  void read(int tensor, int example, FloatBuffer destination);

  /**
   * These examples as they look in one pass of training over them. Augmented images look otherwise
   * in each; number and labels stay.
   *
   * @param pass from 1
   * @param order in which they are going to be read, a permutation of the examples or a part of one
   * @return read by one thread at a time, and no longer once another pass is read; targets, weights
   *     and names stay
   */
  default Examples inPass(int pass, int[] order) {
    return this;
  }
}
