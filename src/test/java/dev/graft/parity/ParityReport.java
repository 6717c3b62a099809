package dev.graft.parity;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import org.tensorflow.TensorFlow;

/** Writes {@code docs/parity.md}. */
final class ParityReport {
  private static final String BEGIN =
      """
      # Parity with Keras

      Written by the command below; do not edit. Each row is a model that Python saves, with seeded random weights under
      which outputs and gradients are alive (`graft_export.lively`), unless it says otherwise. Python computes outputs, gradients and
      steps of training; Java loads what was saved and computes the same.

      ```bash
      mvn -B verify -Dgroups=long -Dtest=none -Dsurefire.failIfNoSpecifiedTests=false -Dit.test=ParityIT -Dtest.heap=3g
      ```

      A short form, four families and the models saved by other versions with two optimizers each, is part of `mvn -B verify`.
      """;
  private static final String COLUMNS =
      """

      Within a table the worst stand first, by the figure that is nearest to what is allowed.

      | column | meaning | allowed |
      |---|---|---|
      | outputs | largest difference / largest magnitude | 1e-5 (float16: 1e-2) |
      | gradients | the worst variable's norm of the difference, in parts of what is allowed: 1e-4 (float16: 1e-2) × norm of its gradient + 1e-6 × norm of all gradients | 1 |
      | variables | trainable variables whose gradients are compared, and how many more the preflight refuses | |
      | of change | training as Graft does it, on the features of its folded trunk: norm of the difference of a variable's weights / norm of their change, the worst variable, step and optimizer for which Keras agrees with itself | 1e-3 |
      | of weights | the same / norm of the weights; none left out, save of a variable whose gradient is nothing by nature | 1e-5 |
      | near zero | weights that "of change" leaves out with the optimizer that has most of them, of all that train, see below | |
      | with those | "of change" with none left out | |
      | folding | features of the folded trunk against those of the trunk as built: largest difference / largest magnitude | |
      | as built | "of change" with the features of the trunk as built, of the first optimizer and of those for which Keras does not agree with itself | 1e-3 |
      | Keras itself | "of change" of Keras against Keras from inputs that are moved by eight units in the last place, the worst of four times and of the optimizers | |

      Gradients are of the sum of output × a seeded random tensor, in Python by `tf.GradientTape`. Training is of the last block and a dense
      head, three steps of four examples, BatchNorm in inference mode; both start with the same weights.
      """;
  private static final String CAUSES =
      """

      ## Where differences come from

      - **Weights near zero.** RMSprop, Adam, AdamW, Adagrad and Nadam divide a gradient by its own size, so that the first steps are nearly as long
        for a gradient of 1e-9 as for one of 1. Where a gradient is smaller than what two right gradients may differ by, its sign is rounding, and so
        is the step. Such weights are left out of "of change" for these rules, counted under "near zero", and are in "of weights". The limit for one
        weight is (1e-4 × norm of the variable's gradient + 1e-6 × norm of all gradients) / √(weights of the variable).
      - **The key's bias of `MultiHeadAttention`** has a gradient of zero by nature: softmax does not see it. What either side computes is rounding;
        all its weights are near zero, so they are left out of "of weights" too.
      - **The folded trunk.** Graft trains on features of a trunk in which TensorFlow folds constants and BatchNorm, which moves them by the figure in the column
        "folding", a few units in the last place of a deep network. That is all the difference between "of change" and "as built".
      - **Units at the kink of their activation.** A ReLU or ReLU6 whose input is within rounding of 0 or 6 is open on one side and shut on the other, and
        gradients differ by what flows through it, however exact both are. Keras differs from itself as much: see "Inputs without an answer", where the same
        command moves Keras's own inputs by eight units in the last place (2^-20 of each value, four random draws of signs). Whether inputs have
        such a unit is decided with Keras alone, before Graft sees them: where Keras with the first optimizer is further from itself than half of the limits, the next
        draw of inputs is trained on; where it is with another optimizer, that one is held to its limit with the trunk as built, and both are listed there.
      - **Weight decay** takes weight × decay × rate off each weight, multiplied in this order, as Keras does. TensorFlow's graph optimizer would multiply decay and rate
        first, which is a bit off in one weight of 1500; a unit at the kink can answer to that in the next step. Graft computes it by an op in which the
        order stays, so that plain SGD, momentum and decay leave the very bits of Keras on the trunk as built.
      """;

  private final List<Figures> figures;
  private final Map<String, List<String>> violations;
  private final StringBuilder text = new StringBuilder();

  private ParityReport(List<Figures> figures, Map<String, List<String>> violations) {
    this.figures =
        figures.stream()
            .sorted(Comparator.comparingDouble(ParityReport::badness).reversed())
            .toList();
    this.violations = violations;
  }

  /** The report as Markdown. */
  static String of(List<Figures> figures, Map<String, List<String>> violations) {
    ParityReport report = new ParityReport(figures, violations);
    report.text.append(BEGIN);
    report.versions();
    report.summary();
    report.violations();
    report.text.append(COLUMNS);
    report.table("Families of keras.applications", "family");
    report.table("Ways of saving", "saving");
    report.table("Shapes of model", "shape");
    report.optimizers();
    report.unsteady();
    report.refusals();
    report.text.append(CAUSES);
    return report.text.toString();
  }

  /** The largest of a row's figures in parts of what is allowed. */
  private static double badness(Figures row) {
    Tolerances allowed = row.tolerances();
    double worst = row.worstOutput() / allowed.output();
    worst = Math.max(worst, row.worstGradient().orElse(0));
    for (Figures.Run run : held(row)) {
      worst = Math.max(worst, run.ofChange() / allowed.change());
      worst = Math.max(worst, run.ofWeights() / allowed.weights());
    }
    return worst;
  }

  /** The runs that are held to the limits, on the trunk as it is run where that can be. */
  private static List<Figures.Run> held(Figures row) {
    return row.training().runs().stream().filter(Figures.Run::isSteady).toList();
  }

  private void versions() {
    text.append("\n## Versions\n\n| who | versions | rows |\n|---|---|---|\n");
    line(
        "Java",
        "TensorFlow "
            + TensorFlow.version()
            + ", Java "
            + Runtime.version().feature()
            + ", "
            + System.getProperty("os.name")
            + " "
            + System.getProperty("os.arch"),
        "all");
    Map<String, List<String>> users = new LinkedHashMap<>();
    for (Figures row : figures) {
      Map<String, String> versions = row.row().versions();
      users
          .computeIfAbsent(
              "TensorFlow %s, Keras %s, Python %s"
                  .formatted(
                      versions.get("tensorflow"), versions.get("keras"), versions.get("python")),
              key -> new ArrayList<>())
          .add(row.row().name());
    }
    users.forEach(
        (versions, rows) ->
            line(
                "Python",
                versions,
                rows.size() > 8
                    ? rows.size() + " rows"
                    : rows.stream().sorted().collect(Collectors.joining(", "))));
  }

  private void summary() {
    long exact = figures.stream().filter(row -> isUsable(row) && row.worstOutput() == 0).count();
    long usable = figures.stream().filter(ParityReport::isUsable).count();
    long variables = figures.stream().mapToLong(row -> row.gradients().size()).sum();
    long runs = figures.stream().mapToLong(row -> row.training().runs().size()).sum();
    text.append("\n## In short\n\n");
    text.append(
        "%d models, of which %d can be used; outputs of %d of these are the same bits. Gradients of %d variables, %d runs of three steps of training.%n"
            .formatted(figures.size(), usable, exact, variables, runs));
  }

  private void violations() {
    if (violations.isEmpty()) {
      text.append(
          "\nEvery figure that is held to a limit is within it. What that does not say:\n\n");
      exceptions();
      return;
    }
    exceptions();
    text.append("\n**Not within what is allowed:**\n\n");
    violations.forEach(
        (name, sentences) ->
            sentences.forEach(s -> text.append("- `" + name + "`: " + oneLine(s) + "\n")));
  }

  /** Where leaving something out is what makes a figure small. */
  private void exceptions() {
    double limit = Tolerances.SINGLE.change();
    List<String> withAll = new ArrayList<>();
    for (Figures row : figures) {
      for (Figures.Run run : row.training().runs()) {
        if (run.ofChangeWithAll() > limit) {
          withAll.add(
              "`%s` %s %s"
                  .formatted(row.row().name(), run.optimizer(), number(run.ofChangeWithAll())));
        }
      }
    }
    text.append("- \"Of change\" is above its limit with the weights near zero counted in: ");
    text.append(withAll.isEmpty() ? "nowhere" : String.join("; ", withAll)).append(".\n");
    long unsteady =
        figures.stream()
            .flatMap(row -> row.training().runs().stream())
            .filter(run -> !run.isSteady())
            .count();
    long draws = figures.stream().mapToLong(row -> row.training().unsteady().size()).sum();
    text.append(
        "- Keras does not agree with itself, see below: %d draws of inputs were passed over, %d runs are held to their limit with the trunk as built.%n"
            .formatted(draws, unsteady));
  }

  /** Where Keras does not agree with itself, and how far Graft is from Keras there. */
  private void unsteady() {
    text.append(
        """

        ## Inputs without an answer

        Where Keras is further than half of the limits from itself: 5e-4 of the change or 5e-6 of the weights. The columns "of change" and "as built" are
        Graft's steps against Keras's, on its folded trunk and on the trunk as built; the last is held to 1e-3. "Next draw": other inputs were trained on instead.

        """);
    line("model", "optimizer", "inputs", "Keras itself", "of change", "worst variable", "as built");
    line("---", "---", "---", "--:", "--:", "---", "--:");
    for (Figures row : figures) {
      for (Figures.Unsteady draw : row.training().unsteady()) {
        unsteady(row, "next draw", draw.run(), draw.built());
      }
      for (Figures.Run run : row.training().runs()) {
        if (!run.isSteady()) {
          unsteady(row, "", run, built(row, run));
        }
      }
    }
  }

  private static Figures.Run built(Figures row, Figures.Run run) {
    return row.training().built().stream()
        .filter(other -> other.optimizer().equals(run.optimizer()))
        .findFirst()
        .orElseThrow();
  }

  private void unsteady(Figures row, String inputs, Figures.Run run, Figures.Run built) {
    line(
        "`" + row.row().name() + "`",
        "`" + run.optimizer() + "`",
        inputs,
        own(run),
        number(run.ofChange()),
        "`" + run.worst() + "`",
        number(built.ofChange()));
  }

  private void table(String title, String group) {
    text.append("\n## " + title + "\n\n");
    line(
        "model",
        "what",
        "saved by",
        "outputs",
        "gradients",
        "variables",
        "of change",
        "of weights",
        "near zero",
        "with those",
        "folding",
        "as built",
        "Keras itself");
    line("---", "---", "---", "--:", "--:", "--:", "--:", "--:", "--:", "--:", "--:", "--:", "--:");
    figures.stream().filter(row -> row.row().group().equals(group)).forEach(this::row);
  }

  private void row(Figures row) {
    ParityRow.Manifest of = row.row();
    if (!isUsable(row)) {
      line(
          "`" + of.name() + "`",
          of.what(),
          of.form(),
          "refused",
          "",
          "",
          "",
          "",
          "",
          "",
          "",
          "",
          "");
      return;
    }
    List<Figures.Run> runs = row.training().runs();
    List<Figures.Run> held = held(row);
    boolean trains = !runs.isEmpty();
    String refused = row.refused().isEmpty() ? "" : ", " + row.refused().size() + " refused";
    line(
        "`" + of.name() + "`",
        of.what(),
        of.form(),
        number(row.worstOutput()),
        row.worstGradient().isPresent() ? number(row.worstGradient().getAsDouble()) : "–",
        row.gradients().size() + refused,
        trains ? worst(held, Figures.Run::ofChange) : "refused",
        trains ? worst(held, Figures.Run::ofWeights) : "",
        trains ? nearZero(runs) : "",
        trains ? worst(held, Figures.Run::ofChangeWithAll) : "",
        trains ? number(row.training().folding()) : "",
        trains ? worst(row.training().built(), Figures.Run::ofChange) : "",
        trains ? own(runs) : "");
  }

  private static String worst(List<Figures.Run> runs, ToDoubleFunction<Figures.Run> figure) {
    return number(runs.stream().mapToDouble(figure).max().orElse(0));
  }

  private static String own(List<Figures.Run> runs) {
    return runs.stream().anyMatch(run -> run.own() == null) ? "–" : worst(runs, Figures.Run::own);
  }

  private static String own(Figures.Run run) {
    return run.own() == null ? "–" : number(run.own());
  }

  private static String nearZero(List<Figures.Run> runs) {
    return nearZero(
        runs.stream().max(Comparator.comparingLong(Figures.Run::nearZero)).orElseThrow());
  }

  private static String nearZero(Figures.Run run) {
    return run.nearZero() == 0
        ? "0"
        : String.format(Locale.ROOT, "%,d of %,d", run.nearZero(), run.weights());
  }

  private void optimizers() {
    Set<String> names = new LinkedHashSet<>();
    figures.forEach(row -> row.training().runs().forEach(run -> names.add(run.optimizer())));
    List<String> optimizers = List.copyOf(names);
    text.append("\n## Training by optimizer\n\n");
    text.append("\"Of change\" of each, the variable that is worst behind it.\n\n");
    for (String optimizer : optimizers) {
      text.append("### `" + optimizer + "`\n\n");
      line(
          "model",
          "of change",
          "worst variable",
          "of weights",
          "near zero",
          "with those",
          "Keras itself");
      line("---", "--:", "---", "--:", "--:", "--:", "--:");
      figures.stream()
          .flatMap(
              row ->
                  row.training().runs().stream()
                      .filter(run -> run.optimizer().equals(optimizer))
                      .map(run -> Map.entry(row.row().name(), run)))
          .sorted(
              Comparator.comparingDouble(
                  (Map.Entry<String, Figures.Run> e) -> -e.getValue().ofChange()))
          .forEach(e -> run(e.getKey(), e.getValue()));
      text.append('\n');
    }
  }

  private void run(String name, Figures.Run run) {
    line(
        "`" + name + "`",
        number(run.ofChange()),
        run.ofChange() == 0 ? "" : "`" + run.worst() + "`",
        number(run.ofWeights()),
        nearZero(run),
        number(run.ofChangeWithAll()),
        own(run));
  }

  private void refusals() {
    text.append("\n## Refusals\n\n");
    line("model", "what", "reason");
    line("---", "---", "---");
    for (Figures row : figures) {
      String name = "`" + row.row().name() + "`";
      if (!isUsable(row)) {
        line(name, "the model", withoutFolder(row.unusable()));
      } else if (row.training().refused() != null) {
        line(name, "training", withoutFolder(row.training().refused()));
      }
      Map<String, List<String>> byReason = new LinkedHashMap<>();
      row.refused()
          .forEach((v, reason) -> byReason.computeIfAbsent(reason, r -> new ArrayList<>()).add(v));
      byReason.forEach(
          (reason, variables) ->
              line(name, "`" + String.join("`, `", variables) + "`", withoutFolder(reason)));
    }
  }

  private static boolean isUsable(Figures row) {
    return row.unusable() == null;
  }

  /** Without the temporary folder that the model lay in. */
  private static String withoutFolder(String message) {
    return oneLine(message).replaceAll("\\S*/(?=[\\w-]+/model\\b)", "");
  }

  private static String oneLine(String message) {
    return message.replaceAll("\\s+", " ").replace("|", "\\|");
  }

  private static String number(double value) {
    return value == 0 ? "0" : String.format(Locale.ROOT, "%.1e", value);
  }

  private void line(String... cells) {
    text.append("| ").append(String.join(" | ", cells)).append(" |\n");
  }
}
