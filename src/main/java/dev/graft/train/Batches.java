package dev.graft.train;

import dev.graft.features.Examples;
import java.util.Arrays;

/** The steps' batches: pass after pass over the examples, each pass in its own order. */
final class Batches {
  private final Batching batching;
  private final Examples examples;
  private Position position;
  private int[] order;
  private Examples shown;

  /**
   * Where the next batch begins.
   *
   * @param pass from 1
   * @param example place in the order of the pass, from 0
   */
  record Position(int pass, int example) {}

  Batches(Batching batching, Examples examples, Position start) {
    this.batching = batching;
    this.examples = examples;
    this.position = start;
  }

  /** The indices of the next batch's examples; the last batch of a pass may have fewer. */
  int[] next() {
    if (order == null) {
      order = batching.order().of(position.pass(), examples.size());
      shown = examples.inPass(position.pass(), order);
    }
    int from = position.example();
    int to = Math.min(examples.size(), from + batching.size());
    int[] rows = Arrays.copyOfRange(order, from, to);
    if (to < examples.size()) {
      position = new Position(position.pass(), to);
    } else {
      position = new Position(position.pass() + 1, 0);
      order = null;
    }
    return rows;
  }

  /** The examples as they look in the pass of the last batch. */
  Examples shown() {
    return shown;
  }

  /** Where the next batch begins. */
  Position position() {
    return position;
  }

  /** How many examples the next steps have together. */
  long examplesIn(int steps) {
    long count = 0;
    int from = position.example();
    for (int i = 0; i < steps; i++) {
      int to = Math.min(examples.size(), from + batching.size());
      count += to - from;
      from = to < examples.size() ? to : 0;
    }
    return count;
  }
}
