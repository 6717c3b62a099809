package dev.graft.cli;

import dev.graft.model.GradientCheck;
import dev.graft.model.Inspection;
import dev.graft.predict.ModelFolder;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code graft inspect}. */
@Command(
    name = "inspect",
    description =
        "What a model takes and answers, its layers, what it costs, which layers can be unfrozen,"
            + " where it came from, and what to beware of.")
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
    Inspection inspection = Inspection.of(ModelFolder.of(model));
    List<GradientCheck.Agreement> gradients =
        checkGradients && inspection.usable().isPresent()
            ? GradientCheck.of(inspection.usable().get().backbone(), SEED)
            : List.of();
    output
        .console()
        .result(
            InspectionJson.of(inspection, gradients),
            () -> InspectionText.of(inspection, gradients));
    if (inspection.unusable().isPresent()) {
      throw new IllegalArgumentException(inspection.unusable().get());
    }
    return gradients.stream().allMatch(GradientCheck.Agreement::isRight)
        ? ExitCode.DONE.code()
        : ExitCode.GATE_NOT_MET.code();
  }
}
