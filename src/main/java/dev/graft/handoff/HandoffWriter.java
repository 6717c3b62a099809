package dev.graft.handoff;

import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.core.util.Separators;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectWriter;
import dev.graft.data.Preparation;
import dev.graft.data.Task;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;

/**
 * From a {@link Handoff} to the text of {@code handoff.json}: the same bytes for the same value.
 */
final class HandoffWriter {
  private static final ObjectWriter JSON =
      new ObjectMapper()
          .writer(
              new DefaultPrettyPrinter(
                      Separators.createDefaultInstance()
                          .withObjectFieldValueSpacing(Separators.Spacing.AFTER))
                  .withObjectIndenter(new DefaultIndenter("  ", "\n")));

  private HandoffWriter() {}

  static void write(Handoff handoff, Path folder) throws IOException {
    byte[] text = (JSON.writeValueAsString(json(handoff)) + "\n").getBytes(StandardCharsets.UTF_8);
    Path beside = folder.resolve(Handoff.FILE_NAME + "." + UUID.randomUUID() + ".part");
    try {
      Files.write(beside, text, StandardOpenOption.CREATE_NEW);
      Files.move(beside, folder.resolve(Handoff.FILE_NAME), StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(beside);
    }
  }

  private static Map<String, Object> json(Handoff handoff) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("format", Handoff.FORMAT);
    json.put("version", Handoff.VERSION);
    json.put("model", model(handoff.model()));
    json.put("weights", weights(handoff.weights()));
    json.put("versions", handoff.versions());
    json.put("signature", signature(handoff.signature()));
    if (!handoff.signatures().isEmpty()) {
      json.put("signatures", handoff.signatures().stream().map(HandoffWriter::signature).toList());
    }
    json.put("preparation", handoff.preparation().map(HandoffWriter::preparation).orElse(null));
    json.put("task", handoff.task().map(Task.Kind::word).orElse(null));
    json.put("labels", handoff.labels().orElse(null));
    json.put("layers", handoff.layers().stream().map(HandoffWriter::layer).toList());
    json.put("files", new TreeMap<>(handoff.files()));
    json.put("golden", handoff.golden().map(HandoffWriter::golden).orElse(null));
    handoff.precision().ifPresent(precision -> json.put("precision", precision(precision)));
    json.put("training", handoff.training().orElse(null));
    return json;
  }

  private static Map<String, Object> precision(BackbonePrecision precision) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("backbone", precision.backbone().word());
    json.put("samples", precision.samples());
    json.put("agreeing", precision.agreeing());
    json.put("differences", precision.differences());
    return json;
  }

  private static Map<String, Object> model(ModelInfo model) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("name", model.name());
    json.put("source", model.source());
    json.put("includeTop", model.includeTop());
    json.put("parameters", model.parameters());
    return json;
  }

  private static Map<String, Object> weights(WeightsInfo weights) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("source", weights.source());
    json.put("licence", weights.licence().orElse(null));
    json.put("file", weights.file().orElse(null));
    return json;
  }

  private static Map<String, Object> signature(Signature signature) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("name", signature.name());
    json.put("inputs", signature.inputs().stream().map(HandoffWriter::tensor).toList());
    json.put("outputs", signature.outputs().stream().map(HandoffWriter::tensor).toList());
    return json;
  }

  private static Map<String, Object> tensor(TensorInfo tensor) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("alias", tensor.alias());
    json.put("key", tensor.key());
    json.put("dtype", tensor.dtype());
    json.put("shape", tensor.shape());
    return json;
  }

  static Map<String, Object> preparation(Preparation preparation) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("decode", preparation.decoder().toString());
    json.put("orientation", preparation.orientation().toString());
    json.put("resize", preparation.resize() == null ? null : resize(preparation.resize()));
    json.put("colourOrder", preparation.colourOrder().toString());
    json.put("divisor", preparation.divisor());
    json.put("scale", preparation.scale());
    json.put("mean", preparation.mean());
    json.put("deviation", preparation.deviation());
    json.put("inGraph", preparation.inGraph());
    return json;
  }

  private static Map<String, Object> resize(Preparation.Resize resize) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("method", resize.method().toString());
    if (resize.aspect() != Preparation.Aspect.STRETCH) {
      json.put("aspect", resize.aspect().toString());
    }
    json.put("height", resize.height());
    json.put("width", resize.width());
    return json;
  }

  private static Map<String, Object> layer(Layer layer) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("name", layer.name());
    json.put("class", layer.className());
    json.put("outputShape", layer.outputShape().orElse(null));
    json.put("parameters", layer.parameters());
    json.put("trainable", layer.trainable());
    json.put("variables", layer.variables().stream().map(HandoffWriter::variable).toList());
    return json;
  }

  private static Map<String, Object> variable(LayerVariable variable) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("name", variable.name());
    json.put("key", variable.key());
    json.put("dtype", variable.dtype());
    json.put("shape", variable.shape());
    json.put("trainable", variable.trainable());
    json.put("sha256", variable.sha256());
    return json;
  }

  private static Map<String, Object> golden(Golden golden) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("images", golden.images());
    json.put("prepared", golden.prepared());
    if (!golden.otherInputs().isEmpty()) {
      json.put("otherInputs", golden.otherInputs());
    }
    json.put("outputs", golden.outputs());
    if (!golden.otherOutputs().isEmpty()) {
      json.put("otherOutputs", golden.otherOutputs());
    }
    json.put("tolerance", golden.tolerance());
    return json;
  }
}
