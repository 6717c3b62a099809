package dev.graft.report;

import static dev.graft.report.Html.css;
import static dev.graft.report.Html.group;
import static dev.graft.report.Html.tag;
import static dev.graft.report.Html.text;

import dev.graft.metrics.ScoreCurve;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Function;

/** ROC and precision-recall curves: of the second of two classes, else of each class. */
final class ScoreCurves {
  private static final int HEIGHT = 320;

  /** The colours of the curves that have names. */
  private static final List<String> STYLES = List.of("first", "second", "third");

  private final List<ScoreCurve> all;
  private final List<ScoreCurve> named;

  ScoreCurves(List<ScoreCurve> curves, boolean oneClassEach) {
    this.all =
        curves.stream()
            .skip(oneClassEach && curves.size() == 2 ? 1 : 0)
            .filter(curve -> !curve.roc().isEmpty())
            .toList();
    this.named =
        all.stream()
            .sorted(Comparator.comparingDouble(ScoreCurve::averagePrecision))
            .limit(STYLES.size())
            .toList();
  }

  List<Section> toSections() {
    if (all.isEmpty()) {
      return List.of();
    }
    return List.of(
        Section.of(
            "scores",
            "ROC and precision",
            words(),
            tag(
                "div",
                css("charts"),
                figure(
                    "ROC",
                    ScoreCurve::roc,
                    "false positive rate",
                    "true positive rate",
                    List.of(new Plot.Point(0, 0), new Plot.Point(1, 1))),
                figure(
                    "Precision and recall",
                    ScoreCurve::precisionRecall,
                    "recall",
                    "precision",
                    List.of())),
            legend()));
  }

  private Html words() {
    double auc = all.stream().mapToDouble(ScoreCurve::rocAuc).average().orElse(Double.NaN);
    double precision =
        all.stream().mapToDouble(ScoreCurve::averagePrecision).average().orElse(Double.NaN);
    if (all.size() == 1) {
      return tag(
          "p",
          text("How well "),
          tag("strong", Html.name(all.get(0).label())),
          text(
              " is told from the rest, over all thresholds: ROC AUC %s, average precision %s."
                  .formatted(Words.decimal(auc), Words.decimal(precision))));
    }
    return tag(
        "p",
        "How well each class is told from the rest, over all thresholds: mean ROC AUC %s, mean average precision %s. Named are the classes of the lowest average precision."
            .formatted(Words.decimal(auc), Words.decimal(precision)));
  }

  private Html figure(
      String title,
      Function<ScoreCurve, List<ScoreCurve.Point>> points,
      String horizontal,
      String vertical,
      List<Plot.Point> chance) {
    Plot plot =
        new Plot(HEIGHT, Plot.Scale.ofShares(horizontal), Plot.Scale.ofShares(vertical))
            .line("chance", chance);
    all.stream()
        .filter(curve -> !named.contains(curve))
        .forEach(curve -> plot.line("each", points(points.apply(curve))));
    for (int i = named.size() - 1; i >= 0; i--) {
      plot.line(STYLES.get(i), points(points.apply(named.get(i))));
    }
    StringBuilder description = new StringBuilder(title + " curves.");
    named.forEach(
        curve ->
            description.append(
                " %s: ROC AUC %s, average precision %s."
                    .formatted(
                        curve.label(),
                        Words.decimal(curve.rocAuc()),
                        Words.decimal(curve.averagePrecision()))));
    return tag("figure", plot.toHtml(description.toString()), tag("figcaption", title));
  }

  private static List<Plot.Point> points(List<ScoreCurve.Point> points) {
    return points.stream().map(point -> new Plot.Point(point.x(), point.y())).toList();
  }

  private Html legend() {
    List<Html> keys = new ArrayList<>();
    for (int i = 0; i < named.size(); i++) {
      ScoreCurve curve = named.get(i);
      keys.add(
          Page.key(
              STYLES.get(i),
              group(
                  Html.name(curve.label()),
                  text(
                      " (AUC %s, precision %s)"
                          .formatted(
                              Words.decimal(curve.rocAuc()),
                              Words.decimal(curve.averagePrecision()))))));
    }
    if (all.size() > named.size()) {
      keys.add(Page.key("each", text("the other " + (all.size() - named.size()) + " classes")));
    }
    keys.add(Page.key("chance", text("guessing")));
    return tag("p", css("legend"), group(keys));
  }
}
