package dev.graft.report;

import static dev.graft.report.Html.attribute;
import static dev.graft.report.Html.css;
import static dev.graft.report.Html.group;
import static dev.graft.report.Html.tag;
import static dev.graft.report.Html.text;

import dev.graft.metrics.ClassEvaluation;
import dev.graft.metrics.ClassFigures;
import dev.graft.metrics.Epoch;
import dev.graft.metrics.Evaluation;
import dev.graft.metrics.LabelEvaluation;
import dev.graft.metrics.NumberEvaluation;
import dev.graft.metrics.Prediction;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.DoubleFunction;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/** Several runs side by side: what differs between them, figures, curves in one plot. */
final class Comparison {
  /** As many colours as can be told apart; further runs repeat them dashed. */
  private static final int COLOURS = 8;

  /** More classes than this nobody compares one by one. */
  private static final int MOST_CLASSES = 100;

  private final List<ReportData> runs;

  Comparison(List<ReportData> runs) {
    this.runs = runs;
  }

  Html toHtml() {
    List<Section> sections = new ArrayList<>();
    sections.add(figures());
    sections.add(curves());
    sections.add(settings());
    classes().ifPresent(sections::add);
    sections.add(commands());
    return group(
        tag(
            "header",
            tag("p", css("kind"), text("Training report")),
            tag("h1", runs.size() + " runs side by side"),
            tag("p", css("lead"), best())),
        Section.all(sections));
  }

  private Html best() {
    ReportData best = runs.get(0);
    for (ReportData run : runs) {
      best = score(run) > score(best) ? run : best;
    }
    Evaluation evaluation = best.outcome().after();
    return group(
        text("Best on its validation %s: ".formatted(examples())),
        tag("strong", Html.name(best.name())),
        text(
            evaluation instanceof NumberEvaluation
                ? ", with a loss of %s. ".formatted(Words.decimal(evaluation.loss()))
                : ", with an accuracy of %s. ".formatted(Words.percent(evaluation.accuracy()))),
        text(sameImages() ? "" : "The runs validate on different %s. ".formatted(examples())));
  }

  /** The word for them; of runs of both kinds the wider one. */
  private String examples() {
    boolean areImages = runs.stream().allMatch(run -> run.images().examples() == Examples.IMAGES);
    return (areImages ? Examples.IMAGES : Examples.EXAMPLES).many();
  }

  private static double score(ReportData run) {
    Evaluation evaluation = run.outcome().after();
    return evaluation instanceof NumberEvaluation ? -evaluation.loss() : evaluation.accuracy();
  }

  private boolean sameImages() {
    return runs.stream()
            .map(
                run -> run.outcome().predictions().stream().map(Prediction::path).sorted().toList())
            .distinct()
            .count()
        == 1;
  }

  private static String style(int run) {
    return "run" + run % COLOURS + (run / COLOURS % 2 == 1 ? " again" : "");
  }

  /** The head of a column: a run, in its colour. */
  private Html heads(String first) {
    List<Html> heads = new ArrayList<>();
    heads.add(tag("th", attribute("scope", "col"), text(first)));
    for (int i = 0; i < runs.size(); i++) {
      heads.add(
          tag("th", attribute("scope", "col"), Page.key(style(i), Html.name(runs.get(i).name()))));
    }
    return tag("tr", group(heads));
  }

  private Html row(String name, Function<ReportData, String> cell) {
    return tag(
        "tr",
        Page.rowHead(name),
        group(runs.stream().map(run -> tag("td", Html.name(cell.apply(run)))).toList()));
  }

  private Html row(String name, DoubleFunction<String> words, ToDoubleFunction<Evaluation> figure) {
    return row(name, run -> words.apply(figure.applyAsDouble(run.outcome().after())));
  }

  private Section figures() {
    List<Html> rows = new ArrayList<>();
    rows.add(row("Validation loss", Words::decimal, Evaluation::loss));
    if (all(NumberEvaluation.class)) {
      rows.add(row("Mean absolute error", Words::number, e -> ((NumberEvaluation) e).mae()));
      rows.add(row("R²", Words::decimal, e -> ((NumberEvaluation) e).r2()));
    } else {
      rows.add(row("Validation accuracy", Words::percent, Evaluation::accuracy));
    }
    if (all(ClassEvaluation.class)) {
      rows.add(row("Mean F1", Words::percent, e -> macro(e).f1()));
      rows.add(
          row(
              "Calibration error",
              Words::percent,
              e -> ((ClassEvaluation) e).calibration().error()));
    }
    if (all(LabelEvaluation.class)) {
      rows.add(row("All labels right", Words::percent, e -> ((LabelEvaluation) e).exactMatch()));
    }
    if (runs.stream().anyMatch(run -> run.outcome().test().isPresent())) {
      rows.add(row("Test accuracy", run -> test(run, Evaluation::accuracy)));
    }
    rows.add(row("Training " + examples(), run -> Words.count(run.images().all().training())));
    rows.add(row("Validation " + examples(), run -> Words.count(run.images().all().validation())));
    rows.add(row("Epochs", run -> Words.count(run.outcome().history().epochs().size())));
    rows.add(
        row(
            "Parameters trained",
            run -> Words.magnitude(new NetworkFacts(run.network()).trainedParameters())));
    rows.add(row("Time", run -> Words.time(total(run))));
    return Section.of(
        "figures", "Figures", Page.table("A column a run", "compared", heads(""), rows));
  }

  private boolean all(Class<?> kind) {
    return runs.stream().allMatch(run -> kind.isInstance(run.outcome().after()));
  }

  private static ClassFigures macro(Evaluation evaluation) {
    return ((ClassEvaluation) evaluation).confusion().macroAverage();
  }

  private static String test(ReportData run, ToDoubleFunction<Evaluation> figure) {
    return run.outcome().test().map(test -> Words.percent(figure.applyAsDouble(test))).orElse("–");
  }

  private static Duration total(ReportData run) {
    return new Origins(run.origin()).total();
  }

  private Section curves() {
    List<Html> keys =
        IntStream.range(0, runs.size())
            .mapToObj(i -> Page.key(style(i), Html.name(runs.get(i).name())))
            .toList();
    return Section.of(
        "curves",
        "Curves",
        tag(
            "div",
            css("charts"),
            chart("Training loss", Epoch::loss, false),
            chart("Validation loss", Epoch::validationLoss, false),
            chart("Training accuracy", Epoch::accuracy, true),
            chart("Validation accuracy", Epoch::validationAccuracy, true)),
        tag("p", css("legend"), group(keys)));
  }

  private Html chart(String title, ToDoubleFunction<Epoch> figure, boolean share) {
    List<List<Plot.Point>> lines =
        runs.stream().map(run -> points(run.outcome().history().epochs(), figure)).toList();
    double[] values = lines.stream().flatMap(List::stream).mapToDouble(Plot.Point::y).toArray();
    if (values.length == 0) {
      return group();
    }
    Axis axis =
        share ? Curves.shares(values) : Axis.over(0, DoubleStream.of(values).max().orElse(1), 5);
    int[] epochs =
        lines.stream().flatMap(List::stream).mapToInt(point -> (int) point.x()).toArray();
    Plot plot =
        new Plot(
            260,
            new Plot.Scale(
                Axis.overWholeNumbers(
                    IntStream.of(epochs).min().orElse(0), IntStream.of(epochs).max().orElse(1), 6),
                "epoch",
                tick -> Words.count((long) tick)),
            new Plot.Scale(axis, "", share ? Curves.percents(axis) : Curves.decimals(axis)));
    StringBuilder description = new StringBuilder(title + " by epoch.");
    for (int i = 0; i < lines.size(); i++) {
      plot.line(style(i), lines.get(i));
      if (!lines.get(i).isEmpty()) {
        double last = lines.get(i).get(lines.get(i).size() - 1).y();
        description.append(
            " %s: %s at the end."
                .formatted(runs.get(i).name(), share ? Words.percent(last) : Words.decimal(last)));
      }
    }
    return tag("figure", plot.toHtml(description.toString()), tag("figcaption", title));
  }

  private static List<Plot.Point> points(List<Epoch> epochs, ToDoubleFunction<Epoch> figure) {
    return epochs.stream()
        .filter(epoch -> Double.isFinite(figure.applyAsDouble(epoch)))
        .map(epoch -> new Plot.Point(epoch.number(), figure.applyAsDouble(epoch)))
        .toList();
  }

  private Section settings() {
    List<Html> rows = new ArrayList<>();
    int same = differing(rows, run -> run.origin().settings());
    same += differing(rows, run -> run.origin().versions());
    String others = Words.count(same, "other is", "others are") + " the same in all runs.";
    return rows.isEmpty()
        ? Section.of(
            "settings",
            "Settings that differ",
            tag("p", "None: all %d are the same.".formatted(same)))
        : Section.of(
            "settings",
            "Settings that differ",
            tag("p", "The " + others),
            Page.table("A column a run", "compared", heads("setting"), rows));
  }

  /** Adds a row for each name whose values differ, and counts the others. */
  private int differing(List<Html> rows, Function<ReportData, Map<String, String>> values) {
    Set<String> names = new LinkedHashSet<>();
    runs.forEach(run -> names.addAll(values.apply(run).keySet()));
    int same = 0;
    for (String name : names) {
      Function<ReportData, String> cell = run -> values.apply(run).getOrDefault(name, "–");
      if (runs.stream().map(cell).distinct().count() > 1) {
        rows.add(row(name, cell));
      } else {
        same++;
      }
    }
    return same;
  }

  private Optional<Section> classes() {
    List<String> labels = runs.get(0).outcome().after().labels();
    boolean comparable =
        all(ClassEvaluation.class)
            && labels.size() <= MOST_CLASSES
            && runs.stream().allMatch(run -> run.outcome().after().labels().equals(labels));
    if (!comparable) {
      return Optional.empty();
    }
    List<List<ClassFigures>> figures =
        runs.stream()
            .map(run -> ((ClassEvaluation) run.outcome().after()).confusion().figures())
            .toList();
    List<Html> rows =
        IntStream.range(0, labels.size())
            .mapToObj(
                label ->
                    tag(
                        "tr",
                        Page.rowHead(labels.get(label)),
                        group(
                            figures.stream()
                                .map(run -> tag("td", Words.percent(run.get(label).f1())))
                                .toList())))
            .toList();
    return Optional.of(
        Section.of(
            "classes",
            "Classes",
            Page.table(
                "F1 of each class on the validation " + examples(),
                "compared",
                heads("class"),
                rows)));
  }

  private Section commands() {
    return Section.of(
        "origin",
        "Repeat them",
        group(
            runs.stream()
                .map(
                    run ->
                        group(
                            tag("h3", Html.name(run.name())),
                            tag(
                                "pre",
                                attribute("tabindex", "0"),
                                tag("code", run.origin().command()))))
                .toList()));
  }
}
