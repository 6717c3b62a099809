package dev.graft.handoff;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.graft.data.Preparation;
import dev.graft.data.Task;
import dev.graft.savedmodel.ModelFormatException;
import dev.graft.tensor.Precision;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** From the text of {@code handoff.json} to a {@link Handoff}. Nothing in it is believed. */
final class HandoffReader {
  private static final long LARGEST_BYTES = 64 << 20;
  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private HandoffReader() {}

  static Handoff read(Path file) throws IOException {
    JsonValue root = new JsonValue(file, "$", parse(file)).having("format", "version");
    if (!root.get("format").text().equals(Handoff.FORMAT)) {
      throw root.get("format").expected("the format \"" + Handoff.FORMAT + "\"");
    }
    long version = root.get("version").integer();
    if (version < 1 || version > Handoff.VERSION) {
      throw new ModelFormatException(
          file,
          "%s has version %d of the handoff, but this Graft knows versions 1 to %d: %s."
              .formatted(
                  file,
                  version,
                  Handoff.VERSION,
                  version < 1 ? "export the model again" : "use a newer Graft"));
    }
    return handoff(root);
  }

  private static JsonNode parse(Path file) throws IOException {
    if (Files.size(file) > LARGEST_BYTES) {
      throw new ModelFormatException(
          file,
          "%s has %d bytes: a handoff has at most %d."
              .formatted(file, Files.size(file), LARGEST_BYTES));
    }
    try {
      return JSON.readTree(Files.readString(file));
    } catch (CharacterCodingException e) {
      throw new ModelFormatException(file, file + " is not UTF-8: export the model again.", e);
    } catch (JsonProcessingException e) {
      throw new ModelFormatException(
          file, "%s is not JSON: %s%s.".formatted(file, e.getOriginalMessage(), place(e)), e);
    }
  }

  private static String place(JsonProcessingException e) {
    return e.getLocation() == null
        ? ""
        : " (line %d, column %d)"
            .formatted(e.getLocation().getLineNr(), e.getLocation().getColumnNr());
  }

  private static Handoff handoff(JsonValue root) throws ModelFormatException {
    root.having(
        "model",
        "weights",
        "versions",
        "signature",
        "preparation",
        "labels",
        "layers",
        "files",
        "golden",
        "training");
    ModelInfo model = model(root.get("model"));
    WeightsInfo weights = weights(root.get("weights"));
    Map<String, String> versions = root.get("versions").map(JsonValue::text);
    Signature signature = signature(root.get("signature"));
    List<Signature> signatures =
        root.has("signatures") ? root.get("signatures").list(HandoffReader::signature) : List.of();
    Optional<Preparation> preparation = root.get("preparation").orNull(HandoffReader::preparation);
    Optional<Task.Kind> task =
        root.has("task") ? root.get("task").orNull(HandoffReader::task) : Optional.empty();
    Optional<List<String>> labels = root.get("labels").orNull(value -> value.list(JsonValue::text));
    List<Layer> layers = root.get("layers").list(HandoffReader::layer);
    Map<String, String> files = root.get("files").map(JsonValue::text);
    Optional<Golden> golden = root.get("golden").orNull(HandoffReader::golden);
    Optional<BackbonePrecision> precision =
        root.has("precision")
            ? root.get("precision").orNull(HandoffReader::precision)
            : Optional.empty();
    Optional<Map<String, Object>> training = root.get("training").orNull(HandoffReader::freeForm);
    return root.make(
        () -> {
          Handoff handoff =
              new Handoff(
                  model,
                  weights,
                  versions,
                  signature,
                  signatures,
                  preparation,
                  task,
                  labels,
                  layers,
                  files,
                  golden,
                  precision,
                  training);
          handoff.requireListed();
          return handoff;
        });
  }

  private static BackbonePrecision precision(JsonValue json) throws ModelFormatException {
    json.having("backbone", "samples", "agreeing", "differences");
    String word = json.get("backbone").text();
    Precision backbone = json.get("backbone").make(() -> Precision.named(word));
    int samples = json.get("samples").smallInteger();
    int agreeing = json.get("agreeing").smallInteger();
    Map<String, Double> differences = json.get("differences").map(JsonValue::number);
    return json.make(() -> new BackbonePrecision(backbone, samples, agreeing, differences));
  }

  private static Task.Kind task(JsonValue json) throws ModelFormatException {
    String word = json.text();
    return json.make(() -> Task.Kind.named(word));
  }

  private static ModelInfo model(JsonValue json) throws ModelFormatException {
    json.having("name", "source", "includeTop", "parameters");
    String name = json.get("name").text();
    String source = json.get("source").text();
    boolean includeTop = json.get("includeTop").flag();
    long parameters = json.get("parameters").integer();
    return json.make(() -> new ModelInfo(name, source, includeTop, parameters));
  }

  private static WeightsInfo weights(JsonValue json) throws ModelFormatException {
    json.having("source", "licence", "file");
    String source = json.get("source").text();
    Optional<String> licence = json.get("licence").orNull(JsonValue::text);
    Optional<String> file = json.get("file").orNull(JsonValue::text);
    return json.make(() -> new WeightsInfo(source, licence, file));
  }

  private static Signature signature(JsonValue json) throws ModelFormatException {
    json.having("name", "inputs", "outputs");
    String name = json.get("name").text();
    List<TensorInfo> inputs = json.get("inputs").list(HandoffReader::tensor);
    List<TensorInfo> outputs = json.get("outputs").list(HandoffReader::tensor);
    return json.make(() -> new Signature(name, inputs, outputs));
  }

  private static TensorInfo tensor(JsonValue json) throws ModelFormatException {
    json.having("alias", "key", "dtype", "shape");
    String alias = json.get("alias").text();
    String key = json.get("key").text();
    String dtype = json.get("dtype").text();
    List<Long> shape = shape(json.get("shape"));
    return json.make(() -> new TensorInfo(alias, key, dtype, shape));
  }

  private static List<Long> shape(JsonValue json) throws ModelFormatException {
    return json.list(JsonValue::integer);
  }

  private static Preparation preparation(JsonValue json) throws ModelFormatException {
    json.having(
        "decode",
        "orientation",
        "resize",
        "colourOrder",
        "divisor",
        "scale",
        "mean",
        "deviation",
        "inGraph");
    JsonValue decode = json.get("decode");
    JsonValue orientation = json.get("orientation");
    JsonValue order = json.get("colourOrder");
    String decoderName = decode.text();
    String orientationName = orientation.text();
    String orderName = order.text();
    Preparation.Decoder decoder = decode.make(() -> Preparation.Decoder.named(decoderName));
    Preparation.Orientation turned =
        orientation.make(() -> Preparation.Orientation.named(orientationName));
    Preparation.ColourOrder colours = order.make(() -> Preparation.ColourOrder.named(orderName));
    Optional<Preparation.Resize> resize = json.get("resize").orNull(HandoffReader::resize);
    double divisor = json.get("divisor").number();
    double scale = json.get("scale").number();
    List<Double> mean = json.get("mean").list(JsonValue::number);
    List<Double> deviation = json.get("deviation").list(JsonValue::number);
    boolean inGraph = json.get("inGraph").flag();
    return json.make(
        () ->
            new Preparation(
                decoder,
                turned,
                resize.orElse(null),
                colours,
                divisor,
                scale,
                mean,
                deviation,
                inGraph));
  }

  private static Preparation.Resize resize(JsonValue json) throws ModelFormatException {
    json.having("method", "height", "width");
    String method = json.get("method").text();
    int height = json.get("height").smallInteger();
    int width = json.get("width").smallInteger();
    Optional<JsonValue> aspect = json.find("aspect");
    String aspectName = aspect.isPresent() ? aspect.get().text() : "stretch";
    return json.make(
        () ->
            new Preparation.Resize(
                Preparation.Method.named(method),
                Preparation.Aspect.named(aspectName),
                height,
                width));
  }

  private static Layer layer(JsonValue json) throws ModelFormatException {
    json.having("name", "class", "outputShape", "parameters", "trainable", "variables");
    String name = json.get("name").text();
    String className = json.get("class").text();
    Optional<List<Long>> outputShape = json.get("outputShape").orNull(HandoffReader::shape);
    long parameters = json.get("parameters").integer();
    boolean trainable = json.get("trainable").flag();
    List<LayerVariable> variables = json.get("variables").list(HandoffReader::variable);
    return json.make(
        () -> new Layer(name, className, outputShape, parameters, trainable, variables));
  }

  private static LayerVariable variable(JsonValue json) throws ModelFormatException {
    json.having("name", "key", "dtype", "shape", "trainable", "sha256");
    String name = json.get("name").text();
    String key = json.get("key").text();
    String dtype = json.get("dtype").text();
    List<Long> shape = shape(json.get("shape"));
    boolean trainable = json.get("trainable").flag();
    String sha256 = json.get("sha256").text();
    return json.make(() -> new LayerVariable(name, key, dtype, shape, trainable, sha256));
  }

  private static Golden golden(JsonValue json) throws ModelFormatException {
    json.having("images", "prepared", "outputs", "tolerance");
    List<String> images = json.get("images").list(JsonValue::text);
    String prepared = json.get("prepared").text();
    Map<String, String> outputs = json.get("outputs").map(JsonValue::text);
    double tolerance = json.get("tolerance").number();
    Map<String, String> others =
        json.has("otherInputs") ? json.get("otherInputs").map(JsonValue::text) : Map.of();
    Map<String, String> otherOutputs =
        json.has("otherOutputs") ? json.get("otherOutputs").map(JsonValue::text) : Map.of();
    return json.make(() -> new Golden(images, prepared, others, outputs, otherOutputs, tolerance));
  }

  private static Map<String, Object> freeForm(JsonValue json) throws ModelFormatException {
    return JSON.convertValue(json.having().node(), new TypeReference<Map<String, Object>>() {});
  }
}
