package dev.graft.cli;

import dev.graft.model.Backbone;
import dev.graft.model.BackboneLayer;
import dev.graft.predict.ModelFolder;
import dev.graft.savedmodel.FlatInput;
import dev.graft.savedmodel.FlatOutput;
import dev.graft.savedmodel.SavedModel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code graft inspect}. */
@Command(
    name = "inspect",
    description = "Signatures, inputs, outputs and layers of a model, and where it came from.")
final class InspectCommand implements Callable<Integer> {
  @Mixin private OutputOptions output;

  @Parameters(paramLabel = "MODEL", description = "A SavedModel folder, or a run.")
  private Path model;

  @Override
  public Integer call() throws Exception {
    Path folder = ModelFolder.of(model);
    Backbone backbone = Backbone.load(folder);
    List<String> signatures = List.copyOf(SavedModel.read(folder).signatures());
    output.console().result(json(backbone, signatures), () -> text(backbone, signatures));
    return ExitCode.DONE.code();
  }

  private static Map<String, Object> json(Backbone backbone, List<String> signatures) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("model", backbone.source());
    backbone
        .handoff()
        .ifPresent(
            handoff -> {
              json.put("name", handoff.model().name());
              json.put("source", handoff.model().source());
              json.put("weights", handoff.weights().source());
              json.put("licence", handoff.weights().licence().orElse(null));
              json.put("versions", handoff.versions());
              json.put("labels", handoff.labels().orElse(null));
            });
    json.put("handoff", backbone.handoff().isPresent());
    json.put("signatures", signatures);
    List<Map<String, Object>> inputs = new ArrayList<>();
    for (FlatInput input : backbone.flat().inputs()) {
      inputs.add(tensor(input.key(), input.dtype().name(), input.shape()));
    }
    json.put("inputs", inputs);
    List<Map<String, Object>> outputs = new ArrayList<>();
    for (FlatOutput out : backbone.flat().outputs()) {
      outputs.add(tensor(out.key(), out.dtype().name(), out.shape()));
    }
    json.put("outputs", outputs);
    json.put("preparation", backbone.preparation().map(known -> known.describe()).orElse(null));
    json.put("parameters", backbone.parameters());
    json.put("layers", backbone.layers().stream().map(InspectCommand::layer).toList());
    return json;
  }

  private static Map<String, Object> tensor(String name, String dtype, List<Long> shape) {
    Map<String, Object> tensor = new LinkedHashMap<>();
    tensor.put("name", name);
    tensor.put("dtype", dtype(dtype));
    tensor.put("shape", shape);
    return tensor;
  }

  private static Map<String, Object> layer(BackboneLayer layer) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("name", layer.name());
    json.put("class", layer.type().orElse(null));
    json.put("outputShape", layer.outputShape().orElse(null));
    json.put("parameters", layer.parameters());
    json.put("trainable", layer.trainable());
    return json;
  }

  private static String text(Backbone backbone, List<String> signatures) {
    StringBuilder text = new StringBuilder();
    backbone
        .handoff()
        .ifPresentOrElse(
            handoff ->
                text.append(
                    "%s (%s, weights: %s%s)%n"
                        .formatted(
                            handoff.model().name(),
                            handoff.model().source(),
                            handoff.weights().source(),
                            handoff.weights().licence().map(licence -> ", " + licence).orElse(""))),
            () ->
                text.append(backbone.source())
                    .append(" (no handoff: layers are named after the variables)\n"));
    text.append("signatures: ").append(String.join(", ", signatures)).append('\n');
    for (FlatInput input : backbone.flat().inputs()) {
      text.append(
          "input  %s: %s %s%n"
              .formatted(input.key(), dtype(input.dtype().name()), shape(input.shape())));
    }
    for (FlatOutput out : backbone.flat().outputs()) {
      text.append(
          "output %s: %s %s%n".formatted(out.key(), dtype(out.dtype().name()), shape(out.shape())));
    }
    backbone
        .preparation()
        .ifPresent(
            preparation ->
                text.append("preparation: ").append(preparation.describe()).append('\n'));
    text.append("%,d parameters%n%n".formatted(backbone.parameters()));
    Table table = new Table("layer", "class", "output", "parameters", "trainable");
    for (BackboneLayer layer : backbone.layers()) {
      table.row(
          layer.name(),
          layer.type().orElse("-"),
          layer.outputShape().map(InspectCommand::shape).orElse("-"),
          "%,d".formatted(layer.parameters()),
          layer.trainable() ? "yes" : "no");
    }
    return text.append(table).toString();
  }

  private static String dtype(String name) {
    return switch (name) {
      case "DT_FLOAT" -> "float32";
      case "DT_DOUBLE" -> "float64";
      case "DT_HALF" -> "float16";
      default -> name.replace("DT_", "").toLowerCase(java.util.Locale.ROOT);
    };
  }

  private static String shape(List<Long> shape) {
    return shape == null
        ? "of unknown shape"
        : shape.stream()
            .map(size -> size < 0 ? "?" : String.valueOf(size))
            .collect(Collectors.joining(", ", "[", "]"));
  }
}
