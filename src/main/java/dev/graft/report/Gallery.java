package dev.graft.report;

import static dev.graft.report.Html.attribute;
import static dev.graft.report.Html.css;
import static dev.graft.report.Html.group;
import static dev.graft.report.Html.tag;
import static dev.graft.report.Html.text;

import dev.graft.metrics.ClassPrediction;
import dev.graft.metrics.LabelEvaluation.LabelMistake;
import dev.graft.metrics.Mistake;
import dev.graft.metrics.NumberEvaluation.Miss;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Examples, of images their pictures, with what the model said of them. */
final class Gallery {
  /** Keeps the page small, whatever the evaluation holds. */
  private static final int MOST = 48;

  private final Examples examples;
  private final Map<String, Thumbnail> thumbnails;

  Gallery(Map<String, Thumbnail> thumbnails, Examples examples) {
    this.examples = examples;
    this.thumbnails = thumbnails;
  }

  /**
   * @param wrong how many there are in all
   */
  Html mistakes(List<Mistake> mistakes, int wrong) {
    return group(
        tag("p", summary(Math.min(MOST, mistakes.size()), wrong)),
        pictures(
            mistakes,
            one ->
                figure(
                    one.path(),
                    "%s, taken for %s".formatted(one.actual(), one.predicted()),
                    said("wrong", "said ", one.predicted(), Words.percent(one.probability())),
                    tag("span", text("is "), Html.name(one.actual())))));
  }

  private String summary(int shown, int wrong) {
    String total = examples.count(wrong);
    if (wrong == 0) {
      return "No %s was given a wrong class.".formatted(examples.one());
    }
    return shown < wrong
        ? "The %d of %s with a wrong class that the model was surest about.".formatted(shown, total)
        : "%s with a wrong class, the surest first.".formatted(total);
  }

  Html hits(List<ClassPrediction> hits, List<String> labels) {
    return group(
        tag("p", "Right answers that could easily have been others, the least sure first."),
        pictures(
            hits,
            hit -> {
              String label = labels.get(hit.predicted());
              int second = second(hit);
              return figure(
                  hit.path(),
                  label + ", rightly",
                  said("", "", label, Words.percent(hit.probability(hit.predicted()))),
                  tag(
                      "span",
                      text("then "),
                      Html.name(labels.get(second)),
                      text(" " + Words.percent(hit.probability(second)))));
            }));
  }

  private static int second(ClassPrediction hit) {
    int second = hit.predicted() == 0 ? 1 : 0;
    for (int i = 0; i < hit.classes(); i++) {
      if (i != hit.predicted() && hit.probability(i) > hit.probability(second)) {
        second = i;
      }
    }
    return second;
  }

  Html labelMistakes(List<LabelMistake> mistakes) {
    return group(
        tag("p", "Labels wrongly given or withheld, the surest first."),
        pictures(
            mistakes,
            one ->
                figure(
                    one.path(),
                    one.label() + (one.given() ? ", wrongly given" : ", missed"),
                    said(
                        "wrong",
                        one.given() ? "gave " : "missed ",
                        one.label(),
                        Words.percent(one.probability())),
                    group())));
  }

  Html misses(List<Miss> misses) {
    return group(
        tag("p", "Predictions that are furthest off."),
        pictures(
            misses,
            one ->
                figure(
                    one.path(),
                    "%s, predicted %s"
                        .formatted(Words.number(one.actual()), Words.number(one.predicted())),
                    said("wrong", "said ", Words.number(one.predicted()), ""),
                    tag(
                        "span",
                        text("is " + Words.number(one.actual()) + " ("),
                        Html.name(one.label()),
                        text(")")))));
  }

  private static <T> Html pictures(List<T> all, Function<T, Html> figure) {
    return tag("div", css("gallery"), group(all.stream().limit(MOST).map(figure).toList()));
  }

  private static Html said(String style, String verb, String what, String share) {
    return tag(
        "span",
        css("said " + style),
        text(verb),
        Html.name(what),
        text(" "),
        share.isEmpty() ? group() : tag("b", share));
  }

  private Html figure(String path, String described, Html said, Html more) {
    return tag(
        "figure",
        examples == Examples.IMAGES
            ? picture(thumbnails.getOrDefault(path, Thumbnail.unreadable()), described)
            : group(),
        tag("figcaption", said, more, tag("span", css("path"), Html.path(path))));
  }

  static Html picture(Thumbnail picture, String described) {
    return tag(
        "img",
        css(picture.isTiny() ? "tiny" : ""),
        attribute("src", picture.dataUri()),
        attribute("alt", described),
        attribute("width", "" + picture.width()),
        attribute("height", "" + picture.height()));
  }
}
