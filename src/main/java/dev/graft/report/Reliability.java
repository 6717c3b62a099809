package dev.graft.report;

import static dev.graft.report.Html.css;
import static dev.graft.report.Html.tag;
import static dev.graft.report.Html.text;

import dev.graft.metrics.Calibration;
import java.util.List;
import java.util.function.ToDoubleFunction;

/** Whether the model's probabilities can be believed: the reliability diagram. */
final class Reliability {
  private static final int HEIGHT = 320;

  private final List<Calibration.Bin> bins;
  private final double error;
  private final long answers;

  Reliability(Calibration calibration) {
    this.bins = calibration.bins().stream().filter(bin -> bin.count() > 0).toList();
    this.error = calibration.error();
    this.answers = bins.stream().mapToLong(Calibration.Bin::count).sum();
  }

  Section toSection() {
    return Section.of(
        "calibration",
        "Calibration",
        tag("p", words()),
        tag("div", css("charts"), diagram(), histogram()),
        tag(
            "p",
            css("legend"),
            Page.key("first", text("share of right answers")),
            Page.key("chance", text("as sure as right"))));
  }

  private String words() {
    double confidence = mean(bin -> bin.confidence());
    double accuracy = mean(bin -> bin.accuracy());
    String leaning =
        Math.abs(confidence - accuracy) < 0.005
            ? "On average it is as sure as it is right."
            : "On average it is %s: %s sure, %s right."
                .formatted(
                    confidence > accuracy ? "overconfident" : "too modest",
                    Words.percent(confidence),
                    Words.percent(accuracy));
    return "Of the answers that the model holds 80%% probable, 80%% should be right. Here the two differ by %s on average (expected calibration error, %d bins). %s"
        .formatted(Words.percent(error), Calibration.BINS, leaning);
  }

  private double mean(ToDoubleFunction<Calibration.Bin> value) {
    return bins.stream().mapToDouble(bin -> value.applyAsDouble(bin) * bin.count()).sum() / answers;
  }

  private Html diagram() {
    Html plot =
        new Plot(HEIGHT, Plot.Scale.ofShares("probability"), Plot.Scale.ofShares("right"))
            .bars(
                "first",
                bins.stream()
                    .map(bin -> new Plot.Bar(bin.from(), bin.to(), bin.accuracy(), title(bin)))
                    .toList())
            .line("chance", List.of(new Plot.Point(0, 0), new Plot.Point(1, 1)))
            .toHtml(description());
    return tag("figure", plot, tag("figcaption", "Reliability"));
  }

  private static String title(Calibration.Bin bin) {
    return "%s, %s sure, %s right"
        .formatted(
            Words.count(bin.count(), "answer", "answers"),
            Words.percent(bin.confidence()),
            Words.percent(bin.accuracy()));
  }

  private String description() {
    StringBuilder words = new StringBuilder("Reliability diagram.");
    bins.forEach(bin -> words.append(' ').append(title(bin)).append('.'));
    return words.toString();
  }

  private Html histogram() {
    double most = bins.stream().mapToDouble(Calibration.Bin::count).max().orElse(1);
    Html plot =
        new Plot(
                HEIGHT,
                Plot.Scale.ofShares("probability"),
                new Plot.Scale(
                    Axis.overWholeNumbers(0, (int) most, 5),
                    "answers",
                    count -> Words.count((long) count)))
            .bars(
                "quiet",
                bins.stream()
                    .map(bin -> new Plot.Bar(bin.from(), bin.to(), bin.count(), title(bin)))
                    .toList())
            .toHtml("How many answers there are of each probability.");
    return tag("figure", plot, tag("figcaption", "How sure the model is"));
  }
}
