package dev.graft.train;

import dev.graft.features.Examples;
import dev.graft.model.CutTensor;
import dev.graft.model.Graft;
import dev.graft.tensor.HostTensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.proto.DataType;

/** Puts rows of examples into a graft. */
final class GraftBatch {
  /** Of features; the processor's caches and the memory of what is computed of them bound it. */
  private static final long FASTEST_BYTES = 8 << 20;

  private static final int MOST = 256;

  private final Graft graft;
  private final int size;

  GraftBatch(Graft graft) {
    this.graft = graft;
    this.size = graft.task().size();
  }

  /** How many examples are graded fastest in one run, at least 1. */
  int fastest() {
    long rowBytes =
        graft.inputs().stream().mapToLong(input -> (long) Float.BYTES * input.rowSize()).sum();
    return (int) Math.max(1, Math.min(MOST, FASTEST_BYTES / rowBytes));
  }

  /** A batch as tensors, with the placeholders that take them; closes the tensors. */
  record Fed(Graft graft, List<String> placeholders, List<Tensor> tensors)
      implements AutoCloseable {
    /** A new runner with the batch fed. */
    Session.Runner runner() {
      Session.Runner runner = graft.session().runner();
      for (int i = 0; i < tensors.size(); i++) {
        runner.feed(placeholders.get(i), tensors.get(i));
      }
      return runner;
    }

    private void add(String placeholder, HostTensor value) {
      tensors.add(value.toNative());
      placeholders.add(placeholder);
    }

    @Override
    public void close() {
      tensors.forEach(Tensor::close);
    }
  }

  /**
   * Makes tensors of features, targets and weights.
   *
   * @param rows indices of examples, at least one
   */
  Fed feed(Examples examples, int[] rows) {
    Fed fed = new Fed(graft, new ArrayList<>(), new ArrayList<>());
    try {
      for (int i = 0; i < graft.inputs().size(); i++) {
        CutTensor input = graft.inputs().get(i);
        fed.add(input.placeholder(), features(examples, i, input, rows));
      }
      fed.add(graft.labels(), targets(examples, rows));
      fed.add(graft.weights(), weights(examples, rows));
      return fed;
    } catch (RuntimeException | Error e) {
      fed.close();
      throw e;
    }
  }

  /** Runs the inference path; a lone row is doubled, because a single row rounds differently. */
  Trainer.Graded grade(Examples examples, int[] rows) {
    int[] run = rows.length == 1 ? new int[] {rows[0], rows[0]} : rows;
    try (Fed fed = feed(examples, run);
        Result result =
            fed.runner().fetch(graft.exampleLoss()).fetch(graft.probabilities()).run()) {
      float[] losses = HostTensor.fromNative(result.get(0)).floats();
      return new Trainer.Graded(losses, rows(result.get(1), rows.length));
    }
  }

  static float[][] rows(Tensor batch, int count) {
    FloatBuffer values = HostTensor.fromNative(batch).bytes().asFloatBuffer();
    int width = (int) batch.shape().get(1);
    float[][] rows = new float[count][width];
    for (float[] row : rows) {
      values.get(row);
    }
    return rows;
  }

  private static HostTensor features(Examples examples, int index, CutTensor input, int[] rows) {
    int size = input.rowSize();
    ByteBuffer bytes = littleEndian(Math.multiplyExact(size, rows.length));
    FloatBuffer values = bytes.asFloatBuffer();
    for (int row : rows) {
      examples.read(index, row, values);
    }
    long[] shape = new long[1 + input.rowShape().length];
    shape[0] = rows.length;
    for (int i = 1; i < shape.length; i++) {
      shape[i] = input.rowShape()[i - 1];
    }
    return HostTensor.wrap(DataType.DT_FLOAT, bytes.array(), shape);
  }

  private HostTensor targets(Examples examples, int[] rows) {
    float[] targets = new float[rows.length * size];
    for (int i = 0; i < rows.length; i++) {
      examples.target(rows[i]).put(targets, i * size);
    }
    return HostTensor.of(targets, rows.length, size);
  }

  private static HostTensor weights(Examples examples, int[] rows) {
    float[] weights = new float[rows.length];
    for (int i = 0; i < rows.length; i++) {
      weights[i] = examples.weight(rows[i]);
    }
    return HostTensor.of(weights, rows.length);
  }

  private static ByteBuffer littleEndian(int floats) {
    return ByteBuffer.allocate(Math.multiplyExact(floats, Float.BYTES))
        .order(ByteOrder.LITTLE_ENDIAN);
  }
}
