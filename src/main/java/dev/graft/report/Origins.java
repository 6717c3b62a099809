package dev.graft.report;

import static dev.graft.report.Html.attribute;
import static dev.graft.report.Html.css;
import static dev.graft.report.Html.group;
import static dev.graft.report.Html.tag;
import static dev.graft.report.Html.text;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.Function;

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

  Section toSection() {
    return Section.of(
        "origin",
        "Repeat it",
        tag("pre", attribute("tabindex", "0"), tag("code", origin.command())),
        costs(),
        tag(
            "div",
            css("columns"),
            group(Page.pairs("Settings", origin.settings())),
            group(Page.pairs("Versions", origin.versions()))));
  }

  private Html costs() {
    long total = Math.max(1, total().toMillis());
    List<Html> rows = new ArrayList<>();
    for (ReportData.PhaseCost one : origin.costs()) {
      rows.add(
          tag(
              "tr",
              Page.rowHead(one.phase()),
              tag("td", css("stack"), Page.bar("training", (double) one.time().toMillis() / total)),
              tag("td", Words.time(one.time())),
              tag("td", bytes(one.resident())),
              tag("td", bytes(one.heap()))));
    }
    rows.add(
        tag(
            "tr",
            css("total"),
            tag("th", attribute("scope", "row"), text("all")),
            tag("td", ""),
            tag("td", Words.time(total())),
            tag("td", bytes(most(ReportData.PhaseCost::resident))),
            tag("td", bytes(most(ReportData.PhaseCost::heap)))));
    return Page.table(
        "Time and highest memory by phase",
        "times",
        Page.headings("phase", "", "time", "memory", "of it Java heap, at most"),
        rows);
  }

  private OptionalLong most(Function<ReportData.PhaseCost, OptionalLong> memory) {
    return origin.costs().stream().map(memory).flatMapToLong(OptionalLong::stream).max();
  }

  private static String bytes(OptionalLong bytes) {
    return bytes.isPresent() ? Words.bytes(bytes.getAsLong()) : "–";
  }
}
