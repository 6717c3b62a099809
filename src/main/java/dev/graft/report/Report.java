package dev.graft.report;

import static dev.graft.report.Html.attribute;
import static dev.graft.report.Html.group;
import static dev.graft.report.Html.tag;
import static dev.graft.report.Html.text;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;

/**
 * Renders a training run as one HTML page: no network, no script, light and dark, on a phone and on
 * paper. The same data gives the same bytes. Safe for use by several threads.
 *
 * <pre>{@code
 * Report.write(data, Path.of("runs/flowers/report.html"));
 * }</pre>
 */
public final class Report {
  /** The page may load nothing, whatever a file name or label smuggles in. */
  private static final String POLICY =
      "default-src 'none'; img-src data:; style-src 'unsafe-inline'";

  private static final List<Link> CONTENTS =
      List.of(
          new Link("curves", "Curves"),
          new Link("confusion", "Confusion"),
          new Link("classes", "Classes"),
          new Link("mistakes", "Mistakes"),
          new Link("images", "Images"),
          new Link("network", "Frozen and trained"),
          new Link("origin", "Repeat it"));

  private record Link(String section, String title) {
    Html toHtml() {
      return tag("a", attribute("href", "#" + section), text(title));
    }
  }

  private Report() {}

  /** The page as a string; it is to be stored as UTF-8. */
  public static String render(ReportData data) {
    StringBuilder out = new StringBuilder("<!DOCTYPE html>\n");
    tag("html", attribute("lang", "en"), head(data.name()), body(data)).write(out);
    return out.toString();
  }

  /**
   * Writes the page beside the file and moves it there, so that a reader never sees half of it. A
   * file that exists is replaced.
   *
   * @param data what the page says
   * @param file where to put it, in a directory that exists
   * @throws IOException if it cannot be written
   */
  public static void write(ReportData data, Path file) throws IOException {
    byte[] page = render(data).getBytes(StandardCharsets.UTF_8);
    Path beside = file.resolveSibling(file.getFileName() + ".part");
    try {
      Files.write(beside, page);
      Files.move(beside, file, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(beside);
    }
  }

  private static Html head(String name) {
    return tag(
        "head",
        tag("meta", attribute("charset", "utf-8")),
        meta("viewport", "width=device-width, initial-scale=1"),
        meta("color-scheme", "light dark"),
        meta("referrer", "no-referrer"),
        tag(
            "meta",
            attribute("http-equiv", "Content-Security-Policy"),
            attribute("content", POLICY)),
        tag("title", name + " – training report"),
        new Html.Style(style()));
  }

  private static Html meta(String name, String content) {
    return tag("meta", attribute("name", name), attribute("content", content));
  }

  private static Html body(ReportData data) {
    return tag(
        "body",
        tag(
            "main",
            new Summary(data).toHtml(),
            contents(data),
            new Curves(data.outcome().history()).toHtml(),
            new Confusions(data.outcome().after().confusion()).toHtml(),
            new Classes(data.outcome().after().confusion()).toHtml(),
            new Mistakes(data.outcome().after(), data.thumbnails()).toHtml(),
            new ImageFacts(data.images()).toHtml(),
            new NetworkFacts(data.network()).toHtml(),
            new Origins(data.origin()).toHtml()));
  }

  private static Html contents(ReportData data) {
    boolean curves = !data.outcome().history().epochs().isEmpty();
    return tag(
        "nav",
        attribute("aria-label", "Sections"),
        group(
            CONTENTS.stream()
                .filter(link -> curves || !link.section().equals("curves"))
                .map(Link::toHtml)
                .toList()));
  }

  private static String style() {
    try (InputStream in = Report.class.getResourceAsStream("report.css")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("The style sheet inside the Graft jar cannot be read.", e);
    }
  }
}
