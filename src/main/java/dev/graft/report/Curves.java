package dev.graft.report;

import static dev.graft.report.Html.attribute;
import static dev.graft.report.Html.css;
import static dev.graft.report.Html.group;
import static dev.graft.report.Html.tag;
import static dev.graft.report.Html.text;

import dev.graft.metrics.Epoch;
import dev.graft.metrics.History;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleFunction;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;

/** Loss, accuracy and learning rate over the epochs, as curves and as a table. */
final class Curves {
  /** More dots hide the line. */
  private static final int MOST_DOTS = 60;

  private final List<Epoch> epochs;
  private final History history;

  Curves(History history) {
    this.history = history;
    this.epochs = history.epochs();
  }

  List<Section> toSections() {
    if (epochs.isEmpty()) {
      return List.of();
    }
    return List.of(
        Section.of(
            "curves",
            "Curves",
            best(),
            tag("div", css("charts"), loss(), accuracy()),
            tag(
                "p",
                css("legend"),
                Page.key("training", text("training")),
                Page.key("validation", text("validation"))),
            learningRate(),
            Page.details("Every epoch as numbers", table())));
  }

  private Html best() {
    Epoch best = history.best().orElseThrow();
    if (Double.isFinite(best.validationAccuracy())) {
      return tag(
          "p",
          "Best validation accuracy in epoch %d: %s, with a loss of %s."
              .formatted(
                  best.number(),
                  Words.percent(best.validationAccuracy()),
                  Words.decimal(best.validationLoss())));
    }
    return epochs.stream()
        .filter(epoch -> Double.isFinite(epoch.validationLoss()))
        .min(Comparator.comparingDouble(Epoch::validationLoss))
        .map(
            lowest ->
                "Lowest validation loss in epoch %d: %s."
                    .formatted(lowest.number(), Words.decimal(lowest.validationLoss())))
        .map(words -> tag("p", words))
        .orElse(group());
  }

  /** Values over the epochs; {@code style} is the class that gives their colour. */
  private record Series(String name, String style, List<Plot.Point> points) {}

  private Html loss() {
    List<Series> series =
        List.of(
            series("training", Epoch::loss, Words::decimal),
            series("validation", Epoch::validationLoss, Words::decimal));
    double highest = values(series).max().orElse(1);
    Axis axis = Axis.over(0, highest, 5);
    return chart("Loss", series, axis, Curves.decimals(axis));
  }

  /** As many digits as the ticks need. */
  static DoubleFunction<String> decimals(Axis axis) {
    int digits = (int) Math.max(0, Math.min(6, Math.ceil(-Math.log10(axis.step()) - 1e-9)));
    return value -> Words.format("%." + digits + "f", value);
  }

  /** Empty where nothing is just right or wrong. */
  private Html accuracy() {
    List<Series> series =
        List.of(
            series("training", Epoch::accuracy, Words::percent),
            series("validation", Epoch::validationAccuracy, Words::percent));
    if (values(series).findAny().isEmpty()) {
      return group();
    }
    Axis axis = shares(values(series).toArray());
    return chart("Accuracy", series, axis, percents(axis));
  }

  /** From below the lowest share to above the highest. */
  static Axis shares(double[] shares) {
    double lowest = DoubleStream.of(shares).min().orElse(0);
    double highest = DoubleStream.of(shares).max().orElse(1);
    return Axis.over(lowest, Math.min(1, Math.max(highest, lowest + 0.01)), 5);
  }

  static DoubleFunction<String> percents(Axis axis) {
    int digits = axis.step() < 0.0099 ? 1 : 0;
    return value -> Words.format("%." + digits + "f%%", 100 * value);
  }

  private Html chart(String name, List<Series> series, Axis axis, DoubleFunction<String> label) {
    Plot plot = new Plot(260, epochScale(), new Plot.Scale(axis, "", label));
    for (Series one : series) {
      plot.line(one.style(), one.points());
      if (one.points().size() <= MOST_DOTS) {
        plot.dots(one.style(), one.points());
      }
    }
    boundaries(plot);
    return tag("figure", plot.toHtml(describe(name, series, label)), tag("figcaption", name));
  }

  private Plot.Scale epochScale() {
    int first = epochs.get(0).number();
    int last = epochs.get(epochs.size() - 1).number();
    return new Plot.Scale(
        Axis.overWholeNumbers(first, last, 6), "epoch", tick -> Words.count((long) tick));
  }

  private void boundaries(Plot plot) {
    for (int i = 1; i < epochs.size(); i++) {
      String phase = epochs.get(i).phase();
      if (!phase.equals(epochs.get(i - 1).phase()) && epochs.get(i - 1).number() > 0) {
        plot.boundary(epochs.get(i).number(), phase);
      }
    }
  }

  /** On a logarithmic scale where the phases' rates lie far apart. */
  private Html learningRate() {
    List<Epoch> rated =
        epochs.stream().filter(epoch -> Double.isFinite(epoch.learningRate())).toList();
    if (rated.isEmpty()) {
      return group();
    }
    double highest = rated.stream().mapToDouble(Epoch::learningRate).max().orElseThrow();
    Map<String, Double> byPhase = new LinkedHashMap<>();
    rated.forEach(epoch -> byPhase.merge(epoch.phase(), epoch.learningRate(), Math::max));
    double lowestPhase = Collections.min(byPhase.values());
    boolean logarithmic = lowestPhase > 0 && highest / lowestPhase >= 8;
    double floor = lowestPhase / 100;
    List<Plot.Point> points =
        rated.stream()
            .map(
                epoch ->
                    new Plot.Point(
                        epoch.number(),
                        logarithmic
                            ? Math.log10(Math.max(floor, epoch.learningRate()))
                            : epoch.learningRate(),
                        "epoch %d: %s".formatted(epoch.number(), Words.rate(epoch.learningRate()))))
            .toList();
    Axis axis =
        logarithmic
            ? Axis.overWholeNumbers(
                (int) Math.floor(points.stream().mapToDouble(Plot.Point::y).min().orElseThrow()),
                (int) Math.ceil(Math.log10(highest) - 1e-9),
                4)
            : Axis.over(0, highest, 3);
    Plot plot =
        new Plot(
                200,
                epochScale(),
                new Plot.Scale(
                    axis, "", tick -> Words.rate(logarithmic ? Math.pow(10, tick) : round(tick))))
            .line("rate", points);
    if (points.size() <= MOST_DOTS) {
      plot.dots("rate", points);
    }
    boundaries(plot);
    String words =
        "Learning rate by epoch: %s in epoch %d, %s in epoch %d."
            .formatted(
                Words.rate(rated.get(0).learningRate()),
                rated.get(0).number(),
                Words.rate(rated.get(rated.size() - 1).learningRate()),
                rated.get(rated.size() - 1).number());
    return tag(
        "div",
        css("charts"),
        tag("figure", plot.toHtml(words), tag("figcaption", "Learning rate")),
        phases());
  }

  /** What each phase was, and where it led. */
  private Html phases() {
    Map<String, List<Epoch>> phases = new LinkedHashMap<>();
    epochs.stream()
        .filter(epoch -> epoch.number() > 0)
        .forEach(
            epoch -> phases.computeIfAbsent(epoch.phase(), key -> new ArrayList<>()).add(epoch));
    List<Html> rows = new ArrayList<>();
    phases.forEach(
        (phase, its) -> {
          Epoch first = its.get(0);
          Epoch last = its.get(its.size() - 1);
          rows.add(
              tag(
                  "tr",
                  Page.rowHead(phase),
                  tag(
                      "td",
                      its.size() == 1
                          ? Words.count(first.number())
                          : first.number() + "–" + last.number()),
                  tag(
                      "td",
                      Words.rate(
                          its.stream().mapToDouble(Epoch::learningRate).max().orElse(Double.NaN))),
                  tag("td", Words.decimal(last.validationLoss())),
                  tag("td", Words.percent(last.validationAccuracy()))));
        });
    return Page.table(
        "Phases, validated at their ends",
        "phases",
        Page.headings("phase", "epochs", "highest rate", "loss", "accuracy"),
        rows);
  }

  /** Without the dust of binary fractions. */
  private static double round(double tick) {
    return Double.parseDouble(Words.format("%.6g", tick));
  }

  private static String describe(String name, List<Series> series, DoubleFunction<String> label) {
    StringBuilder words = new StringBuilder(name + " by epoch.");
    for (Series one : series) {
      if (!one.points().isEmpty()) {
        Plot.Point first = one.points().get(0);
        Plot.Point last = one.points().get(one.points().size() - 1);
        words.append(
            " %s: %s in epoch %d, %s in epoch %d."
                .formatted(
                    one.name(),
                    label.apply(first.y()),
                    (int) first.x(),
                    label.apply(last.y()),
                    (int) last.x()));
      }
    }
    return words.toString();
  }

  /** A loss that overflowed has no place on a scale. */
  private Series series(String name, ToDoubleFunction<Epoch> figure, DoubleFunction<String> value) {
    return new Series(
        name,
        name,
        epochs.stream()
            .filter(epoch -> Double.isFinite(figure.applyAsDouble(epoch)))
            .map(
                epoch ->
                    new Plot.Point(
                        epoch.number(),
                        figure.applyAsDouble(epoch),
                        "%s, epoch %d: %s"
                            .formatted(
                                name, epoch.number(), value.apply(figure.applyAsDouble(epoch)))))
            .toList());
  }

  private static DoubleStream values(List<Series> series) {
    return series.stream().flatMap(one -> one.points().stream()).mapToDouble(Plot.Point::y);
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
