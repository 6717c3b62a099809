package dev.graft.report;

import static dev.graft.report.Html.css;
import static dev.graft.report.Html.group;
import static dev.graft.report.Html.tag;
import static dev.graft.report.Html.text;

import dev.graft.metrics.ClassEvaluation;
import dev.graft.metrics.Evaluation;
import dev.graft.metrics.LabelEvaluation;
import dev.graft.metrics.NumberEvaluation;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.DoubleFunction;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/** The head of the page: the run's name, what came out in words, and the figures that matter. */
final class Summary {
  private final ReportData data;
  private final Examples examples;
  private final NetworkFacts network;
  private final Origins origin;

  Summary(ReportData data) {
    this.data = data;
    this.examples = data.images().examples();
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
    Evaluation after = data.outcome().after();
    return tag(
        "p",
        css("lead"),
        text("The head "),
        tag("code", data.network().head()),
        text(" on "),
        tag("strong", Html.name(data.network().backbone())),
        text(
            " was trained for %s on %s %s. "
                .formatted(
                    Words.count(trainedEpochs(), "epoch", "epochs"),
                    examples.count(data.images().all().training()),
                    after instanceof NumberEvaluation
                        ? "with %s each".formatted(kinds(after))
                        : "of " + kinds(after))),
        text(outcome(after)));
  }

  private long trainedEpochs() {
    return data.outcome().history().epochs().stream().filter(epoch -> epoch.number() > 0).count();
  }

  private static String kinds(Evaluation evaluation) {
    int count = evaluation.labels().size();
    if (evaluation instanceof ClassEvaluation) {
      return Words.count(count, "class", "classes");
    }
    return evaluation instanceof LabelEvaluation
        ? Words.count(count, "label", "labels")
        : Words.count(count, "number", "numbers");
  }

  private String outcome(Evaluation after) {
    String images = examples.count(after.examples(), "validation");
    if (after instanceof NumberEvaluation numbers) {
      return "On %s it is off by %s on average, and explains %s of the variance%s."
          .formatted(
              images,
              Words.number(numbers.mae()),
              Words.percent(numbers.r2()),
              test(test -> "; on %s by " + Words.number(((NumberEvaluation) test).mae())));
    }
    if (after instanceof LabelEvaluation labels) {
      return "On %s it is right about %s of the labels, and about all of %s%s."
          .formatted(
              images,
              Words.percent(labels.accuracy()),
              Words.percent(labels.exactMatch()),
              test(test -> "; on %s about " + Words.percent(test.accuracy())));
    }
    return "It names the right class for %s of %s, %s%s.%s"
        .formatted(
            Words.count(Math.round(after.accuracy() * after.examples())),
            images,
            Words.percent(after.accuracy()),
            data.outcome()
                .before()
                .map(before -> "; before training it was " + Words.percent(before.accuracy()))
                .orElse(""),
            test(
                test ->
                    " Of %s, looked at once at the end, it names "
                        + Words.percent(test.accuracy())
                        + "."));
  }

  /** Words about the test images, whose number takes the place of {@code %s}. */
  private String test(Function<Evaluation, String> words) {
    return data.outcome()
        .test()
        .map(test -> words.apply(test).replace("%s", examples.count(test.examples(), "test")))
        .orElse("");
  }

  private List<Html> tiles() {
    Evaluation after = data.outcome().after();
    List<Html> tiles = new ArrayList<>();
    if (after instanceof NumberEvaluation numbers) {
      tiles.add(
          tile(
              "Mean absolute error", Words.number(numbers.mae()), "validation " + examples.many()));
      tiles.add(tile("R²", Words.decimal(numbers.r2()), "1 is perfect"));
    } else {
      tiles.add(
          tile(
              "Validation accuracy",
              Words.percent(after.accuracy()),
              before(ReportData.Headline::accuracy, Words::percent)));
    }
    if (after instanceof ClassEvaluation classes && classes.labels().size() > 10) {
      tiles.add(tile("Top 5", Words.percent(classes.topAccuracy(5)), "validation accuracy"));
    }
    if (after instanceof LabelEvaluation labels) {
      tiles.add(
          tile(
              "All labels right", Words.percent(labels.exactMatch()), "of the " + examples.many()));
    }
    data.outcome()
        .test()
        .filter(test -> !(test instanceof NumberEvaluation))
        .ifPresent(
            test ->
                tiles.add(
                    tile(
                        "Test accuracy",
                        Words.percent(test.accuracy()),
                        examples.count(test.examples()))));
    tiles.add(
        tile(
            "Validation loss",
            Words.decimal(after.loss()),
            before(ReportData.Headline::loss, Words::decimal)));
    tiles.add(
        tile(
            Words.title(examples.many()),
            Words.count(data.images().all().total()),
            kinds(after) + leftOut()));
    tiles.add(
        tile(
            "Parameters trained",
            Words.magnitude(network.trainedParameters()),
            "of " + Words.magnitude(network.allParameters())));
    tiles.add(tile("Time", Words.time(origin.total()), longestPhase()));
    return tiles;
  }

  private String before(
      ToDoubleFunction<ReportData.Headline> figure, DoubleFunction<String> words) {
    return data.outcome()
        .before()
        .map(before -> words.apply(figure.applyAsDouble(before)) + " before training")
        .orElse("");
  }

  private String leftOut() {
    int rejected = data.images().rejected().size();
    return rejected == 0 ? "" : ", " + Words.count(rejected, "file", "files") + " left out";
  }

  private String longestPhase() {
    return data.origin().costs().stream()
        .max(Comparator.comparing(ReportData.PhaseCost::time))
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
