package dev.graft.report;

import static dev.graft.report.Html.css;
import static dev.graft.report.Html.group;
import static dev.graft.report.Html.tag;
import static dev.graft.report.Html.text;

import dev.graft.metrics.NumberEvaluation;
import dev.graft.metrics.NumberPrediction;
import dev.graft.metrics.Prediction;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** Predicted numbers against true ones, and how far off they are. */
final class Numbers {
  private static final int HEIGHT = 320;
  private static final int RESIDUAL_BINS = 25;

  /** More plots nobody compares. */
  private static final int MOST_PLOTTED = 6;

  private final Examples examples;
  private final NumberEvaluation evaluation;
  private final List<NumberPrediction> predictions;

  Numbers(NumberEvaluation evaluation, List<? extends Prediction> predictions, Examples examples) {
    this.examples = examples;
    this.evaluation = evaluation;
    this.predictions = predictions.stream().map(NumberPrediction.class::cast).toList();
  }

  Section toSection() {
    int plotted = Math.min(MOST_PLOTTED, evaluation.figures().size());
    return Section.of(
        "numbers",
        "Predicted and true",
        tag(
            "p",
            "A dot is one of the %s; on the line it would be predicted exactly. R² is the share of the variance that is explained."
                .formatted(examples.many())),
        table(),
        tag(
            "div",
            css("charts"),
            group(
                IntStream.range(0, plotted)
                    .mapToObj(i -> group(scatter(i), residuals(i)))
                    .toList())));
  }

  private Html table() {
    List<Html> rows =
        evaluation.figures().stream()
            .map(
                one ->
                    tag(
                        "tr",
                        Page.rowHead(one.label()),
                        tag("td", Words.number(one.mae())),
                        tag("td", Words.number(one.rmse())),
                        tag("td", Words.decimal(one.r2()))))
            .toList();
    return Page.table(
        "Figures of each number",
        "figures",
        Page.headings("number", "mean absolute error", "root mean squared error", "R²"),
        rows);
  }

  private Html scatter(int index) {
    List<Plot.Point> points =
        evaluation.sample().stream()
            .map(
                one ->
                    new Plot.Point(
                        one.actual()[index],
                        one.predicted()[index],
                        "%s: true %s, predicted %s"
                            .formatted(
                                one.path(),
                                Words.number(one.actual()[index]),
                                Words.number(one.predicted()[index]))))
            .toList();
    double low = points.stream().mapToDouble(p -> Math.min(p.x(), p.y())).min().orElse(0);
    double high = points.stream().mapToDouble(p -> Math.max(p.x(), p.y())).max().orElse(1);
    Axis axis = Axis.over(low, high, 5);
    Html plot =
        new Plot(
                HEIGHT,
                new Plot.Scale(axis, "true", Words::number),
                new Plot.Scale(axis, "predicted", Words::number))
            .line(
                "chance",
                List.of(
                    new Plot.Point(axis.low(), axis.low()),
                    new Plot.Point(axis.high(), axis.high())))
            .dots("first", points)
            .toHtml("Predicted against true " + evaluation.labels().get(index) + ".");
    return tag("figure", plot, caption(index, ""));
  }

  private Html caption(int index, String more) {
    return tag("figcaption", Html.name(evaluation.labels().get(index)), text(more));
  }

  private Html residuals(int index) {
    double[] errors =
        predictions.stream()
            .mapToDouble(one -> (double) one.predicted()[index] - one.actual()[index])
            .toArray();
    double furthest = 0;
    for (double error : errors) {
      furthest = Math.max(furthest, Math.abs(error));
    }
    Axis axis = Axis.over(-furthest, furthest, 6);
    int[] counts = new int[RESIDUAL_BINS];
    for (double error : errors) {
      counts[Math.min(RESIDUAL_BINS - 1, (int) (axis.position(error) * RESIDUAL_BINS))]++;
    }
    double width = (axis.high() - axis.low()) / RESIDUAL_BINS;
    List<Plot.Bar> bars = new ArrayList<>();
    for (int i = 0; i < RESIDUAL_BINS; i++) {
      double from = axis.low() + i * width;
      bars.add(new Plot.Bar(from, from + width, counts[i], examples.count(counts[i])));
    }
    int most = IntStream.of(counts).max().orElse(1);
    Html plot =
        new Plot(
                HEIGHT,
                new Plot.Scale(axis, "predicted less true", Words::number),
                new Plot.Scale(
                    Axis.overWholeNumbers(0, most, 5), examples.many(), n -> Words.count((long) n)))
            .bars("quiet", bars)
            .toHtml("How far off the predictions are.");
    return tag("figure", plot, caption(index, ": residuals"));
  }
}
