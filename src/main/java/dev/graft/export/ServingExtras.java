package dev.graft.export;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectWriter;
import dev.graft.data.NpyArray;
import dev.graft.data.NumberArray;
import dev.graft.handoff.GoldenSamples;
import dev.graft.handoff.Handoff;
import dev.graft.handoff.Signature;
import dev.graft.handoff.TensorInfo;
import dev.graft.model.ArrayBatch;
import dev.graft.tensor.HostTensor;
import dev.graft.tensor.TypeName;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.TensorProto;
import org.tensorflow.proto.TensorShapeProto;

/**
 * What an export has for TensorFlow Serving in {@code assets.extra}: the warm-up requests, and a
 * request in its REST format with the answer to it, of the golden samples.
 */
final class ServingExtras {
  private static final ObjectWriter JSON = new ObjectMapper().writer();

  private final Handoff handoff;
  private final GoldenSamples samples;

  ServingExtras(Handoff handoff, GoldenSamples samples) {
    this.handoff = handoff;
    this.samples = samples;
  }

  void write(Path folder) throws IOException {
    Path extra = Files.createDirectories(folder.resolve("assets.extra"));
    WarmupRequests warmup = new WarmupRequests(handoff.model().name());
    for (Signature signature : handoff.allSignatures()) {
      warmup.add(signature.name(), warming(signature));
    }
    Files.write(extra.resolve("tf_serving_warmup_requests"), warmup.bytes());
    write(extra.resolve("rest_request.json"), request());
    write(extra.resolve("rest_response.json"), Map.of("predictions", predictions()));
  }

  private static void write(Path file, Object json) throws IOException {
    Files.writeString(file, JSON.writeValueAsString(json) + "\n");
  }

  /** One row for each input. */
  private Map<String, TensorProto> warming(Signature signature) throws IOException {
    Map<String, TensorProto> row = new LinkedHashMap<>();
    for (TensorInfo input : signature.inputs()) {
      row.put(input.key(), warming(input));
    }
    return row;
  }

  private TensorProto warming(TensorInfo input) throws IOException {
    if (input.dtype().equals("string")) {
      byte[] image = Files.readAllBytes(samples.images().get(0));
      return HostTensor.ofStrings(List.of(image), 1).toProto();
    }
    if (!samples.images().isEmpty()) {
      return zeros(samples.prepared().shape());
    }
    return row(input(input), input.dtype());
  }

  /** One image of zeros; TensorFlow takes a single value for all. */
  private static TensorProto zeros(List<Long> shape) {
    TensorShapeProto.Builder one = TensorShapeProto.newBuilder();
    shape.forEach(size -> one.addDimBuilder().setSize(one.getDimCount() == 1 ? 1 : size));
    return TensorProto.newBuilder()
        .setDtype(DataType.DT_FLOAT)
        .setTensorShape(one)
        .addFloatVal(0)
        .build();
  }

  private static TensorProto row(NumberArray array, String dtype) {
    long[] shape = array.array().shape().stream().mapToLong(Long::longValue).toArray();
    DataType type = TypeName.type(dtype);
    HostTensor all = ArrayBatch.tensor(type, array);
    byte[] bytes = new byte[Math.toIntExact(all.bytes().remaining() / shape[0])];
    all.bytes().get(bytes);
    shape[0] = 1;
    return HostTensor.wrap(type, bytes, shape).toProto();
  }

  private NumberArray input(TensorInfo input) {
    String first = handoff.signature().inputs().get(0).alias();
    return samples.input(first, input.alias()).orElseThrow();
  }

  private Map<String, Object> request() throws IOException {
    boolean images = !samples.images().isEmpty();
    List<Object> instances = new ArrayList<>();
    for (int sample = 0; sample < samples.input().rows(); sample++) {
      instances.add(images ? encoded(samples.images().get(sample)) : instance(sample));
    }
    Map<String, Object> request = new LinkedHashMap<>();
    request.put("signature_name", images ? Signature.IMAGE_BYTES : Signature.SERVING_DEFAULT);
    request.put("instances", instances);
    return request;
  }

  private static Map<String, String> encoded(Path image) throws IOException {
    return Map.of("b64", Base64.getEncoder().encodeToString(Files.readAllBytes(image)));
  }

  /** The values of each input by its name; of a sole input they stand alone. */
  private Object instance(int sample) {
    Map<String, Object> values = new LinkedHashMap<>();
    for (TensorInfo input : handoff.signature().inputs()) {
      NumberArray array = input(input);
      HostTensor tensor = ArrayBatch.tensor(TypeName.type(input.dtype()), array);
      values.put(input.key(), nested(tensor, sample, array.array().shape()));
    }
    return values.size() == 1 ? values.values().iterator().next() : values;
  }

  /** A row of a tensor as lists of lists. */
  private static Object nested(HostTensor tensor, int row, List<Long> shape) {
    Object[] all = numbers(tensor);
    int size = all.length / Math.toIntExact(shape.get(0));
    List<Object> values = new ArrayList<>(List.of(all).subList(row * size, (row + 1) * size));
    for (int axis = shape.size() - 1; axis > 1; axis--) {
      int length = Math.toIntExact(shape.get(axis));
      List<Object> outer = new ArrayList<>();
      for (int i = 0; i < values.size(); i += length) {
        outer.add(List.copyOf(values.subList(i, i + length)));
      }
      values = outer;
    }
    return shape.size() == 1 ? values.get(0) : values;
  }

  private static Object[] numbers(HostTensor tensor) {
    return switch (tensor.dtype()) {
      case DT_FLOAT -> boxed(tensor.floats());
      case DT_INT32 -> Arrays.stream(tensor.ints()).boxed().toArray();
      case DT_INT64 -> Arrays.stream(tensor.longs()).boxed().toArray();
      default ->
          throw new IllegalArgumentException("No request is made of " + tensor.dtype() + ".");
    };
  }

  private static Object[] boxed(float[] values) {
    Object[] boxed = new Object[values.length];
    Arrays.setAll(boxed, i -> values[i]);
    return boxed;
  }

  private List<Map<String, Object>> predictions() {
    List<Map<String, Object>> predictions = new ArrayList<>();
    for (int sample = 0; sample < samples.input().rows(); sample++) {
      Map<String, Object> prediction = new LinkedHashMap<>();
      for (TensorInfo output : handoff.signature().outputs()) {
        prediction.put(output.key(), expected(output.alias(), sample));
      }
      predictions.add(prediction);
    }
    return predictions;
  }

  private Object expected(String alias, int sample) {
    List<String> labels = handoff.labels().orElseThrow();
    if (alias.equals(ServingGraph.LABELS)) {
      return labels;
    }
    if (alias.equals(ServingGraph.LABEL)) {
      return labels.get(largest(row(ServingGraph.PROBABILITIES, sample)));
    }
    return row(alias, sample);
  }

  private float[] row(String alias, int sample) {
    NpyArray<float[]> array = samples.outputs().get(alias);
    int size = array.values().length / Math.toIntExact(array.shape().get(0));
    return Arrays.copyOfRange(array.values(), sample * size, (sample + 1) * size);
  }

  private static int largest(float[] values) {
    int best = 0;
    for (int i = 1; i < values.length; i++) {
      best = values[i] > values[best] ? i : best;
    }
    return best;
  }
}
