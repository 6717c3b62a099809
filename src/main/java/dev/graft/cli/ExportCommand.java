package dev.graft.cli;

import dev.graft.export.ModelCopy;
import dev.graft.export.WeightForm;
import dev.graft.handoff.Handoff;
import dev.graft.handoff.Signature;
import dev.graft.handoff.TensorInfo;
import dev.graft.predict.Verification;
import dev.graft.tensor.Precision;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** {@code graft export}. */
@Command(
    name = "export",
    description =
        "Write a run's model for others: a SavedModel that Python, TensorFlow Serving and Java load.")
final class ExportCommand implements Callable<Integer> {
  @Mixin private OutputOptions output;

  @Spec private CommandSpec spec;

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

  @Option(
      names = "--precision",
      converter = PrecisionConverter.class,
      paramLabel = "NUMBERS",
      description =
          "What the backbone is computed in, wherever the model runs: float32, or bfloat16 (faster on"
              + " processors that have it, half the size, less exact: how much is said). bfloat16 goes"
              + " with constants (default: float32).")
  private Precision precision = Precision.FLOAT32;

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

  private static final class PrecisionConverter implements ITypeConverter<Precision> {
    @Override
    public Precision convert(String text) {
      if (text.equals("auto")) {
        throw new TypeConversionException(
            "The precision of an export is float32 or bfloat16: auto depends on the processor, and an"
                + " export runs on any.");
      }
      try {
        return Precision.named(text);
      } catch (IllegalArgumentException e) {
        throw new TypeConversionException(e.getMessage());
      }
    }
  }

  @Override
  public Integer call() throws Exception {
    WeightForm held = weights();
    ModelCopy copy = ModelCopy.of(run);
    Console console = output.console();
    Verification verification = copy.write(out, held, overwrite);
    Handoff handoff = Handoff.read(out).orElseThrow();
    String weights = held == WeightForm.VARIABLES ? "variables" : "constants";
    console.result(
        json(handoff, weights, verification), () -> text(handoff, weights, verification));
    return ExitCode.DONE.code();
  }

  private WeightForm weights() {
    if (precision == Precision.FLOAT32) {
      return form != null && form.constants ? WeightForm.CONSTANTS : WeightForm.VARIABLES;
    }
    if (form != null && form.variables) {
      throw new ParameterException(
          spec.commandLine(),
          "A model in bfloat16 can't be trained further, so it has no variables: leave --variables"
              + " out, or give --precision float32.");
    }
    return WeightForm.BFLOAT16;
  }

  private Map<String, Object> json(Handoff handoff, String weights, Verification verification) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("model", out);
    json.put("weights", weights);
    json.put("precision", precision.word());
    handoff
        .precision()
        .ifPresent(
            effect -> {
              json.put("samples", effect.samples());
              json.put("agreeing", effect.agreeing());
              json.put("differencesFromFloat32", effect.differences());
            });
    json.put("signatures", handoff.allSignatures());
    json.put("files", handoff.files());
    json.put("maxRelativeDifference", largest(verification));
    return json;
  }

  private String text(Handoff handoff, String weights, Verification verification) {
    Table table = new Table("signature", "takes", "answers");
    for (Signature signature : handoff.allSignatures()) {
      table.row(signature.name(), named(signature.inputs()), named(signature.outputs()));
    }
    return "%s%n%s: %d files, weights as %s; golden samples agree to %.1e in every signature.%s"
        .formatted(
            table,
            out,
            handoff.files().size() + 1,
            weights,
            largest(verification),
            handoff.precision().map(effect -> "%n%s".formatted(effect.describe())).orElse(""));
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
