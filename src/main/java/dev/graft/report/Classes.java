package dev.graft.report;

import static dev.graft.report.Html.attribute;
import static dev.graft.report.Html.css;
import static dev.graft.report.Html.group;
import static dev.graft.report.Html.tag;
import static dev.graft.report.Html.text;

import dev.graft.metrics.ClassFigures;
import dev.graft.metrics.ConfusionMatrix;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Precision, recall and F1 of each class. */
final class Classes {
  /** More rows than this nobody reads; the weakest classes are shown then. */
  private static final int MOST_ROWS = 200;

  private final ConfusionMatrix matrix;
  private final List<ClassFigures> figures;

  Classes(ConfusionMatrix matrix) {
    this.matrix = matrix;
    this.figures = matrix.figures();
  }

  Html toHtml() {
    boolean all = figures.size() <= MOST_ROWS;
    List<Html> rows = new ArrayList<>();
    (all ? figures : weakest(MOST_ROWS)).forEach(one -> rows.add(row(one)));
    rows.add(average(matrix.macroAverage()));
    rows.add(average(matrix.weightedAverage()));
    String caption =
        all
            ? "Figures of each class on the validation images"
            : "The %d weakest of %s classes on the validation images"
                .formatted(MOST_ROWS, Words.count(figures.size()));
    return Page.section(
        "classes",
        "Classes",
        hardest(),
        Page.table(
            caption,
            "figures",
            Page.headings("class", "precision", "recall", "F1", "images"),
            rows));
  }

  private Html hardest() {
    ClassFigures hardest = weakest(1).get(0);
    return tag(
        "p",
        text("Hardest for the model: "),
        tag("strong", Html.name(hardest.label())),
        text(
            ", with an F1 of %s. Precision: of the images given this class, the share that are of it. Recall: of the images of this class, the share that were given it. F1: their harmonic mean."
                .formatted(Words.percent(hardest.f1()))));
  }

  private List<ClassFigures> weakest(int count) {
    return figures.stream()
        .sorted(Comparator.comparingDouble(ClassFigures::f1))
        .limit(count)
        .toList();
  }

  private static Html row(ClassFigures one) {
    return tag(
        "tr",
        Page.rowHead(one.label()),
        tag("td", Words.percent(one.precision())),
        tag("td", Words.percent(one.recall())),
        tag("td", Page.bar("f1", one.f1()), text(Words.percent(one.f1()))),
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
            tag("td", Words.count(average.support()))));
  }
}
