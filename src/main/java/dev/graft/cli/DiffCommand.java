package dev.graft.cli;

import dev.graft.predict.ModelDiff;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code graft diff}. */
@Command(
    name = "diff",
    description = {
      "Which variables differ between two models, and by how much.",
      "Exit code 3 where something differs that should not: a frozen variable if one of the models"
          + " says what was trained, as those of graft train do, otherwise any variable."
    })
final class DiffCommand implements Callable<Integer> {
  private static final int NAMED = 3;

  @Mixin private OutputOptions output;

  @Parameters(index = "0", paramLabel = "A", description = "A SavedModel folder, or a run.")
  private Path first;

  @Parameters(index = "1", paramLabel = "B", description = "Another, such as what was made of A.")
  private Path second;

  @Override
  public Integer call() throws Exception {
    Console console = output.console();
    ModelDiff diff = compare(console);
    console.result(json(diff), () -> text(diff));
    if (!diff.isAsExpected()) {
      throw new GateNotMetException(complaint(diff));
    }
    return ExitCode.DONE.code();
  }

  private ModelDiff compare(Console console) throws IOException {
    Progress[] progress = {Progress.SILENT};
    try {
      return ModelDiff.of(
          first,
          second,
          (task, done, total) -> {
            if (done == 1) {
              progress[0] = console.progress(task, total, "variables");
            }
            progress[0].step(1);
          });
    } finally {
      progress[0].close();
    }
  }

  private String complaint(ModelDiff diff) {
    List<String> names = diff.unexpected();
    String named = String.join(", ", names.subList(0, Math.min(NAMED, names.size())));
    String more = names.size() > NAMED ? " and %d more".formatted(names.size() - NAMED) : "";
    return "%s and %s differ in %s%s, expected %s."
        .formatted(
            first,
            second,
            named,
            more,
            diff.training() ? "every frozen variable identical" : "the same variables");
  }

  private Map<String, Object> json(ModelDiff diff) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("first", first);
    json.put("second", second);
    json.put("asExpected", diff.isAsExpected());
    json.put("statement", statement(diff));
    json.put("trainingKnown", diff.training());
    json.put("shared", diff.shared().stream().map(one -> json(diff, one)).toList());
    json.put("onlyInFirst", diff.onlyInFirst().stream().map(ModelDiff.Own::name).toList());
    json.put("onlyInSecond", diff.onlyInSecond().stream().map(ModelDiff.Own::name).toList());
    return json;
  }

  private static Map<String, Object> json(ModelDiff diff, ModelDiff.Shared one) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("name", one.name());
    json.put("otherName", one.otherName());
    json.put("shape", one.shape());
    json.put("otherShape", one.otherShape());
    json.put("frozen", diff.training() ? one.frozen() : null);
    json.put("identical", one.identical());
    json.put("largestDifference", one.largest());
    json.put("relativeDifference", one.relative());
    return json;
  }

  private String statement(ModelDiff diff) {
    return diff.statement(first.toString(), second.toString());
  }

  private String text(ModelDiff diff) {
    Table table = new Table("variable", "shape", "largest difference", "of its norm", "was");
    for (ModelDiff.Shared one : diff.shared()) {
      if (!one.identical()) {
        table.row(
            name(one),
            shape(one),
            figure(one.largest()),
            figure(one.relative()),
            was(diff, one.frozen()));
      }
    }
    own(table, diff, diff.onlyInFirst(), first);
    own(table, diff, diff.onlyInSecond(), second);
    return (table.isEmpty() ? "" : table + System.lineSeparator()) + statement(diff);
  }

  private static void own(Table table, ModelDiff diff, List<ModelDiff.Own> own, Path where) {
    own.forEach(
        one -> table.row(one.name(), one.shape(), "only in " + where, "", was(diff, one.frozen())));
  }

  private static String was(ModelDiff diff, boolean frozen) {
    return diff.training() ? frozen ? "frozen" : "trained" : "";
  }

  private static String name(ModelDiff.Shared one) {
    return one.name().equals(one.otherName()) ? one.name() : one.name() + " = " + one.otherName();
  }

  private static String shape(ModelDiff.Shared one) {
    return one.shape().equals(one.otherShape())
        ? one.shape().toString()
        : one.shape() + " and " + one.otherShape();
  }

  private static String figure(double value) {
    return Double.isFinite(value) ? "%.2e".formatted(value) : "-";
  }
}
