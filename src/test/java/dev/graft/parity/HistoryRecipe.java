package dev.graft.parity;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.graft.data.Npy;
import dev.graft.tensor.HostTensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * One recipe as {@code python -m history} wrote it: images, first weights of the head, orders, and
 * what Keras's {@code fit} said.
 *
 * @param root of all recipes and backbones
 * @param manifest what is where
 */
record HistoryRecipe(Path root, Manifest manifest) {
  /** {@code recipe.json}. */
  record Manifest(
      String name,
      int number,
      String backbone,
      List<Integer> size,
      String head,
      boolean unsteady,
      int headWeights,
      String outputLayer,
      int seconds,
      Map<String, String> versions,
      List<PhaseRecord> phases) {}

  /**
   * One phase.
   *
   * @param steps of an epoch; null for a pass over the training images
   * @param trained the weights, the backbone's before the head's
   * @param history of Keras
   * @param perturbed the same with inputs that differ by a millionth, several times
   * @param states single steps
   */
  record PhaseRecord(
      String name,
      String optimizer,
      int epochs,
      int batch,
      List<String> unfrozen,
      Integer steps,
      Integer validationSteps,
      List<Weight> trained,
      List<EpochFigures> history,
      List<List<EpochFigures>> perturbed,
      List<State> states) {
    boolean tunes() {
      return !unfrozen.isEmpty();
    }
  }

  /** A weight that trains, as Keras names it. */
  record Weight(String name, List<Long> shape) {
    int size() {
      return (int) shape.stream().mapToLong(Long::longValue).reduce(1, Math::multiplyExact);
    }

    /** Values of this weight's shape. */
    HostTensor tensor(float[] values) {
      return HostTensor.of(values, shape.stream().mapToLong(Long::longValue).toArray());
    }
  }

  /** What Keras logs of an epoch. */
  record EpochFigures(
      double loss,
      double accuracy,
      @JsonProperty("val_loss") double validationLoss,
      @JsonProperty("val_accuracy") double validationAccuracy) {}

  /**
   * A single step.
   *
   * @param step steps of the phase before it
   * @param loss of its batch
   * @param slots names of the optimizer's slots
   * @param before file of the weights, then of each slot of all weights
   * @param after file of the weights
   * @param nearness file of how near to zero each weight's gradient is, see {@link
   *     Tolerances#NEAR_ZERO}
   * @param own file of how far each weight is from the same step of Keras on inputs that rounding
   *     has moved
   */
  record State(
      int step,
      double loss,
      List<String> slots,
      String before,
      String after,
      String nearness,
      String own) {}

  static HistoryRecipe read(Path root, String name) throws IOException {
    Path file = root.resolve(name).resolve("recipe.json");
    return new HistoryRecipe(root, new ObjectMapper().readValue(file.toFile(), Manifest.class));
  }

  Path folder() {
    return root.resolve(manifest.name());
  }

  Path backbone() {
    return root.resolve("backbones").resolve(manifest.backbone());
  }

  /** First values of the head's weights, in order. */
  List<HostTensor> head() throws IOException {
    List<HostTensor> head = new ArrayList<>();
    for (int i = 0; i < manifest.headWeights(); i++) {
      var array = Npy.readFloats(folder().resolve("head-" + i + ".npy"));
      long[] shape = array.shape().stream().mapToLong(Long::longValue).toArray();
      head.add(HostTensor.of(array.values(), shape));
    }
    return head;
  }

  /** A file of several sets of a phase's weights, one behind the other. */
  List<List<float[]>> sets(PhaseRecord phase, String file, int count) throws IOException {
    float[] all = Npy.readFloats(folder().resolve(file)).values();
    List<List<float[]>> sets = new ArrayList<>();
    int at = 0;
    for (int i = 0; i < count; i++) {
      List<float[]> set = new ArrayList<>();
      for (Weight weight : phase.trained()) {
        set.add(java.util.Arrays.copyOfRange(all, at, at + weight.size()));
        at += weight.size();
      }
      sets.add(set);
    }
    if (at != all.length) {
      throw new IOException(file + " holds " + all.length + " values, expected " + at + ".");
    }
    return sets;
  }
}
