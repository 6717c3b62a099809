package dev.graft.report;

import static dev.graft.report.Html.attribute;
import static dev.graft.report.Html.css;
import static dev.graft.report.Html.group;
import static dev.graft.report.Html.tag;
import static dev.graft.report.Html.text;

import dev.graft.metrics.ClassEvaluation;
import dev.graft.metrics.Mistake;
import java.util.List;
import java.util.Map;

/** The pictures that the model got wrong and was surest about. */
final class Mistakes {
  /** Keeps the page small, whatever the evaluation holds. */
  private static final int MOST = 48;

  private final ClassEvaluation evaluation;
  private final Map<String, Thumbnail> thumbnails;

  Mistakes(ClassEvaluation evaluation, Map<String, Thumbnail> thumbnails) {
    this.evaluation = evaluation;
    this.thumbnails = thumbnails;
  }

  Html toHtml() {
    List<Mistake> shown = evaluation.worstMistakes().stream().limit(MOST).toList();
    return Page.section(
        "mistakes",
        "Worst mistakes",
        tag("p", summary(shown.size())),
        tag("div", css("gallery"), group(shown.stream().map(this::figure).toList())));
  }

  private String summary(int shown) {
    int wrong =
        evaluation.examples() - (int) Math.round(evaluation.accuracy() * evaluation.examples());
    String total = Words.count(wrong, "validation image", "validation images");
    if (wrong == 0) {
      return "No validation image was given a wrong class.";
    }
    return shown < wrong
        ? "The %d of %s with a wrong class that the model was surest about.".formatted(shown, total)
        : "%s with a wrong class, the surest first.".formatted(total);
  }

  private Html figure(Mistake mistake) {
    Thumbnail picture = thumbnails.getOrDefault(mistake.path(), Thumbnail.unreadable());
    String described = "%s, taken for %s".formatted(mistake.actual(), mistake.predicted());
    return tag(
        "figure",
        tag(
            "img",
            css(picture.isTiny() ? "tiny" : ""),
            attribute("src", picture.dataUri()),
            attribute("alt", described),
            attribute("width", "" + picture.width()),
            attribute("height", "" + picture.height())),
        tag(
            "figcaption",
            tag(
                "span",
                css("said"),
                text("said "),
                Html.name(mistake.predicted()),
                text(" "),
                tag("b", Words.percent(mistake.probability()))),
            tag("span", css("is"), text("is "), Html.name(mistake.actual())),
            tag("span", css("path"), Html.path(mistake.path()))));
  }
}
