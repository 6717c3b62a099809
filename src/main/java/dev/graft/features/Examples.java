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

  /**
   * Copies one example's part of a tensor of the cut.
   *
   * @param tensor index in the order of the cut
   * @param example index, from 0
   * @param destination takes the row's values at its position
   */
  void read(int tensor, int example, FloatBuffer destination);
}
