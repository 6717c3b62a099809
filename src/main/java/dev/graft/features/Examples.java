package dev.graft.features;

import java.nio.FloatBuffer;

/** Labelled examples at the cut of a model. Safe for reading by many threads. */
public interface Examples {
  /** Number of examples. */
  int size();

  /** Index of an example's class. */
  int label(int example);

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
}
