package dev.graft.export;

import dev.graft.data.NumberArray;
import dev.graft.handoff.Golden;
import dev.graft.handoff.GoldenSamples;
import dev.graft.handoff.Handoff;
import dev.graft.handoff.TensorInfo;
import dev.graft.model.ArrayBatch;
import dev.graft.model.Backbone;
import dev.graft.savedmodel.FlatInput;
import dev.graft.tensor.HostTensor;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.tensorflow.proto.DataType;

/**
 * The golden samples of a model that does not take images: those that came with the backbone where
 * they fit, else drawn ones. Never a user's own data.
 */
final class GoldenArrays {
  private static final int DRAWN = 3;

  private GoldenArrays() {}

  /** One tensor for each of the inputs. */
  static List<HostTensor> of(Backbone backbone, List<FlatInput> inputs) throws IOException {
    Optional<GoldenSamples> given = Optional.empty();
    Optional<Golden> golden = backbone.handoff().flatMap(Handoff::golden);
    if (golden.isPresent()) {
      given = Optional.of(golden.get().read(backbone.source()));
    }
    List<HostTensor> tensors = new ArrayList<>();
    for (FlatInput input : inputs) {
      Optional<NumberArray> array = given.flatMap(samples -> sample(backbone, samples, input));
      if (array.filter(known -> fits(known, input)).isEmpty()) {
        return drawn(inputs);
      }
      tensors.add(ArrayBatch.tensor(input.dtype(), array.get()));
    }
    return tensors;
  }

  private static Optional<NumberArray> sample(
      Backbone backbone, GoldenSamples samples, FlatInput input) {
    List<TensorInfo> infos = backbone.handoff().orElseThrow().signature().inputs();
    return samples.input(infos.get(0).alias(), backbone.inputName(input));
  }

  private static boolean fits(NumberArray array, FlatInput input) {
    List<Long> shape = input.shape();
    boolean fits = shape != null && shape.size() == array.rowShape().size() + 1;
    for (int axis = 1; fits && axis < shape.size(); axis++) {
      fits = shape.get(axis).equals(array.rowShape().get(axis - 1));
    }
    return fits;
  }

  /** Numbers between -1 and 1, or zeros and ones, the same on any machine. */
  private static List<HostTensor> drawn(List<FlatInput> inputs) {
    SplittableRandom random = new SplittableRandom(1);
    List<HostTensor> tensors = new ArrayList<>();
    for (FlatInput input : inputs) {
      long[] shape = input.shape().stream().mapToLong(Long::longValue).toArray();
      shape[0] = DRAWN;
      long size = 1;
      for (long length : shape) {
        size = Math.multiplyExact(size, length);
      }
      boolean whole = input.dtype() != DataType.DT_FLOAT;
      double[] values =
          random
              .doubles(size, -1, 1)
              .map(value -> whole ? (value > 0 ? 1 : 0) : (float) value)
              .toArray();
      tensors.add(ArrayBatch.tensor(input.dtype(), values, shape));
    }
    return tensors;
  }
}
