package dev.graft.model;

import dev.graft.data.LabeledArrays;
import dev.graft.data.NumberArray;
import dev.graft.savedmodel.FlatInput;
import dev.graft.tensor.HostTensor;
import dev.graft.tensor.TypeName;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.tensorflow.proto.DataType;

/** Rows of arrays as the tensors that a model takes. Immutable. */
public final class ArrayBatch {
  /** Rows that are run at once. */
  public static final int ROWS = 32;

  private static final Set<DataType> TYPES =
      Set.of(DataType.DT_FLOAT, DataType.DT_INT32, DataType.DT_INT64);

  /**
   * An input of a model.
   *
   * @param name of the array that it is fed with
   * @param input where it goes
   */
  public record Feed(String name, FlatInput input) {}

  private final LabeledArrays arrays;
  private final List<Feed> feeds;

  private ArrayBatch(LabeledArrays arrays, List<Feed> feeds) {
    this.arrays = arrays;
    this.feeds = List.copyOf(feeds);
  }

  /**
   * Finds the array of each input.
   *
   * @param feeds the inputs with the names that their arrays should have; the only input may also
   *     be called {@code x}
   * @throws IllegalArgumentException when an array is missing, or has another shape or type than
   *     the input
   */
  public static ArrayBatch of(LabeledArrays arrays, List<Feed> feeds) {
    Map<String, NumberArray> known = arrays.inputs();
    List<Feed> found = new ArrayList<>();
    for (Feed feed : feeds) {
      boolean isX = feeds.size() == 1 && !known.containsKey(feed.name()) && known.containsKey("x");
      String name = isX ? "x" : feed.name();
      if (!known.containsKey(name)) {
        throw new IllegalArgumentException(
            "%s has the arrays %s, expected one for each of the model's inputs %s%s."
                .formatted(
                    arrays.source(),
                    known.keySet(),
                    feeds.stream().map(Feed::name).toList(),
                    feeds.size() == 1 ? " (or x)" : ""));
      }
      requireFit(arrays.source(), name, known.get(name), feed.input());
      found.add(new Feed(name, feed.input()));
    }
    return new ArrayBatch(arrays, found);
  }

  private static void requireFit(Path source, String name, NumberArray array, FlatInput input) {
    List<Long> shape = input.shape();
    List<Long> row = array.rowShape();
    boolean fits = shape == null || shape.size() == row.size() + 1;
    for (int axis = 0; fits && shape != null && axis < row.size(); axis++) {
      fits = shape.get(axis + 1) < 0 || shape.get(axis + 1).equals(row.get(axis));
    }
    if (!fits) {
      throw new IllegalArgumentException(
          "The array %s of %s has the shape %s, but the input \"%s\" takes %s."
              .formatted(
                  name,
                  source,
                  array.array().shape(),
                  input.key(),
                  shape.toString().replace("-1", "?")));
    }
    if (!TYPES.contains(input.dtype()) || input.dtype() != DataType.DT_FLOAT && !array.isWhole()) {
      throw new IllegalArgumentException(
          "The array %s of %s has elements of type %s, but the input \"%s\" takes %s%s."
              .formatted(
                  name,
                  source,
                  array.type().descr(),
                  input.key(),
                  TypeName.of(input.dtype()),
                  TYPES.contains(input.dtype())
                      ? ": save whole numbers"
                      : ", which arrays can't feed"));
    }
  }

  /** The arrays with the shapes of their rows, for people. */
  public String describe() {
    return feeds.stream()
        .map(feed -> feed.name() + arrays.inputs().get(feed.name()).rowShape())
        .collect(Collectors.joining(", "));
  }

  /** The arrays. */
  public LabeledArrays arrays() {
    return arrays;
  }

  /** The inputs and the arrays that they are fed with. */
  public List<Feed> feeds() {
    return feeds;
  }

  /** One tensor for each input, in their order; first axis the rows. */
  public List<HostTensor> tensors(List<Path> rows) {
    return feeds.stream().map(feed -> tensor(feed, rows)).toList();
  }

  private HostTensor tensor(Feed feed, List<Path> rows) {
    NumberArray first = arrays.inputsOf(rows.get(0)).get(feed.name());
    int size = first.rowSize();
    double[] values = new double[Math.multiplyExact(size, rows.size())];
    for (int i = 0; i < rows.size(); i++) {
      NumberArray array = arrays.inputsOf(rows.get(i)).get(feed.name());
      int from = arrays.indexOf(rows.get(i)) * size;
      for (int j = 0; j < size; j++) {
        values[i * size + j] = array.get(from + j);
      }
    }
    long[] shape = new long[1 + first.rowShape().size()];
    shape[0] = rows.size();
    for (int axis = 1; axis < shape.length; axis++) {
      shape[axis] = first.rowShape().get(axis - 1);
    }
    return tensor(feed.input().dtype(), values, shape);
  }

  /** A whole array as a tensor of a type that arrays can feed. */
  public static HostTensor tensor(DataType dtype, NumberArray array) {
    double[] values = new double[Math.multiplyExact(array.rows(), array.rowSize())];
    for (int i = 0; i < values.length; i++) {
      values[i] = array.get(i);
    }
    return tensor(
        dtype, values, array.array().shape().stream().mapToLong(Long::longValue).toArray());
  }

  /** Numbers as a tensor of a type that arrays can feed. */
  public static HostTensor tensor(DataType dtype, double[] values, long... shape) {
    if (dtype == DataType.DT_INT32) {
      int[] ints = new int[values.length];
      for (int i = 0; i < ints.length; i++) {
        ints[i] = (int) values[i];
      }
      return HostTensor.of(ints, shape);
    }
    if (dtype == DataType.DT_INT64) {
      long[] longs = new long[values.length];
      for (int i = 0; i < longs.length; i++) {
        longs[i] = (long) values[i];
      }
      return HostTensor.of(longs, shape);
    }
    float[] floats = new float[values.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) values[i];
    }
    return HostTensor.of(floats, shape);
  }
}
