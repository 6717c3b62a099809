package dev.graft.cli;

import dev.graft.model.Backbone;
import dev.graft.model.BackboneLayer;
import dev.graft.model.CutSizes;
import dev.graft.model.GradientCheck;
import dev.graft.model.Obstacle;
import dev.graft.model.Preflight;
import dev.graft.predict.ModelFolder;
import dev.graft.savedmodel.FlatInput;
import dev.graft.savedmodel.FlatOutput;
import dev.graft.savedmodel.SavedModel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code graft inspect}. */
@Command(
    name = "inspect",
    description = "Signatures, inputs, outputs and layers of a model, and where it came from.")
final class InspectCommand implements Callable<Integer> {
  private static final long SEED = 1;

  @Mixin private OutputOptions output;

  @Parameters(paramLabel = "MODEL", description = "A SavedModel folder, or a run.")
  private Path model;

  @Option(
      names = "--check-gradients",
      description =
          "Compare the gradient of every variable that can train with finite differences, in a few"
              + " random directions.")
  private boolean checkGradients;

  @Override
  public Integer call() throws Exception {
    Path folder = ModelFolder.of(model);
    Backbone backbone = Backbone.load(folder);
    Facts facts =
        new Facts(
            backbone,
            List.copyOf(SavedModel.read(folder).signatures()),
            Preflight.of(backbone),
            CutSizes.of(backbone),
            checkGradients ? GradientCheck.of(backbone, SEED) : List.of());
    output.console().result(json(facts), () -> text(facts));
    return facts.gradients().stream().allMatch(GradientCheck.Agreement::isRight)
        ? ExitCode.DONE.code()
        : ExitCode.GATE_NOT_MET.code();
  }

  /** What is known of a model. */
  private record Facts(
      Backbone backbone,
      List<String> signatures,
      Preflight preflight,
      Map<String, Long> cuts,
      List<GradientCheck.Agreement> gradients) {}

  private static Map<String, Object> json(Facts facts) {
    Backbone backbone = facts.backbone();
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
    json.put("signatures", facts.signatures());
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
    json.put("layers", backbone.layers().stream().map(layer -> layer(layer, facts)).toList());
    if (!facts.gradients().isEmpty()) {
      json.put("gradients", facts.gradients().stream().map(InspectCommand::gradient).toList());
    }
    return json;
  }

  private static Map<String, Object> tensor(String name, String dtype, List<Long> shape) {
    Map<String, Object> tensor = new LinkedHashMap<>();
    tensor.put("name", name);
    tensor.put("dtype", dtype(dtype));
    tensor.put("shape", shape);
    return tensor;
  }

  private static Map<String, Object> gradient(GradientCheck.Agreement agreement) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("variable", agreement.variable());
    json.put("error", agreement.error());
    json.put("right", agreement.isRight());
    return json;
  }

  private static Map<String, Object> layer(BackboneLayer layer, Facts facts) {
    Preflight.Verdict verdict = facts.preflight().verdict(layer.name()).orElseThrow();
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("name", layer.name());
    json.put("class", layer.type().orElse(null));
    json.put("outputShape", layer.outputShape().orElse(null));
    json.put("parameters", layer.parameters());
    json.put("trainable", layer.trainable());
    json.put("canTrain", verdict.hasWeights() ? verdict.canTrain() : null);
    verdict.obstacle().ifPresent(obstacle -> json.put("obstacle", obstacle(obstacle)));
    json.put("cutBytes", facts.cuts().get(layer.name()));
    return json;
  }

  private static Map<String, Object> obstacle(Obstacle obstacle) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("layer", obstacle.layer());
    json.put("node", obstacle.node());
    json.put("op", obstacle.op());
    json.put("reason", obstacle.reason());
    json.put("remedy", obstacle.remedy());
    return json;
  }

  private static String text(Facts facts) {
    Backbone backbone = facts.backbone();
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
    text.append("signatures: ").append(String.join(", ", facts.signatures())).append('\n');
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
    text.append(layers(facts));
    Set<String> obstacles = new LinkedHashSet<>();
    facts
        .preflight()
        .verdicts()
        .forEach(verdict -> verdict.obstacle().map(Obstacle::describe).ifPresent(obstacles::add));
    obstacles.forEach(obstacle -> text.append("\ncan't train through ").append(obstacle));
    if (!facts.gradients().isEmpty()) {
      text.append("\n\n").append(gradients(facts.gradients()));
    }
    return text.toString();
  }

  private static Table layers(Facts facts) {
    Table table =
        new Table("layer", "class", "output", "parameters", "trainable", "can train", "cut");
    for (BackboneLayer layer : facts.backbone().layers()) {
      table.row(
          layer.name(),
          layer.type().orElse("-"),
          layer.outputShape().map(InspectCommand::shape).orElse("-"),
          "%,d".formatted(layer.parameters()),
          layer.trainable() ? "yes" : "no",
          canTrain(facts.preflight().verdict(layer.name()).orElseThrow()),
          Optional.ofNullable(facts.cuts().get(layer.name())).map(InspectCommand::size).orElse(""));
    }
    return table;
  }

  private static String canTrain(Preflight.Verdict verdict) {
    if (!verdict.hasWeights()) {
      return "-";
    }
    return verdict
        .obstacle()
        .map(
            obstacle ->
                "no: "
                    + obstacle.op()
                    + (obstacle.layer().isEmpty() ? "" : " in " + obstacle.layer()))
        .orElse("yes");
  }

  /** What is stored of an image when training starts at a layer. */
  private static String size(long bytes) {
    return bytes < 10_000 ? bytes + " B" : "%,d KB".formatted(Math.round(bytes / 1000.0));
  }

  private static Table gradients(List<GradientCheck.Agreement> agreements) {
    Table table = new Table("gradient", "error", "right");
    for (GradientCheck.Agreement agreement : agreements) {
      table.row(
          agreement.variable(),
          "%.1e".formatted(agreement.error()),
          agreement.isRight() ? "yes" : "no");
    }
    return table;
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
