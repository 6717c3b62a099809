package dev.graft.report;

import static dev.graft.report.Html.attribute;
import static dev.graft.report.Html.css;
import static dev.graft.report.Html.group;
import static dev.graft.report.Html.tag;
import static dev.graft.report.Html.text;

import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** The recurring parts of the page. */
final class Page {
  private Page() {}

  /** What a style stands for, in a legend. */
  static Html key(String style, Html words) {
    return tag(
        "span",
        css("key"),
        tag("span", css("swatch " + style), attribute("aria-hidden", "true")),
        words);
  }

  /** Long material that only some readers want. */
  static Html details(String title, Html... content) {
    return tag("details", tag("summary", title), group(content));
  }

  /** A table that scrolls by itself where the screen is narrow; it can be reached by keyboard. */
  static Html table(String caption, Html head, List<Html> rows) {
    return table(caption, "", head, rows);
  }

  static Html table(String caption, String classes, Html head, List<Html> rows) {
    return tag(
        "div",
        css("scroll"),
        attribute("tabindex", "0"),
        attribute("role", "region"),
        attribute("aria-label", caption),
        tag(
            "table",
            css(classes),
            tag("caption", caption),
            tag("thead", head),
            tag("tbody", group(rows))));
  }

  static Html headings(String... titles) {
    return tag(
        "tr",
        group(
            Arrays.stream(titles)
                .map(title -> tag("th", attribute("scope", "col"), text(title)))
                .toList()));
  }

  /** The head of a row: a name that somebody else chose. */
  static Html rowHead(String name) {
    return tag("th", attribute("scope", "row"), Html.name(name));
  }

  /** A bar whose length is a share, 0 to 1. */
  static Html bar(String classes, double share) {
    return tag(
        "span",
        css("bar " + classes),
        attribute("aria-hidden", "true"),
        attribute("style", Words.format("--share:%.4f", share)));
  }

  static Html pairs(String caption, Map<String, String> pairs) {
    List<Html> rows =
        pairs.entrySet().stream()
            .map(
                pair ->
                    tag(
                        "tr",
                        rowHead(pair.getKey()),
                        tag("td", css("words"), Html.name(pair.getValue()))))
            .toList();
    return table(caption, "pairs", headings("name", "value"), rows);
  }

  static Html sentences(List<String> sentences) {
    return group(sentences.stream().map(sentence -> tag("p", sentence)).toList());
  }
}
