package dev.graft.report;

import static dev.graft.report.Html.attribute;
import static dev.graft.report.Html.group;
import static dev.graft.report.Html.tag;
import static dev.graft.report.Html.text;

import java.util.Arrays;
import java.util.List;

/**
 * A part of the page that its contents list.
 *
 * @param id of its element
 * @param title its heading
 * @param content all below the heading
 */
record Section(String id, String title, Html content) {
  static Section of(String id, String title, Html... content) {
    return new Section(id, title, group(Arrays.asList(content)));
  }

  Html toHtml() {
    return tag(
        "section",
        attribute("id", id),
        attribute("aria-labelledby", id + "-title"),
        tag("h2", attribute("id", id + "-title"), text(title)),
        content);
  }

  /** The links to sections, then the sections. */
  static Html all(List<Section> sections) {
    return group(
        tag(
            "nav",
            attribute("aria-label", "Sections"),
            group(
                sections.stream()
                    .map(one -> tag("a", attribute("href", "#" + one.id), text(one.title)))
                    .toList())),
        group(sections.stream().map(Section::toHtml).toList()));
  }
}
