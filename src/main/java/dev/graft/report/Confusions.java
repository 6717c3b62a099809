package dev.graft.report;

import static dev.graft.report.Html.attribute;
import static dev.graft.report.Html.css;
import static dev.graft.report.Html.group;
import static dev.graft.report.Html.tag;
import static dev.graft.report.Html.text;

import dev.graft.metrics.ConfusionMatrix;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/** The confusion matrix while it can be read, and the most frequent confusions. */
final class Confusions {
  /** A larger matrix is unreadable; the list stands alone then. */
  private static final int MOST_CLASSES = 50;

  /** Up to this many classes there is room for the shares. */
  private static final int MOST_CLASSES_WITH_SHARES = 12;

  /** A longer label is turned to fit above its column. */
  private static final int SHORT_LABEL = 4;

  private static final int LONGEST_LIST = 15;

  private final Examples examples;
  private final ConfusionMatrix matrix;
  private final int size;

  Confusions(ConfusionMatrix matrix, Examples examples) {
    this.examples = examples;
    this.matrix = matrix;
    this.size = matrix.labels().size();
  }

  private record Confusion(int actual, int predicted, int count) {}

  Section toSection() {
    List<Confusion> confusions = confusions();
    return Section.of(
        "confusion",
        "Confusion",
        size > MOST_CLASSES
            ? tag(
                "p",
                Words.count(size)
                    + " classes are too many for a matrix; these are the most frequent confusions.")
            : tag(
                "p",
                "A row holds the %s of one class, a column those that the model took for it. Shares and shades are of the row."
                    .formatted(examples.many())),
        tag(
            "div",
            css("beside"),
            size > MOST_CLASSES ? group() : table(),
            confusions.isEmpty()
                ? tag("p", "No %s was taken for another class.".formatted(examples.one()))
                : list(confusions)));
  }

  private Html table() {
    boolean small = size <= MOST_CLASSES_WITH_SHARES;
    return Page.table(
        "Confusion matrix",
        "matrix" + (small ? "" : " dense") + (hasLongLabels() ? " turned" : ""),
        head(),
        IntStream.range(0, size).mapToObj(actual -> row(actual, small)).toList());
  }

  private boolean hasLongLabels() {
    return matrix.labels().stream().anyMatch(label -> label.length() > SHORT_LABEL);
  }

  private Html head() {
    return tag(
        "tr",
        tag("td", css("corner"), text("actual ↓"), tag("br"), text("predicted →")),
        group(
            matrix.labels().stream()
                .map(label -> tag("th", attribute("scope", "col"), tag("span", Html.name(label))))
                .toList()));
  }

  private Html row(int actual, boolean shares) {
    return tag(
        "tr",
        Page.rowHead(matrix.labels().get(actual)),
        group(
            IntStream.range(0, size)
                .mapToObj(predicted -> cell(actual, predicted, shares))
                .toList()));
  }

  private Html cell(int actual, int predicted, boolean shares) {
    int count = matrix.count(actual, predicted);
    if (count == 0) {
      return tag("td", css(actual == predicted ? "right" : "none"), text("0"));
    }
    double share = (double) count / matrix.support(actual);
    return tag(
        "td",
        css(actual == predicted ? "right" : "wrong"),
        attribute(
            "title",
            "%s taken for %s: %s, %s of the class"
                .formatted(
                    matrix.labels().get(actual),
                    matrix.labels().get(predicted),
                    Words.count(count),
                    Words.percent(share))),
        attribute("style", Words.format("--share:%.3f", share)),
        text(Words.count(count)),
        shares ? tag("small", Words.format("%.0f%%", 100 * share)) : group());
  }

  private List<Confusion> confusions() {
    List<Confusion> confusions = new ArrayList<>();
    for (int actual = 0; actual < size; actual++) {
      for (int predicted = 0; predicted < size; predicted++) {
        int count = matrix.count(actual, predicted);
        if (actual != predicted && count > 0) {
          confusions.add(new Confusion(actual, predicted, count));
        }
      }
    }
    confusions.sort(Comparator.comparingInt(Confusion::count).reversed()); // stable
    return confusions;
  }

  private Html list(List<Confusion> confusions) {
    List<Html> rows = confusions.stream().limit(LONGEST_LIST).map(this::row).toList();
    String caption =
        confusions.size() > LONGEST_LIST
            ? "The %d most frequent of %s kinds of confusion"
                .formatted(LONGEST_LIST, Words.count(confusions.size()))
            : "All confusions, most frequent first";
    Html head = Page.headings("actual", "predicted", examples.many(), "of the class");
    return Page.table(caption, "confusions", head, rows);
  }

  private Html row(Confusion confusion) {
    return tag(
        "tr",
        Page.rowHead(matrix.labels().get(confusion.actual())),
        tag("td", css("words"), Html.name(matrix.labels().get(confusion.predicted()))),
        tag("td", Words.count(confusion.count())),
        tag("td", Words.percent((double) confusion.count() / matrix.support(confusion.actual()))));
  }
}
