package dev.graft.cli;

import dev.graft.export.ModelCopy;
import dev.graft.export.WeightForm;
import dev.graft.handoff.Handoff;
import dev.graft.handoff.Signature;
import dev.graft.handoff.TensorInfo;
import dev.graft.predict.Verification;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code graft export}. */
@Command(
    name = "export",
    description =
        "Write a run's model for others: a SavedModel that Python, TensorFlow Serving and Java load.")
final class ExportCommand implements Callable<Integer> {
  @Mixin private OutputOptions output;

  @Parameters(paramLabel = "RUN", description = "A run, or its model folder.")
  private Path run;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "DIR",
      description =
          "Where the model goes; for TensorFlow Serving a number in a folder, such as"
              + " models/digits/1.")
  private Path out;

  @ArgGroup private Form form;

  @Option(names = "--overwrite", description = "Replace a model that is there.")
  private boolean overwrite;

  /** How the weights are held. */
  private static final class Form {
    @Option(
        names = "--variables",
        description = "Weights as variables, which can be trained further (default).")
    private boolean variables;

    @Option(
        names = "--constants",
        description = "Weights as constants in the graph, as converters like it.")
    private boolean constants;
  }

  @Override
  public Integer call() throws Exception {
    ModelCopy copy = ModelCopy.of(run);
    Console console = output.console();
    boolean constants = form != null && form.constants;
    Verification verification =
        copy.write(out, constants ? WeightForm.CONSTANTS : WeightForm.VARIABLES, overwrite);
    Handoff handoff = Handoff.read(out).orElseThrow();
    console.result(
        json(handoff, constants, verification), () -> text(handoff, constants, verification));
    return ExitCode.DONE.code();
  }

  private Map<String, Object> json(Handoff handoff, boolean constants, Verification verification) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("model", out);
    json.put("weights", constants ? "constants" : "variables");
    json.put("signatures", handoff.allSignatures());
    json.put("files", handoff.files());
    json.put("maxRelativeDifference", largest(verification));
    return json;
  }

  private String text(Handoff handoff, boolean constants, Verification verification) {
    Table table = new Table("signature", "takes", "answers");
    for (Signature signature : handoff.allSignatures()) {
      table.row(signature.name(), named(signature.inputs()), named(signature.outputs()));
    }
    return "%s%n%s: %d files, weights as %s; golden samples agree to %.1e in every signature."
        .formatted(
            table,
            out,
            handoff.files().size() + 1,
            constants ? "constants" : "variables",
            largest(verification));
  }

  private static String named(List<TensorInfo> tensors) {
    return tensors.stream()
        .map(tensor -> tensor.key() + " " + tensor.dtype() + tensor.shape())
        .collect(Collectors.joining(", "));
  }

  private static double largest(Verification verification) {
    return verification.comparisons().stream()
        .mapToDouble(Verification.Comparison::difference)
        .max()
        .orElse(0);
  }
}
