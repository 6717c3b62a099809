package dev.graft.report;

import static dev.graft.report.Html.css;
import static dev.graft.report.Html.group;
import static dev.graft.report.Html.tag;
import static dev.graft.report.Html.text;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.ToIntFunction;

/** How many images there were of each class, and which files were left out. */
final class ImageFacts {
  private static final int MOST_ROWS = 200;

  private final ReportData.Images images;

  ImageFacts(ReportData.Images images) {
    this.images = images;
  }

  int sum(ToIntFunction<ReportData.ClassCount> count) {
    return images.classes().stream().mapToInt(count).sum();
  }

  Html toHtml() {
    return Page.section(
        "images", "Images", balance(), Page.sentences(images.notes()), counts(), rejected());
  }

  private Html balance() {
    List<ReportData.ClassCount> sorted = smallestFirst();
    if (sorted.size() < 2) {
      return group();
    }
    ReportData.ClassCount smallest = sorted.get(0);
    ReportData.ClassCount largest = sorted.get(sorted.size() - 1);
    if (smallest.total() == largest.total()) {
      return tag(
          "p", "Every class has %s.".formatted(Words.count(largest.total(), "image", "images")));
    }
    return tag(
        "p",
        text("Smallest class: "),
        tag("strong", Html.name(smallest.label())),
        text(" with %s. Largest: ".formatted(Words.count(smallest.total(), "image", "images"))),
        tag("strong", Html.name(largest.label())),
        text(" with %s.".formatted(Words.count(largest.total(), "image", "images"))));
  }

  private List<ReportData.ClassCount> smallestFirst() {
    return images.classes().stream()
        .sorted(Comparator.comparingInt(ReportData.ClassCount::total))
        .toList();
  }

  private Html counts() {
    boolean all = images.classes().size() <= MOST_ROWS;
    int largest = images.classes().stream().mapToInt(ReportData.ClassCount::total).max().orElse(1);
    List<ReportData.ClassCount> shown =
        all ? images.classes() : smallestFirst().subList(0, MOST_ROWS);
    List<Html> rows = new ArrayList<>();
    shown.forEach(one -> rows.add(row(one, Math.max(1, largest))));
    rows.add(total());
    String caption =
        all
            ? "Images of each class"
            : "Images of the %d smallest of %s classes"
                .formatted(MOST_ROWS, Words.count(images.classes().size()));
    return Page.table(
        caption,
        "balance",
        Page.headings("class", "", "training", "validation", "test", "all"),
        rows);
  }

  private static Html row(ReportData.ClassCount one, int largest) {
    return tag(
        "tr",
        Page.rowHead(one.label()),
        tag(
            "td",
            css("stack"),
            Page.bar("training", (double) one.training() / largest),
            Page.bar("validation", (double) one.validation() / largest),
            Page.bar("test", (double) one.test() / largest)),
        tag("td", Words.count(one.training())),
        tag("td", Words.count(one.validation())),
        tag("td", Words.count(one.test())),
        tag("td", Words.count(one.total())));
  }

  private Html total() {
    return tag(
        "tr",
        css("total"),
        tag("th", Html.attribute("scope", "row"), text("all classes")),
        tag("td", ""),
        tag("td", Words.count(sum(ReportData.ClassCount::training))),
        tag("td", Words.count(sum(ReportData.ClassCount::validation))),
        tag("td", Words.count(sum(ReportData.ClassCount::test))),
        tag("td", Words.count(sum(ReportData.ClassCount::total))));
  }

  private Html rejected() {
    if (images.rejected().isEmpty()) {
      return tag("p", "No file was left out.");
    }
    List<Html> rows = images.rejected().stream().limit(MOST_ROWS).map(ImageFacts::row).toList();
    int more = images.rejected().size() - rows.size();
    String caption = Words.count(images.rejected().size(), "file", "files") + " left out";
    return group(
        Page.table(caption, "rejected", Page.headings("file", "reason"), rows),
        more == 0 ? group() : tag("p", "… and " + Words.count(more) + " more."));
  }

  private static Html row(ReportData.Rejected file) {
    return tag("tr", Page.rowHead(file.path()), tag("td", css("words"), Html.name(file.reason())));
  }
}
