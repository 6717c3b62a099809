package dev.graft.report;

import static dev.graft.report.Html.css;
import static dev.graft.report.Html.group;
import static dev.graft.report.Html.tag;
import static dev.graft.report.Html.text;

import dev.graft.metrics.ClassEvaluation;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** The head of the page: the run's name, what came out in words, and the figures that matter. */
final class Summary {
  private final ReportData data;
  private final ImageFacts images;
  private final NetworkFacts network;
  private final Origins origin;

  Summary(ReportData data) {
    this.data = data;
    this.images = new ImageFacts(data.images());
    this.network = new NetworkFacts(data.network());
    this.origin = new Origins(data.origin());
  }

  Html toHtml() {
    return tag(
        "header",
        tag("p", css("kind"), text("Training report")),
        tag("h1", Html.name(data.name())),
        words(),
        tag("div", css("tiles"), group(tiles())));
  }

  private Html words() {
    ClassEvaluation after = data.outcome().after();
    return tag(
        "p",
        css("lead"),
        text("The head "),
        tag("code", data.network().head()),
        text(" on "),
        tag("strong", Html.name(data.network().backbone())),
        text(
            " was trained for %s on %s of %s. It names the right class for %s of %s, %s"
                .formatted(
                    Words.count(trainedEpochs(), "epoch", "epochs"),
                    Words.count(images.sum(ReportData.ClassCount::training), "image", "images"),
                    Words.count(after.labels().size(), "class", "classes"),
                    Words.count(correct(after)),
                    Words.count(after.examples(), "validation image", "validation images"),
                    Words.percent(after.accuracy()))),
        text(
            data.outcome()
                .before()
                .map(before -> "; before training it was " + Words.percent(before.accuracy()) + ".")
                .orElse(".")),
        text(
            data.outcome()
                .test()
                .map(
                    test ->
                        " Of %s, looked at once at the end, it names %s."
                            .formatted(
                                Words.count(test.examples(), "test image", "test images"),
                                Words.percent(test.accuracy())))
                .orElse("")));
  }

  private long trainedEpochs() {
    return data.outcome().history().epochs().stream().filter(epoch -> epoch.number() > 0).count();
  }

  private static long correct(ClassEvaluation evaluation) {
    return Math.round(evaluation.accuracy() * evaluation.examples());
  }

  private List<Html> tiles() {
    ClassEvaluation after = data.outcome().after();
    List<Html> tiles = new ArrayList<>();
    tiles.add(
        tile(
            "Validation accuracy",
            Words.percent(after.accuracy()),
            data.outcome()
                .before()
                .map(before -> Words.percent(before.accuracy()) + " before training")
                .orElse("")));
    data.outcome()
        .test()
        .ifPresent(
            test ->
                tiles.add(
                    tile(
                        "Test accuracy",
                        Words.percent(test.accuracy()),
                        Words.count(test.examples(), "image", "images"))));
    tiles.add(
        tile(
            "Validation loss",
            Words.decimal(after.loss()),
            data.outcome()
                .before()
                .map(before -> Words.decimal(before.loss()) + " before training")
                .orElse("")));
    tiles.add(
        tile(
            "Images",
            Words.count(images.sum(ReportData.ClassCount::total)),
            Words.count(after.labels().size(), "class", "classes") + leftOut()));
    tiles.add(
        tile(
            "Parameters trained",
            Words.magnitude(network.trainedParameters()),
            "of " + Words.magnitude(network.allParameters())));
    tiles.add(tile("Time", Words.time(origin.total()), longestPhase()));
    return tiles;
  }

  private String leftOut() {
    int rejected = data.images().rejected().size();
    return rejected == 0 ? "" : ", " + Words.count(rejected, "file", "files") + " left out";
  }

  private String longestPhase() {
    return data.origin().times().stream()
        .max(Comparator.comparing(ReportData.PhaseTime::time))
        .map(longest -> Words.time(longest.time()) + " in " + longest.phase())
        .orElse("");
  }

  private static Html tile(String name, String figure, String note) {
    return tag(
        "div",
        css("tile"),
        tag("span", css("label"), text(name)),
        tag("span", css("figure"), text(figure)),
        tag("span", css("note"), text(note)));
  }
}
