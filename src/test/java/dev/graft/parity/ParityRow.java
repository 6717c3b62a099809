package dev.graft.parity;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.graft.data.Npy;
import dev.graft.tensor.HostTensor;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.IntToDoubleFunction;
import org.tensorflow.proto.DataType;

/**
 * One row of the parity table as Python wrote it: a saved model and what Python computed with it.
 *
 * @param folder where its files are
 * @param manifest what is where
 */
record ParityRow(Path folder, Manifest manifest) {
  private static final ObjectMapper JSON =
      new ObjectMapper().disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);

  /** {@code row.json}. */
  record Manifest(
      String name,
      String group,
      String what,
      String form,
      boolean half,
      List<String> dead,
      List<String> refused,
      String untrained,
      String unusable,
      Map<String, String> versions,
      List<Input> inputs,
      List<OutputFiles> outputs,
      List<Weight> variables,
      Training training) {
    /** Whether a variable's gradient is nothing by the model's nature. */
    boolean isDead(String variable) {
      return dead != null && dead.stream().anyMatch(variable::contains);
    }
  }

  /** An input by its key in the signature: a file, or strings. */
  record Input(String key, String file, List<String> strings, List<Long> shape) {}

  /** An output by its key in the signature, and the seeded tensor that it is multiplied by. */
  record OutputFiles(String key, String values, String seed) {}

  /** A trainable variable, known by its values. */
  record Weight(String name, List<Long> shape, String sha256) {
    int size() {
      return (int) shape.stream().mapToLong(Long::longValue).reduce(1, Math::multiplyExact);
    }
  }

  /**
   * Steps of training of the last block and a head.
   *
   * @param unsteady draws of inputs with which Keras is too far from itself to be compared with;
   *     null where none was looked for
   */
  record Training(
      List<String> inputs,
      List<Integer> labels,
      int classes,
      int batch,
      int steps,
      List<Weight> variables,
      List<HeadWeight> head,
      List<Run> runs,
      String headText,
      String outputLayer,
      List<Draw> unsteady) {
    /** What is trained on. */
    Draw draw() {
      return new Draw(inputs, labels, runs);
    }
  }

  /** Inputs of training and what Keras makes of them. */
  record Draw(List<String> inputs, List<Integer> labels, List<Run> runs) {}

  /** First value of a variable of the head. */
  record HeadWeight(String file, List<Long> shape) {
    int size() {
      return (int) shape.stream().mapToLong(Long::longValue).reduce(1, Math::multiplyExact);
    }
  }

  /**
   * The weights after each step with one optimizer.
   *
   * @param own how far Keras's steps are from its own steps from inputs that are moved by a few
   *     units in the last place, as Graft's are compared; null where that was not computed
   * @param ownOfWeights the same over the norm of the weights
   */
  @JsonIgnoreProperties(ignoreUnknown = true)
  record Run(String optimizer, String weights, String nearness, Double own, Double ownOfWeights) {}

  static ParityRow read(Path folder) throws IOException {
    return new ParityRow(
        folder, JSON.readValue(folder.resolve("row.json").toFile(), Manifest.class));
  }

  Path model() {
    return folder.resolve("model");
  }

  /** One input's values. */
  HostTensor input(Input input) throws IOException {
    if (input.strings() == null) {
      return tensor(input.file());
    }
    List<byte[]> strings =
        input.strings().stream().map(text -> text.getBytes(StandardCharsets.UTF_8)).toList();
    return HostTensor.ofStrings(strings, sizes(input.shape()));
  }

  /** The array in a file, of whatever type it has. */
  HostTensor tensor(String file) throws IOException {
    Path path = folder.resolve(file);
    var header = Npy.header(path);
    long[] shape = sizes(header.shape());
    return switch (header.type()) {
      case FLOAT32 -> HostTensor.of(Npy.readFloats(path).values(), shape);
      case INT32 -> HostTensor.of(Npy.readInts(path).values(), shape);
      case INT64 -> HostTensor.of(Npy.readLongs(path).values(), shape);
      case UINT8 -> HostTensor.wrap(DataType.DT_UINT8, Npy.readBytes(path).values(), shape);
      case FLOAT16, FLOAT64 ->
          throw new IOException(
              path + " holds " + header.type().descr() + ", which no model here takes.");
    };
  }

  /** The values in a file of float32. */
  float[] floats(String file) throws IOException {
    return Npy.readFloats(folder.resolve(file)).values();
  }

  /** A file of several arrays, one behind the other. */
  List<float[]> arrays(String file, List<Integer> sizes) throws IOException {
    float[] all = floats(file);
    List<float[]> arrays = new ArrayList<>();
    int at = 0;
    for (int size : sizes) {
      arrays.add(java.util.Arrays.copyOfRange(all, at, at + size));
      at += size;
    }
    if (at != all.length) {
      throw new IOException(
          folder.resolve(file) + " holds " + all.length + " values, expected " + at + ".");
    }
    return arrays;
  }

  static long[] sizes(List<Long> shape) {
    return shape.stream().mapToLong(Long::longValue).toArray();
  }

  /** The elements as float32, also of float16. */
  static float[] floats(HostTensor tensor) {
    IntToDoubleFunction numbers = tensor.numbers().orElseThrow();
    float[] values = new float[Math.toIntExact(tensor.size())];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) numbers.applyAsDouble(i);
    }
    return values;
  }
}
