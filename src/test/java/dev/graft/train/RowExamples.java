package dev.graft.train;

import dev.graft.data.Target;
import dev.graft.features.Examples;
import java.nio.FloatBuffer;
import java.util.SplittableRandom;

/** Examples in memory, for a cut of one tensor. */
record RowExamples(float[][] rows, int[] labels) implements Examples {
  /** Noise around one point for each class, the classes in turn. */
  static RowExamples random(int size, int width, int classes, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    float[][] rows = new float[size][width];
    int[] labels = new int[size];
    for (int i = 0; i < size; i++) {
      labels[i] = i % classes;
      for (int j = 0; j < width; j++) {
        rows[i][j] = (float) (random.nextDouble() + (j % classes == labels[i] ? 1 : 0));
      }
    }
    return new RowExamples(rows, labels);
  }

  /** One of them alone. */
  RowExamples only(int example) {
    return new RowExamples(new float[][] {rows[example]}, new int[] {labels[example]});
  }

  @Override
  public int size() {
    return rows.length;
  }

  @Override
  public Target target(int example) {
    return new Target.OfClass(labels[example]);
  }

  @Override
  public void read(int tensor, int example, FloatBuffer destination) {
    destination.put(rows[example]);
  }
}
