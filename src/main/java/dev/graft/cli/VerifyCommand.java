package dev.graft.cli;

import dev.graft.predict.ModelFolder;
import dev.graft.predict.Verification;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code graft verify}. */
@Command(
    name = "verify",
    description =
        "Check a model's hashes and recompute its golden samples; exit code 3 if it fails.")
final class VerifyCommand implements Callable<Integer> {
  @Mixin private OutputOptions output;

  @Parameters(paramLabel = "MODEL", description = "A SavedModel folder with a handoff, or a run.")
  private Path model;

  @Override
  public Integer call() throws Exception {
    Path folder = ModelFolder.of(model);
    Verification verification = Verification.of(folder);
    output.console().result(json(folder, verification), () -> text(folder, verification));
    if (!verification.isPassed()) {
      throw new GateNotMetException(folder + ": " + verification.complaint());
    }
    return ExitCode.DONE.code();
  }

  private static Map<String, Object> json(Path folder, Verification verification) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("model", folder);
    json.put("passed", verification.isPassed());
    json.put("missing", verification.files().missing());
    json.put("changed", verification.files().changed());
    json.put("unexpected", verification.files().unexpected());
    json.put("complaints", verification.complaints());
    json.put(
        "comparisons",
        verification.comparisons().stream()
            .map(
                comparison -> {
                  Map<String, Object> entry = new LinkedHashMap<>();
                  entry.put("signature", comparison.signature());
                  entry.put("name", comparison.name());
                  entry.put("samples", comparison.samples());
                  entry.put("maxRelativeDifference", comparison.difference());
                  entry.put("tolerance", comparison.tolerance());
                  entry.put("worstSample", comparison.worst());
                  entry.put("expected", comparison.expected());
                  entry.put("received", comparison.received());
                  entry.put("topAgreement", comparison.agreement());
                  entry.put("passed", comparison.isPassed());
                  return entry;
                })
            .toList());
    return json;
  }

  private static String text(Path folder, Verification verification) {
    StringBuilder text = new StringBuilder();
    Table table =
        new Table(
            "signature", "what", "samples", "largest relative difference", "allowed", "top-1");
    for (Verification.Comparison comparison : verification.comparisons()) {
      table.row(
          comparison.signature().isEmpty() ? "-" : comparison.signature(),
          comparison.name(),
          comparison.samples(),
          "%.2e".formatted(comparison.difference()),
          "%.0e".formatted(comparison.tolerance()),
          Double.isNaN(comparison.agreement())
              ? "-"
              : "%.0f %%".formatted(100 * comparison.agreement()));
    }
    if (!verification.comparisons().isEmpty()) {
      text.append(table).append('\n');
    }
    List<String> extra = verification.files().unexpected();
    if (!extra.isEmpty()) {
      text.append("Files that the handoff does not list: ")
          .append(String.join(", ", extra))
          .append('\n');
    }
    text.append(folder)
        .append(
            verification.isPassed()
                ? ": all hashes match and all golden samples agree."
                : ": FAILED.");
    return text.toString();
  }
}
