package dev.graft.report;

import static dev.graft.report.Html.attribute;
import static dev.graft.report.Html.css;
import static dev.graft.report.Html.group;
import static dev.graft.report.Html.tag;
import static dev.graft.report.Html.text;

import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Lines over epochs as an SVG element. Text is text and colours are the page's, so that the chart
 * follows light, dark and print, can be read aloud, and is the same on every machine; a charting
 * library on java.awt draws the letters of whatever font is installed as outlines.
 *
 * @param description the chart in words
 * @param series the lines
 * @param boundaries where a phase of training begins
 * @param label how a value reads on the vertical axis
 */
record LineChart(
    String description,
    List<Series> series,
    List<Boundary> boundaries,
    Axis horizontal,
    Axis vertical,
    DoubleFunction<String> label) {
  private static final int WIDTH = 420;
  private static final int HEIGHT = 260;
  private static final int LEFT = 46;
  private static final int RIGHT = 14;
  private static final int TOP = 30;
  private static final int BOTTOM = 40;

  /** A line; {@code style} is the class that gives its colour. */
  record Series(String name, String style, List<Point> points) {}

  /** A finite value at an epoch. */
  record Point(int epoch, double value) {}

  /** The epoch in which a phase begins. */
  record Boundary(int epoch, String phase) {}

  Html toHtml() {
    return tag(
        "svg",
        attribute("viewBox", "0 0 " + WIDTH + " " + HEIGHT),
        attribute("role", "img"),
        attribute("aria-label", description),
        grid(),
        phases(),
        group(series.stream().map(this::line).toList()),
        legend());
  }

  private Html grid() {
    List<Html> parts = new ArrayList<>();
    for (double tick : vertical.ticks()) {
      parts.add(line("grid", LEFT, y(tick), WIDTH - RIGHT, y(tick)));
      parts.add(words(label.apply(tick), "end", LEFT - 7, y(tick) + 4));
    }
    for (double tick : horizontal.ticks()) {
      parts.add(words(Words.count((long) tick), "middle", x(tick), HEIGHT - BOTTOM + 18));
    }
    parts.add(words("epoch", "middle", (LEFT + WIDTH - RIGHT) / 2.0, HEIGHT - 5));
    return group(parts);
  }

  private Html phases() {
    return group(
        boundaries.stream()
            .map(
                boundary ->
                    group(
                        line("phase", x(boundary.epoch()), TOP, x(boundary.epoch()), y(low())),
                        words(boundary.phase(), "middle", x(boundary.epoch()), TOP - 4)))
            .toList());
  }

  private double low() {
    return vertical.low();
  }

  private Html line(Series one) {
    String path =
        one.points().stream()
            .map(point -> number(x(point.epoch())) + " " + number(y(point.value())))
            .collect(Collectors.joining(" L", "M", ""));
    Stream<Html> dots = one.points().stream().map(point -> dot(one, point));
    return one.points().isEmpty()
        ? group()
        : group(
            tag("path", css("line " + one.style()), attribute("d", path)),
            group(one.points().size() > 40 ? List.of() : dots.toList()));
  }

  private Html dot(Series one, Point point) {
    return tag(
        "circle",
        css("dot " + one.style()),
        attribute("cx", number(x(point.epoch()))),
        attribute("cy", number(y(point.value()))),
        attribute("r", "2.6"));
  }

  private Html legend() {
    List<Html> parts = new ArrayList<>();
    double x = LEFT;
    for (Series one : series) {
      parts.add(line("line " + one.style(), x, 12, x + 22, 12));
      parts.add(words(one.name(), "start", x + 28, 16));
      x += 115;
    }
    return group(parts);
  }

  private static Html line(String style, double x1, double y1, double x2, double y2) {
    return tag(
        "line",
        css(style),
        attribute("x1", number(x1)),
        attribute("y1", number(y1)),
        attribute("x2", number(x2)),
        attribute("y2", number(y2)));
  }

  private static Html words(String words, String anchor, double x, double y) {
    return tag(
        "text",
        attribute("text-anchor", anchor),
        attribute("x", number(x)),
        attribute("y", number(y)),
        text(words));
  }

  private double x(double epoch) {
    return LEFT + horizontal.position(epoch) * (WIDTH - LEFT - RIGHT);
  }

  private double y(double value) {
    return HEIGHT - BOTTOM - vertical.position(value) * (HEIGHT - TOP - BOTTOM);
  }

  private static String number(double pixels) {
    return Words.format("%.1f", pixels);
  }
}
