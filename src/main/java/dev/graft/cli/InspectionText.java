package dev.graft.cli;

import dev.graft.data.ByteCount;
import dev.graft.handoff.Handoff;
import dev.graft.model.BackboneLayer;
import dev.graft.model.Cost;
import dev.graft.model.GradientCheck;
import dev.graft.model.Inspection;
import dev.graft.model.Obstacle;
import dev.graft.model.Preflight;
import dev.graft.savedmodel.SavedSignature;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** An inspection as people read it. */
final class InspectionText {
  private final Inspection inspection;
  private final StringBuilder text = new StringBuilder();

  private InspectionText(Inspection inspection) {
    this.inspection = inspection;
  }

  static String of(Inspection inspection, List<GradientCheck.Agreement> gradients) {
    InspectionText text = new InspectionText(inspection);
    text.origin();
    text.signatures();
    inspection.usable().ifPresent(text::usable);
    if (!gradients.isEmpty()) {
      text.line("").text.append(gradients(gradients));
    }
    text.warnings();
    return text.text.toString();
  }

  private InspectionText line(String format, Object... values) {
    text.append(values.length == 0 ? format : format.formatted(values)).append('\n');
    return this;
  }

  /** What it is, where its weights came from, and what made it. */
  private void origin() {
    Optional<Handoff> handoff = inspection.handoff();
    if (handoff.isEmpty()) {
      line("%s (no handoff: layers are named after the variables)", inspection.folder());
      return;
    }
    Handoff known = handoff.get();
    String licence = known.weights().licence().map(name -> ", " + name).orElse("");
    line(
        "%s (%s, weights: %s%s)",
        known.model().name(), known.model().source(), known.weights().source(), licence);
    line(
        "made with: %s",
        known.versions().entrySet().stream()
            .map(version -> version.getKey() + " " + version.getValue())
            .collect(Collectors.joining(", ")));
    known.training().ifPresent(this::training);
    known.labels().ifPresent(labels -> line("%d labels: %s", labels.size(), shortened(labels)));
  }

  /** What one line has room for; the rest is in {@code --json} and in the run. */
  private void training(Map<String, Object> training) {
    String facts =
        training.entrySet().stream()
            .filter(entry -> !(entry.getValue() instanceof List || entry.getValue() instanceof Map))
            .map(entry -> entry.getKey() + " " + entry.getValue())
            .collect(Collectors.joining("; "));
    line("trained:   %s", facts);
  }

  private static String shortened(List<String> names) {
    int shown = Math.min(8, names.size());
    return String.join(", ", names.subList(0, shown)) + (shown < names.size() ? ", …" : "");
  }

  private void signatures() {
    String used =
        inspection.handoff().map(known -> known.signature().name()).orElse("serving_default");
    for (SavedSignature signature : inspection.signatures()) {
      boolean isUsed = signature.name().equals(used) || inspection.signatures().size() == 1;
      line("");
      line("signature %s%s", signature.name(), isUsed ? " (which Graft uses)" : "");
      signature.inputs().forEach(tensor -> line("  takes   %s", TensorText.input(tensor)));
      signature.outputs().forEach(tensor -> line("  answers %s", output(tensor)));
    }
    line("");
  }

  private String output(SavedSignature.Tensor tensor) {
    return TensorText.output(
        tensor, inspection.handoff().flatMap(Handoff::labels).map(List::size).orElse(0));
  }

  private void usable(Inspection.Usable usable) {
    usable
        .backbone()
        .preparation()
        .ifPresent(preparation -> line("preparation: %s", preparation.describe()));
    line(
        "parameters:  %,d, of which %,d can train if their layers can; %s of weights, %s on disk",
        usable.backbone().parameters(),
        usable.trainable(),
        ByteCount.of(usable.weightBytes()),
        ByteCount.of(inspection.stored()));
    usable.cost().ifPresent(this::cost);
    line("").text.append(layers(usable));
    Set<String> obstacles = new LinkedHashSet<>();
    usable
        .preflight()
        .verdicts()
        .forEach(verdict -> verdict.obstacle().map(Obstacle::describe).ifPresent(obstacles::add));
    obstacles.forEach(obstacle -> line("").line("can't train through %s", obstacle));
  }

  private void cost(Cost cost) {
    String uncounted =
        cost.uncounted().isEmpty()
            ? ""
            : " (without " + String.join(", ", cost.uncounted()) + ", which can't be counted)";
    line(
        "an example:  %s multiply-adds (%s FLOPs)%s, about %s of memory beside the weights",
        count(cost.multiplications()),
        count(2 * cost.multiplications()),
        uncounted,
        ByteCount.of(cost.activationBytes()));
  }

  private static Table layers(Inspection.Usable usable) {
    Table table =
        new Table("layer", "class", "output", "parameters", "trainable", "can train", "cut");
    for (BackboneLayer layer : usable.backbone().layers()) {
      table.row(
          layer.name(),
          layer.type().orElse("-"),
          layer.outputShape().map(TensorText::shape).orElse("-"),
          "%,d".formatted(layer.parameters()),
          layer.trainable() ? "yes" : "no",
          canTrain(usable.preflight().verdict(layer.name()).orElseThrow()),
          Optional.ofNullable(usable.cutBytes().get(layer.name()))
              .map(InspectionText::cut)
              .orElse(""));
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
  private static String cut(long bytes) {
    return bytes < 10_000 ? bytes + " B" : "%,d KB".formatted(Math.round(bytes / 1000.0));
  }

  private static String count(long number) {
    return number < 1_000_000
        ? "%,d".formatted(number)
        : number < 1_000_000_000
            ? "%.1f million".formatted(number / 1e6)
            : "%.2f billion".formatted(number / 1e9);
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

  private void warnings() {
    if (!inspection.warnings().isEmpty()) {
      line("").line("beware:");
      inspection.warnings().forEach(warning -> line("- %s", warning));
    }
  }
}
