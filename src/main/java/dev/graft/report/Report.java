package dev.graft.report;

import static dev.graft.report.Html.attribute;
import static dev.graft.report.Html.css;
import static dev.graft.report.Html.tag;
import static dev.graft.report.Html.text;

import dev.graft.metrics.ClassEvaluation;
import dev.graft.metrics.ClassPrediction;
import dev.graft.metrics.Evaluation;
import dev.graft.metrics.LabelEvaluation;
import dev.graft.metrics.NumberEvaluation;
import dev.graft.metrics.Prediction;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

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

  private Report() {}

  /** The page as a string; it is to be stored as UTF-8. */
  public static String render(ReportData data) {
    StringBuilder out = new StringBuilder("<!DOCTYPE html>\n");
    tag("html", attribute("lang", "en"), head(data.name() + " – training report"), body(data))
        .write(out);
    return out.toString();
  }

  /**
   * An evaluation of a model as a page of the same kind; it is to be stored as UTF-8. Its pictures
   * are made of the files that the predictions name.
   *
   * @param name for the heading
   * @param predictions that the evaluation is made of
   */
  public static String render(
      String name, Evaluation evaluation, List<? extends Prediction> predictions) {
    Map<String, Thumbnail> thumbnails = new LinkedHashMap<>();
    for (String path : SavedRun.shown(evaluation, predictions)) {
      thumbnails.put(path, Thumbnail.of(Path.of(path)));
    }
    StringBuilder out = new StringBuilder("<!DOCTYPE html>\n");
    tag(
            "html",
            attribute("lang", "en"),
            head(name + " – evaluation"),
            tag(
                "body",
                tag(
                    "main",
                    tag(
                        "header",
                        tag("p", css("kind"), text("Evaluation")),
                        tag("h1", Html.name(name)),
                        tag("p", css("lead"), text(evaluation.summary() + "."))),
                    Section.all(
                        answers(
                            evaluation,
                            predictions,
                            new Gallery(thumbnails, Examples.IMAGES),
                            Examples.IMAGES)))))
        .write(out);
    return out.toString();
  }

  /** Several runs side by side, as a page of the same kind; it is to be stored as UTF-8. */
  public static String compare(List<ReportData> runs) {
    StringBuilder out = new StringBuilder("<!DOCTYPE html>\n");
    tag(
            "html",
            attribute("lang", "en"),
            head(runs.size() + " runs – training report"),
            tag("body", tag("main", new Comparison(runs).toHtml())))
        .write(out);
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
    write(render(data), file);
  }

  /**
   * Writes a page beside the file and moves it there. A file that exists is replaced.
   *
   * @throws IOException if it cannot be written
   */
  public static void write(String text, Path file) throws IOException {
    byte[] page = text.getBytes(StandardCharsets.UTF_8);
    Path beside = file.resolveSibling(file.getFileName() + ".part");
    try {
      Files.write(beside, page);
      Files.move(beside, file, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(beside);
    }
  }

  private static Html head(String title) {
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
        tag("title", title),
        new Html.Style(style()));
  }

  private static Html meta(String name, String content) {
    return tag("meta", attribute("name", name), attribute("content", content));
  }

  private static Html body(ReportData data) {
    Examples examples = data.images().examples();
    List<Section> sections = new ArrayList<>(new Curves(data.outcome().history()).toSections());
    sections.addAll(
        answers(
            data.outcome().after(),
            data.outcome().predictions(),
            new Gallery(data.thumbnails(), examples),
            examples));
    sections.add(new ImageFacts(data.images()).toSection());
    sections.add(new NetworkFacts(data.network()).toSection());
    sections.add(new Origins(data.origin()).toSection());
    return tag("body", tag("main", new Summary(data).toHtml(), Section.all(sections)));
  }

  private static List<Section> answers(
      Evaluation after,
      List<? extends Prediction> predictions,
      Gallery gallery,
      Examples examples) {
    if (after instanceof ClassEvaluation classes) {
      return answers(classes, predictions, gallery, examples);
    }
    return after instanceof LabelEvaluation labels
        ? answers(labels, gallery, examples)
        : answers((NumberEvaluation) after, predictions, gallery, examples);
  }

  private static List<Section> answers(
      ClassEvaluation after,
      List<? extends Prediction> predictions,
      Gallery gallery,
      Examples examples) {
    int wrong = after.examples() - (int) Math.round(after.accuracy() * after.examples());
    List<Section> sections = new ArrayList<>();
    sections.add(new Confusions(after.confusion(), examples).toSection());
    sections.add(Classes.of(after, examples).toSection());
    sections.addAll(new ScoreCurves(after.curves(), true).toSections());
    sections.add(new Reliability(after.calibration()).toSection());
    sections.add(
        Section.of("mistakes", "Worst mistakes", gallery.mistakes(after.worstMistakes(), wrong)));
    List<ClassPrediction> hits = LeastCertain.of(predictions);
    if (!hits.isEmpty()) {
      sections.add(Section.of("hits", "Least certain hits", gallery.hits(hits, after.labels())));
    }
    return sections;
  }

  private static List<Section> answers(LabelEvaluation after, Gallery gallery, Examples examples) {
    List<Section> sections = new ArrayList<>();
    sections.add(Classes.of(after, examples).toSection());
    sections.addAll(new ScoreCurves(after.curves(), false).toSections());
    sections.add(new Reliability(after.calibration()).toSection());
    sections.add(
        Section.of("mistakes", "Worst mistakes", gallery.labelMistakes(after.worstMistakes())));
    return sections;
  }

  private static List<Section> answers(
      NumberEvaluation after,
      List<? extends Prediction> predictions,
      Gallery gallery,
      Examples examples) {
    return List.of(
        new Numbers(after, predictions, examples).toSection(),
        Section.of("mistakes", "Worst mistakes", gallery.misses(after.worst())));
  }

  private static String style() {
    try (InputStream in = Report.class.getResourceAsStream("report.css")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("The style sheet inside the Graft jar cannot be read.", e);
    }
  }
}
