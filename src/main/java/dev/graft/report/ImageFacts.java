package dev.graft.report;

import static dev.graft.report.Html.css;
import static dev.graft.report.Html.group;
import static dev.graft.report.Html.tag;
import static dev.graft.report.Html.text;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** The images: how many of each class, duplicates, augmentation, and which files were left out. */
final class ImageFacts {
  private static final int MOST_ROWS = 200;

  private final ReportData.Images images;

  ImageFacts(ReportData.Images images) {
    this.images = images;
  }

  private Examples examples() {
    return images.examples();
  }

  Section toSection() {
    return Section.of(
        "images",
        Words.title(examples().many()),
        balance(),
        Page.sentences(images.notes()),
        images.classes().isEmpty() ? group() : counts(),
        tag("h3", "Duplicates"),
        duplicates(),
        images.contactSheet().isEmpty() ? group() : sheet(),
        tag("h3", "Left out"),
        rejected());
  }

  private Html duplicates() {
    List<ReportData.Duplicate> duplicates = images.duplicates();
    if (duplicates.isEmpty()) {
      return tag(
          "p",
          "No %s is, byte for byte, in two parts of the split or of two classes."
              .formatted(examples().one()));
    }
    List<Html> rows = new ArrayList<>();
    duplicates.stream()
        .limit(MOST_ROWS)
        .forEach(same -> same.copies().forEach(copy -> rows.add(row(same, copy))));
    int more = duplicates.size() - MOST_ROWS;
    return group(
        tag(
            "p",
            css("proof bad"),
            text(
                "%s, byte for byte, in several parts of the split or of several classes: what validates or tests should not train, and each %s should be of one class."
                    .formatted(
                        Words.count(
                            duplicates.size(),
                            examples().one() + " is",
                            examples().many() + " are"),
                        examples().one()))),
        Page.table(
            "Files of the same bytes",
            "duplicates",
            Page.headings("path", "part", "class", "SHA-256"),
            rows),
        more > 0 ? tag("p", "… and " + Words.count(more) + " more.") : group());
  }

  private static Html row(ReportData.Duplicate same, ReportData.Copy copy) {
    boolean first = same.copies().get(0) == copy;
    return tag(
        "tr",
        css(first ? "first" : "again"),
        tag("th", Html.attribute("scope", "row"), Html.path(copy.path())),
        tag("td", css("words"), text(copy.part())),
        tag("td", css("words"), Html.name(copy.label())),
        tag("td", first ? tag("code", NetworkFacts.shortened(same.sha256())) : text("")));
  }

  private Html sheet() {
    List<Html> rows =
        images.contactSheet().stream()
            .map(
                row ->
                    group(
                        picture(row.original(), row.path(), "original"),
                        group(
                            row.views().stream()
                                .map(view -> picture(view, "a view of " + row.path(), ""))
                                .toList())))
            .map(row -> tag("div", css("views"), row))
            .toList();
    return group(
        tag("h3", "Augmentation"),
        tag("p", "Training images as they are, then some of their views."),
        group(rows));
  }

  private static Html picture(Thumbnail picture, String described, String caption) {
    return tag(
        "figure",
        Gallery.picture(picture, described),
        caption.isEmpty() ? group() : tag("figcaption", caption));
  }

  private Html balance() {
    List<ReportData.ClassCount> sorted = smallestFirst();
    if (sorted.size() < 2) {
      return tag("p", examples().count(images.all().total()) + ".");
    }
    ReportData.ClassCount smallest = sorted.get(0);
    ReportData.ClassCount largest = sorted.get(sorted.size() - 1);
    if (smallest.total() == largest.total()) {
      return tag("p", "Every class has %s.".formatted(examples().count(largest.total())));
    }
    return tag(
        "p",
        text("Smallest class: "),
        tag("strong", Html.name(smallest.label())),
        text(" with %s. Largest: ".formatted(examples().count(smallest.total()))),
        tag("strong", Html.name(largest.label())),
        text(" with %s.".formatted(examples().count(largest.total()))));
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
            ? Words.title(examples().many()) + " of each class"
            : "%s of the %d smallest of %s classes"
                .formatted(
                    Words.title(examples().many()),
                    MOST_ROWS,
                    Words.count(images.classes().size()));
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
        tag("th", Html.attribute("scope", "row"), text("all " + examples().many())),
        tag("td", ""),
        tag("td", Words.count(images.all().training())),
        tag("td", Words.count(images.all().validation())),
        tag("td", Words.count(images.all().test())),
        tag("td", Words.count(images.all().total())));
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
