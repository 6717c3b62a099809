package dev.graft.parity;

import dev.graft.parity.HistoryFigures.Apart;
import dev.graft.parity.HistoryFigures.OfPhase;
import dev.graft.parity.HistoryFigures.Step;
import dev.graft.tensor.Arithmetic;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.tensorflow.TensorFlow;

/** Writes {@code docs/history-parity.md}. */
final class HistoryReport {
  private static final String BEGIN =
      """
      # History parity with Keras

      Written by the command below; do not edit. Keras's `fit` (`jit_compile=False`, the backbone in inference mode) and Graft train the
      [recipes](recipes/README.md) on the same few digits, from the same first weights of the head, handed over as a file, in the same order of
      images, handed over as a file too, without dropout and augmentation. Graft goes its whole way: image files, features from its store, training.

      ```bash
      mvn -B verify -Dgroups=long -Dtest=none -Dsurefire.failIfNoSpecifiedTests=false -Dit.test=HistoryIT -Dtest.heap=3g
      ```

      `-Dhistory.recipes=5-resnet50,3-vgg16` runs some of the recipes; what it measures goes to `target/history-parity`, and this page is written of all that
      lies there. `4-vgg16` is part of every `mvn -B verify`. VGG16 and ResNet50 have seeded random weights under which their outputs
      are alive (`graft_export.lively`), EfficientNet-Lite0 has its ImageNet weights.
      """;

  private final StringBuilder text = new StringBuilder();

  private HistoryReport() {}

  /** The report as Markdown. */
  static String of(List<HistoryFigures> figures, List<String> missing) {
    HistoryReport report = new HistoryReport();
    report.text.append(BEGIN);
    report.missing(missing);
    report.versions(figures.get(0).recipe().versions());
    report.violations(figures);
    report.illConditioned(figures);
    report.heads(figures);
    report.spreads(figures);
    report.filtered(figures);
    report.steps(figures);
    report.epochs(figures);
    report.causes();
    return report.text.toString();
  }

  private void missing(List<String> names) {
    if (!names.isEmpty()) {
      text.append("%n**Not measured:** `%s`.%n".formatted(String.join("`, `", names)));
    }
  }

  private void versions(Map<String, String> python) {
    text.append(
        "%nJava %d, TensorFlow %s, %s %s; Python %s, TensorFlow %s, Keras %s.%n"
            .formatted(
                Runtime.version().feature(),
                TensorFlow.version(),
                System.getProperty("os.name"),
                System.getProperty("os.arch"),
                python.get("python"),
                python.get("tensorflow"),
                python.get("keras")));
  }

  private void violations(List<HistoryFigures> figures) {
    text.append("\n## Beyond the limits\n\n");
    int before = text.length();
    for (HistoryFigures one : figures) {
      HistoryViolations.of(one)
          .forEach(what -> text.append("- `%s`: %s%n".formatted(one.recipe().name(), what)));
    }
    if (text.length() == before) {
      text.append("Nothing besides the steps of the next section.\n");
    }
  }

  private void illConditioned(List<HistoryFigures> figures) {
    text.append(
        """

        ## Steps in which Keras is as far from itself

        Single steps beyond the limit for weights, in which Keras is beyond it too, at each of the same weights, when it makes that very step again,
        op by op, with each number of its images times 1 + 1e-7 × a normal random number (three draws, in the same run). The limit stands; with features of
        the trunk as Keras built it, Graft has to keep it in every step. The causes are below, under Kinks and The folded trunk.

        """);
    int before = text.length();
    rows(figures)
        .forEach(
            row ->
                row.phase().steps().stream()
                    .filter(Step::illConditioned)
                    .forEach(step -> text.append(illConditioned(row, step))));
    if (text.length() == before) {
      text.append("None.\n");
    }
  }

  private static String illConditioned(Row row, Step step) {
    return "- `%s`: %s, step %d: %d of %d weights, the worst in `%s`: Graft %.3f, Keras from itself %.3f%n"
        .formatted(
            row.figures().recipe().name(),
            row.phase().keras().name(),
            step.step(),
            step.beyond(),
            step.weights(),
            step.variable(),
            step.worst(),
            step.keras());
  }

  /** A phase with its recipe. */
  private record Row(HistoryFigures figures, OfPhase phase) {
    boolean bySpread() {
      return phase.keras().tunes() || figures.recipe().unsteady();
    }

    String name() {
      HistoryRecipe.Manifest recipe = figures.recipe();
      return "`%s` | %s at %d×%d, `%s`%s | `%s`"
          .formatted(
              recipe.name(),
              recipe.backbone(),
              recipe.size().get(0),
              recipe.size().get(1),
              recipe.head(),
              phase.keras().tunes()
                  ? ", unfrozen `" + String.join(", ", phase.keras().unfrozen()) + "`"
                  : "",
              phase.keras().optimizer());
    }

    double worstLoss() {
      return Math.max(phase.loss().relative(), phase.validationLoss().relative());
    }

    double worstSpreads() {
      return Math.max(
          HistoryViolations.spreads(phase.loss()),
          HistoryViolations.spreads(phase.validationLoss()));
    }
  }

  private static Stream<Row> rows(List<HistoryFigures> figures) {
    return figures.stream().flatMap(one -> one.phases().stream().map(phase -> new Row(one, phase)));
  }

  private void heads(List<HistoryFigures> figures) {
    text.append(
        """

        ## Head only

        Ten epochs, worst first. Training and validation loss: the largest difference of an epoch over Keras's value, allowed are 1e-4. Right answers: the
        largest difference of an epoch in images, allowed is 1. The training loss of Keras has to fall by at least 30 %.

        | recipe | what | optimizer | training loss | validation loss | right in training | in validation | the loss falls by |
        |---|---|---|---|---|---|---|---|
        """);
    rows(figures)
        .filter(row -> !row.bySpread())
        .sorted(Comparator.comparingDouble(Row::worstLoss).reversed())
        .forEach(
            row ->
                line(
                    row.name(),
                    small(row.phase().loss().relative()),
                    small(row.phase().validationLoss().relative()),
                    images(row.phase().right()),
                    images(row.phase().validationRight()),
                    percent(row.phase().fall())));
  }

  private void spreads(List<HistoryFigures> figures) {
    text.append(
        """

        ## Fine-tuning, and a head that magnifies rounding

        Keras is run again with each number of its prepared images times 1 + 1e-6 × a normal random number, twice. Its spread is the largest difference of
        an epoch between these runs and the first. Graft's largest difference of an epoch stands beside it; allowed are three spreads, of right answers at
        least one image. Phases go on from each side's own weights of the phase before.

        | recipe | what | optimizer | training loss: Graft / spread | validation loss | right in training | in validation | the loss falls by |
        |---|---|---|---|---|---|---|---|
        """);
    rows(figures)
        .filter(Row::bySpread)
        .sorted(Comparator.comparingDouble(Row::worstSpreads).reversed())
        .forEach(row -> besideSpread(row, percent(row.phase().fall())));
  }

  private void filtered(List<HistoryFigures> figures) {
    text.append(
        """

        ## With `--precision winograd`

        The heads once more, on features whose large 3×3 convolutions are computed by Winograd's minimal filtering, beside Keras's spread as above; allowed
        are 1e-4 of Keras's value as without it, or three spreads. EfficientNet-Lite0 has no such convolutions.

        | recipe | what | optimizer | training loss: Graft / spread | validation loss | right in training | in validation | larger loss, relative |
        |---|---|---|---|---|---|---|---|
        """);
    figures.stream()
        .map(one -> new Row(one, one.filtered()))
        .filter(row -> !row.figures().recipe().backbone().startsWith("efficientnet"))
        .sorted(Comparator.comparingDouble(Row::worstLoss).reversed())
        .forEach(row -> besideSpread(row, small(row.worstLoss())));
  }

  private void besideSpread(Row row, String last) {
    line(
        row.name(),
        beside(row.phase().loss()),
        beside(row.phase().validationLoss()),
        counts(row.phase().right()),
        counts(row.phase().validationRight()),
        last);
  }

  private void steps(List<HistoryFigures> figures) {
    text.append(
        """

        ## Single steps of fine-tuning

        From Keras's own weights and slots, before that step of the phase, one step of Graft on the same images. Loss: difference from Keras's loss,
        allowed are 1e-5. Weights: the worst weight's difference in parts of what is allowed, which is the larger of 1e-5 of the weight and a hundredth of the learning
        rate; allowed is 1. "Near zero" counts weights beyond it whose gradient is near zero, see below, and says how far the worst is out; they are left out of
        "weights". Keras: how far Keras is from itself at that weight, and at the worst of all, with each number of its images times 1 + 1e-7 × a normal random number,
        three draws. Trunk: Graft's, which is folded, or, for the single step alone, the trunk as Keras built it. Of change: norm of the difference of all weights, none left out / norm of the step.

        | recipe | step | trunk | loss | weights | worst in | Keras there | Keras, worst | near zero | of change |
        |---|---|---|---|---|---|---|---|---|---|
        """);
    rows(figures)
        .flatMap(
            row ->
                row.phase().steps().stream()
                    .map(step -> Map.entry(row.figures().recipe().name(), step)))
        .sorted(
            Comparator.<Map.Entry<String, Step>>comparingDouble(one -> one.getValue().worst())
                .reversed())
        .forEach(one -> step(one.getKey(), one.getValue()));
  }

  private void step(String recipe, Step step) {
    line(
        "`" + recipe + "`",
        String.valueOf(step.step()),
        step.trunk() == Arithmetic.FUSED ? "Graft's" : "as built",
        small(step.loss()),
        small(step.worst()),
        "`" + step.variable() + "`",
        small(step.keras()),
        small(step.kerasWorst()),
        nearZero(step),
        small(step.ofChange()));
  }

  private void epochs(List<HistoryFigures> figures) {
    text.append(
        "\n## First and last epochs\n\nLosses of Keras and of Graft, training and validation.\n\n");
    text.append(
        "| recipe | phase | epoch | Keras | Graft | Keras, validation | Graft, validation |\n");
    text.append("|---|---|---|---|---|---|---|\n");
    rows(figures)
        .forEach(
            row -> {
              int last = row.phase().epochs().size() - 1;
              for (int epoch : new int[] {0, last}) {
                line(
                    "`" + row.figures().recipe().name() + "`",
                    row.phase().keras().name(),
                    String.valueOf(epoch + 1),
                    digits(row.phase().keras().history().get(epoch).loss()),
                    digits(row.phase().epochs().get(epoch).loss()),
                    digits(row.phase().keras().history().get(epoch).validationLoss()),
                    digits(row.phase().epochs().get(epoch).validationLoss()));
              }
            });
  }

  private void causes() {
    text.append(CAUSES);
  }

  private static final String CAUSES =
      """

      ## Where differences come from

      - **Weights near zero.** Adam and RMSprop divide a gradient by its own size; their first steps are nearly as long for a gradient of 1e-7 as for one of 1. Where a
        gradient is smaller than what two right gradients may differ by, rounding decides the step. The limit for one weight is that of [parity.md](parity.md#where-differences-come-from):
        (1e-4 × norm of the variable's gradient + 1e-6 × norm of all gradients) / √(weights of the variable). SGD has no such weights.
      - **Kinks.** A unit of a ReLU whose input is within rounding of zero is on in one program and off in another, and its share of the gradient is there or not. Where Keras is moved by 1e-7
        such a unit switches in some draws and not in others, and the step jumps between the same few values: in `5-resnet50` at step 50 the worst weight is then 1.119 parts off
        (gradient -5.0e-6, which the unit changes by 1.1e-5, against a root mean square of 1.4e-4 in its kernel), with 1e-7, with 1e-6 and with 3e-6 alike, and Graft is 1.118 off; at step 100 it is 1.229 in both (gradient
        -6.4e-7, changed by 1.4e-5). An error of rounding would grow with what moves it; a switch does not.
      - **The folded trunk.** Features of Graft's trunk are a few millionths off Keras's where BatchNorm is folded (EfficientNet-Lite0, ResNet50), and the same to the last bits where there is none (VGG16).
        That moves Adam's first step, rate × gradient / (|gradient| + 1e-7), where a gradient is near 1e-7: in `5-efficientnet-lite0` at step 0 Graft is 1.65 parts off in `block7a_project_conv/kernel` (root mean square of the
        gradients 2.3e-3), and Keras moved by 1e-7 is 2.43 parts off itself at the same weight. With the trunk as built Graft keeps to the limit in every step of both backbones.
      - **`1-efficientnet-lite0-1e-3`** is recipe 1 with Adam's default rate on a head of five million weights. Its first steps are so long that it magnifies a millionth in the
        pixels by some ten thousand, in Keras as in Graft: no two programs can have the same history to 1e-4, and it is held to Keras's own spread. At a rate of 1e-4,
        `1-efficientnet-lite0`, the same head keeps to the limits of the others, as it does on VGG16 at the default rate.
      - **Minimal filtering** moves features by a few millionths more than folding does. Heads keep to 1e-4 with it but for `1-vgg16`, whose long first steps magnify a millionth in Keras, too: that recipe
        keeps to 1e-4 without it because VGG16's features are then Keras's own bits. Three spreads alone would be no limit for `5-resnet50`: Keras moved by a millionth stays within 1e-6 of its loss there, which is less
        than folding alone moves it by, and Graft is 6e-6 off with minimal filtering as without.
      - **BatchNorm.** The backbone stands in a layer that calls it with `training=False`. Without that layer `fit` overrides what the call says, and an unfrozen BatchNorm uses the batch
        ([transfer-learning.md](transfer-learning.md#batchnorm)): the histories then have nothing in common.
      """;

  private static String nearZero(Step step) {
    return step.nearZero() == 0
        ? "0"
        : "%d of %d, %.1f".formatted(step.nearZero(), step.weights(), step.worstNearZero());
  }

  private static String beside(Apart apart) {
    return small(apart.absolute())
        + " / "
        + small(apart.spread())
        + " = "
        + "%.2f".formatted(HistoryViolations.spreads(apart));
  }

  private static String counts(Apart right) {
    return images(right) + " / " + Math.round(right.spread());
  }

  private static String images(Apart right) {
    return String.valueOf(Math.round(HistoryViolations.images(right)));
  }

  private static String small(double value) {
    return value == 0 ? "0" : "%.1e".formatted(value);
  }

  private static String digits(double value) {
    return "%.6f".formatted(value);
  }

  private static String percent(double share) {
    return "%.0f %%".formatted(100 * share);
  }

  private void line(String... cells) {
    text.append("| ").append(String.join(" | ", cells)).append(" |\n");
  }
}
