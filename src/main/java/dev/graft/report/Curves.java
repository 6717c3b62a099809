package dev.graft.report;

import static dev.graft.report.Html.attribute;
import static dev.graft.report.Html.css;
import static dev.graft.report.Html.group;
import static dev.graft.report.Html.tag;
import static dev.graft.report.Html.text;

import dev.graft.metrics.Epoch;
import dev.graft.metrics.History;
import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleFunction;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;

/** Loss and accuracy over the epochs, as curves and as a table. */
final class Curves {
  private final List<Epoch> epochs;
  private final History history;

  Curves(History history) {
    this.history = history;
    this.epochs = history.epochs();
  }

  Html toHtml() {
    if (epochs.isEmpty()) {
      return group();
    }
    return Page.section(
        "curves",
        "Curves",
        best(),
        tag("div", css("charts"), loss(), accuracy()),
        Page.details("Every epoch as numbers", table()));
  }

  private Html best() {
    Epoch best = history.best().orElseThrow();
    String words =
        Double.isNaN(best.validationAccuracy())
            ? "Lowest training loss in epoch %d: %s."
                .formatted(best.number(), Words.decimal(best.loss()))
            : "Best validation accuracy in epoch %d: %s, with a loss of %s."
                .formatted(
                    best.number(),
                    Words.percent(best.validationAccuracy()),
                    Words.decimal(best.validationLoss()));
    return tag("p", words);
  }

  private Html loss() {
    List<LineChart.Series> series = series(Epoch::loss, Epoch::validationLoss);
    double highest = values(series).max().orElse(1);
    Axis axis = Axis.over(0, highest, 5);
    int digits = (int) Math.max(0, Math.min(6, Math.ceil(-Math.log10(axis.step()) - 1e-9)));
    return chart("Loss", series, axis, value -> Words.format("%." + digits + "f", value));
  }

  private Html accuracy() {
    List<LineChart.Series> series = series(Epoch::accuracy, Epoch::validationAccuracy);
    double lowest = values(series).min().orElse(0);
    double highest = values(series).max().orElse(1);
    Axis axis = Axis.over(lowest, Math.min(1, Math.max(highest, lowest + 0.01)), 5);
    int digits = axis.step() < 0.0099 ? 1 : 0;
    return chart(
        "Accuracy", series, axis, value -> Words.format("%." + digits + "f%%", 100 * value));
  }

  private Html chart(
      String name, List<LineChart.Series> series, Axis axis, DoubleFunction<String> label) {
    int first = epochs.get(0).number();
    int last = epochs.get(epochs.size() - 1).number();
    LineChart chart =
        new LineChart(
            describe(name, series, label),
            series,
            boundaries(),
            Axis.overWholeNumbers(first, last, 6),
            axis,
            label);
    return tag("figure", chart.toHtml(), tag("figcaption", name));
  }

  private static String describe(
      String name, List<LineChart.Series> series, DoubleFunction<String> label) {
    StringBuilder words = new StringBuilder(name + " by epoch.");
    for (LineChart.Series one : series) {
      if (!one.points().isEmpty()) {
        LineChart.Point first = one.points().get(0);
        LineChart.Point last = one.points().get(one.points().size() - 1);
        words.append(
            " %s: %s in epoch %d, %s in epoch %d."
                .formatted(
                    one.name(),
                    label.apply(first.value()),
                    first.epoch(),
                    label.apply(last.value()),
                    last.epoch()));
      }
    }
    return words.toString();
  }

  private List<LineChart.Series> series(
      ToDoubleFunction<Epoch> training, ToDoubleFunction<Epoch> validation) {
    return List.of(
        new LineChart.Series("training", "training", points(training)),
        new LineChart.Series("validation", "validation", points(validation)));
  }

  /** A loss that overflowed has no place on a scale. */
  private List<LineChart.Point> points(ToDoubleFunction<Epoch> figure) {
    return epochs.stream()
        .filter(epoch -> Double.isFinite(figure.applyAsDouble(epoch)))
        .map(epoch -> new LineChart.Point(epoch.number(), figure.applyAsDouble(epoch)))
        .toList();
  }

  private static DoubleStream values(List<LineChart.Series> series) {
    return series.stream()
        .flatMap(one -> one.points().stream())
        .mapToDouble(LineChart.Point::value);
  }

  private List<LineChart.Boundary> boundaries() {
    List<LineChart.Boundary> boundaries = new ArrayList<>();
    for (int i = 1; i < epochs.size(); i++) {
      String phase = epochs.get(i).phase();
      if (!phase.equals(epochs.get(i - 1).phase()) && epochs.get(i - 1).number() > 0) {
        boundaries.add(new LineChart.Boundary(epochs.get(i).number(), phase));
      }
    }
    return boundaries;
  }

  private Html table() {
    List<Html> rows = epochs.stream().map(Curves::row).toList();
    return Page.table(
        "One row an epoch",
        "epochs",
        Page.headings(
            "epoch",
            "phase",
            "learning rate",
            "loss",
            "accuracy",
            "validation loss",
            "validation accuracy"),
        rows);
  }

  private static Html row(Epoch epoch) {
    return tag(
        "tr",
        tag("th", attribute("scope", "row"), text(Words.count(epoch.number()))),
        tag("td", css("words"), text(epoch.phase())),
        tag("td", Words.rate(epoch.learningRate())),
        tag("td", Words.decimal(epoch.loss())),
        tag("td", Words.percent(epoch.accuracy())),
        tag("td", Words.decimal(epoch.validationLoss())),
        tag("td", Words.percent(epoch.validationAccuracy())));
  }
}
