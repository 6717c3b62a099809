package dev.graft.report;

import static dev.graft.report.Html.attribute;
import static dev.graft.report.Html.css;
import static dev.graft.report.Html.group;
import static dev.graft.report.Html.tag;
import static dev.graft.report.Html.text;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** The command that repeats the run, its settings and versions, and where the time went. */
final class Origins {
  private final ReportData.Origin origin;

  Origins(ReportData.Origin origin) {
    this.origin = origin;
  }

  Duration total() {
    return origin.costs().stream()
        .map(ReportData.PhaseCost::time)
        .reduce(Duration.ZERO, Duration::plus);
  }

  Html toHtml() {
    return Page.section(
        "origin",
        "Repeat it",
        tag("pre", attribute("tabindex", "0"), tag("code", origin.command())),
        tag(
            "div",
            css("columns"),
            group(Page.pairs("Settings", origin.settings())),
            tag("div", times(), Page.pairs("Versions", origin.versions()))));
  }

  private Html times() {
    long total = Math.max(1, total().toMillis());
    List<Html> rows = new ArrayList<>();
    for (ReportData.PhaseCost one : origin.costs()) {
      rows.add(
          tag(
              "tr",
              Page.rowHead(one.phase()),
              tag("td", css("stack"), Page.bar("training", (double) one.time().toMillis() / total)),
              tag("td", Words.time(one.time()))));
    }
    rows.add(
        tag(
            "tr",
            css("total"),
            tag("th", attribute("scope", "row"), text("all")),
            tag("td", ""),
            tag("td", Words.time(total()))));
    return Page.table("Time by phase", "times", Page.headings("phase", "", "time"), rows);
  }
}
