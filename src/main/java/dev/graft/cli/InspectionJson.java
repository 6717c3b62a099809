package dev.graft.cli;

import dev.graft.model.BackboneLayer;
import dev.graft.model.GradientCheck;
import dev.graft.model.Inspection;
import dev.graft.model.Obstacle;
import dev.graft.model.Preflight;
import dev.graft.savedmodel.SavedSignature;
import dev.graft.tensor.TypeName;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** An inspection as {@code --json} prints it. */
final class InspectionJson {
  private InspectionJson() {}

  static Map<String, Object> of(Inspection inspection, List<GradientCheck.Agreement> gradients) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("model", inspection.folder());
    inspection
        .handoff()
        .ifPresent(
            handoff -> {
              json.put("name", handoff.model().name());
              json.put("source", handoff.model().source());
              json.put("weights", handoff.weights().source());
              json.put("licence", handoff.weights().licence().orElse(null));
              json.put("versions", handoff.versions());
              json.put("labels", handoff.labels().orElse(null));
              json.put("training", handoff.training().orElse(null));
            });
    json.put("handoff", inspection.handoff().isPresent());
    json.put(
        "signatures", inspection.signatures().stream().map(InspectionJson::signature).toList());
    json.put("storedBytes", inspection.stored());
    inspection.usable().ifPresent(usable -> usable(json, usable));
    json.put("unusable", inspection.unusable().orElse(null));
    json.put("warnings", inspection.warnings());
    if (!gradients.isEmpty()) {
      json.put("gradients", gradients.stream().map(InspectionJson::gradient).toList());
    }
    return json;
  }

  private static void usable(Map<String, Object> json, Inspection.Usable usable) {
    var flat = usable.backbone().flat();
    json.put(
        "inputs",
        flat.inputs().stream()
            .map(input -> tensor(input.key(), TypeName.of(input.dtype()), input.shape()))
            .toList());
    json.put(
        "outputs",
        flat.outputs().stream()
            .map(out -> tensor(out.key(), TypeName.of(out.dtype()), out.shape()))
            .toList());
    json.put("preparation", usable.backbone().preparation().map(p -> p.describe()).orElse(null));
    json.put("parameters", usable.backbone().parameters());
    json.put("trainableParameters", usable.trainable());
    json.put("weightBytes", usable.weightBytes());
    usable
        .cost()
        .ifPresent(
            cost -> {
              json.put("multiplications", cost.multiplications());
              json.put("activationBytes", cost.activationBytes());
              json.put("uncountedOps", cost.uncounted());
            });
    json.put("layers", usable.backbone().layers().stream().map(l -> layer(l, usable)).toList());
  }

  private static Map<String, Object> signature(SavedSignature signature) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("name", signature.name());
    json.put("inputs", signature.inputs().stream().map(InspectionJson::tensor).toList());
    json.put("outputs", signature.outputs().stream().map(InspectionJson::tensor).toList());
    return json;
  }

  private static Map<String, Object> tensor(SavedSignature.Tensor tensor) {
    return tensor(tensor.key(), TypeName.of(tensor.dtype()), tensor.shape());
  }

  private static Map<String, Object> tensor(String name, String dtype, List<Long> shape) {
    Map<String, Object> tensor = new LinkedHashMap<>();
    tensor.put("name", name);
    tensor.put("dtype", dtype);
    tensor.put("shape", shape);
    return tensor;
  }

  private static Map<String, Object> layer(BackboneLayer layer, Inspection.Usable usable) {
    Preflight.Verdict verdict = usable.preflight().verdict(layer.name()).orElseThrow();
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("name", layer.name());
    json.put("class", layer.type().orElse(null));
    json.put("outputShape", layer.outputShape().orElse(null));
    json.put("parameters", layer.parameters());
    json.put("trainable", layer.trainable());
    json.put("canTrain", verdict.hasWeights() ? verdict.canTrain() : null);
    verdict.obstacle().ifPresent(obstacle -> json.put("obstacle", obstacle(obstacle)));
    json.put("cutBytes", usable.cutBytes().get(layer.name()));
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

  private static Map<String, Object> gradient(GradientCheck.Agreement agreement) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("variable", agreement.variable());
    json.put("error", agreement.error());
    json.put("right", agreement.isRight());
    return json;
  }
}
