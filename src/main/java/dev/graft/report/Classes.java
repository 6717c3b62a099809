package dev.graft.report;

import static dev.graft.report.Html.attribute;
import static dev.graft.report.Html.css;
import static dev.graft.report.Html.group;
import static dev.graft.report.Html.tag;
import static dev.graft.report.Html.text;

import dev.graft.metrics.ClassEvaluation;
import dev.graft.metrics.ClassFigures;
import dev.graft.metrics.ConfusionMatrix;
import dev.graft.metrics.LabelEvaluation;
import dev.graft.metrics.ScoreCurve;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Precision, recall and F1 of each class or label, and the areas under its curves. */
final class Classes {
  /** More rows than this nobody reads; the weakest classes are shown then. */
  private static final int MOST_ROWS = 200;

  private final Examples examples;
  private final String kind;
  private final List<ClassFigures> figures;
  private final List<ClassFigures> averages;
  private final Map<String, ScoreCurve> curves;

  private Classes(
      Examples examples,
      String kind,
      List<ClassFigures> figures,
      List<ClassFigures> averages,
      List<ScoreCurve> curves) {
    this.examples = examples;
    this.kind = kind;
    this.figures = figures;
    this.averages = averages;
    this.curves = curves.stream().collect(Collectors.toMap(ScoreCurve::label, curve -> curve));
  }

  static Classes of(ClassEvaluation evaluation, Examples examples) {
    ConfusionMatrix matrix = evaluation.confusion();
    return new Classes(
        examples,
        "class",
        matrix.figures(),
        List.of(matrix.macroAverage(), matrix.weightedAverage()),
        evaluation.curves());
  }

  static Classes of(LabelEvaluation evaluation, Examples examples) {
    return new Classes(
        examples,
        "label",
        evaluation.figures(),
        List.of(evaluation.micro(), evaluation.macro(), evaluation.weighted()),
        evaluation.curves());
  }

  Section toSection() {
    boolean all = figures.size() <= MOST_ROWS;
    List<Html> rows = new ArrayList<>();
    (all ? figures : weakest(MOST_ROWS)).forEach(one -> rows.add(row(one)));
    averages.forEach(one -> rows.add(average(one)));
    String many = kind.equals("class") ? "classes" : "labels";
    String caption =
        all
            ? "Figures of each %s".formatted(kind)
            : "The %d weakest of %s %s".formatted(MOST_ROWS, Words.count(figures.size()), many);
    return Section.of(
        "classes",
        kind.equals("class") ? "Classes" : "Labels",
        hardest(),
        Page.table(
            caption,
            "figures",
            Page.headings(
                kind, "precision", "recall", "F1", "ROC AUC", "average precision", examples.many()),
            rows));
  }

  private Html hardest() {
    ClassFigures hardest = weakest(1).get(0);
    return tag(
        "p",
        text("Hardest for the model: "),
        tag("strong", Html.name(hardest.label())),
        text(
            ", with an F1 of %1$s. Precision: of the %3$s given this %2$s, the share that are of it. Recall: of the %3$s of this %2$s, the share that were given it. F1: their harmonic mean."
                .formatted(Words.percent(hardest.f1()), kind, examples.many())));
  }

  private List<ClassFigures> weakest(int count) {
    return figures.stream()
        .sorted(Comparator.comparingDouble(ClassFigures::f1))
        .limit(count)
        .toList();
  }

  private Html row(ClassFigures one) {
    ScoreCurve curve = curves.get(one.label());
    return tag(
        "tr",
        Page.rowHead(one.label()),
        tag("td", Words.percent(one.precision())),
        tag("td", Words.percent(one.recall())),
        tag("td", Page.bar("f1", one.f1()), text(Words.percent(one.f1()))),
        tag("td", Words.decimal(curve == null ? Double.NaN : curve.rocAuc())),
        tag("td", Words.decimal(curve == null ? Double.NaN : curve.averagePrecision())),
        tag("td", Words.count(one.support())));
  }

  private static Html average(ClassFigures average) {
    return tag(
        "tr",
        css("total"),
        tag("th", attribute("scope", "row"), text(average.label())),
        group(
            tag("td", Words.percent(average.precision())),
            tag("td", Words.percent(average.recall())),
            tag("td", Words.percent(average.f1())),
            tag("td", ""),
            tag("td", ""),
            tag("td", Words.count(average.support()))));
  }
}
