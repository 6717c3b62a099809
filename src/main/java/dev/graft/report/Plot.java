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

/**
 * Lines, dots and bars between two scales as an SVG element. Text is text and colours are the
 * page's, so that a plot follows light, dark and print, can be read aloud, and is the same on every
 * machine; a charting library on java.awt draws the letters of whatever font is installed as
 * outlines. A dot or bar says its value when pointed at.
 */
final class Plot {
  private static final int LEFT = 46;
  private static final int RIGHT = 14;
  private static final int TOP = 28;
  private static final int BOTTOM = 40;

  private final int width;
  private final int height;
  private final Scale horizontal;
  private final Scale vertical;
  private final List<Html> marks = new ArrayList<>();

  /** A plot beside another: width 420. */
  Plot(int height, Scale horizontal, Scale vertical) {
    this(420, height, horizontal, vertical);
  }

  Plot(int width, int height, Scale horizontal, Scale vertical) {
    this.width = width;
    this.height = height;
    this.horizontal = horizontal;
    this.vertical = vertical;
  }

  /**
   * A scale with words.
   *
   * @param title what is measured; may be empty
   * @param label how a value reads
   */
  record Scale(Axis axis, String title, DoubleFunction<String> label) {
    /** 0 to 1 as 0% to 100%. */
    static Scale ofShares(String title) {
      return new Scale(Axis.over(0, 1, 5), title, share -> Words.format("%.0f%%", 100 * share));
    }
  }

  /** A finite place, and what it says when pointed at; empty for nothing. */
  record Point(double x, double y, String title) {
    Point(double x, double y) {
      this(x, y, "");
    }
  }

  /** A bar from the low end of the vertical scale up to {@code y}. */
  record Bar(double from, double to, double y, String title) {}

  /** Draws a line; {@code style} is the class that gives its colour. */
  Plot line(String style, List<Point> points) {
    if (!points.isEmpty()) {
      marks.add(
          tag(
              "path",
              css("line " + style),
              attribute(
                  "d",
                  points.stream()
                      .map(point -> number(x(point.x())) + " " + number(y(point.y())))
                      .collect(Collectors.joining(" L", "M", "")))));
    }
    return this;
  }

  Plot dots(String style, List<Point> points) {
    for (Point point : points) {
      marks.add(
          tag(
              "circle",
              css("dot " + style),
              attribute("cx", number(x(point.x()))),
              attribute("cy", number(y(point.y()))),
              attribute("r", "2.6"),
              title(point.title())));
    }
    return this;
  }

  Plot bars(String style, List<Bar> bars) {
    for (Bar bar : bars) {
      marks.add(
          tag(
              "rect",
              css("block " + style),
              attribute("x", number(x(bar.from()) + 0.5)),
              attribute("y", number(y(bar.y()))),
              attribute("width", number(Math.max(0.5, x(bar.to()) - x(bar.from()) - 1))),
              attribute("height", number(y(vertical.axis().low()) - y(bar.y()))),
              title(bar.title())));
    }
    return this;
  }

  /** Draws where something begins, such as a phase of training. */
  Plot boundary(double x, String words) {
    marks.add(segment("phase", x(x), TOP, x(x), y(vertical.axis().low())));
    marks.add(words(words, "middle", x(x), TOP - 6));
    return this;
  }

  private static Html title(String words) {
    return words.isEmpty() ? group() : tag("title", words);
  }

  /**
   * The plot as it is now.
   *
   * @param description in words
   */
  Html toHtml(String description) {
    return tag(
        "svg",
        attribute("viewBox", "0 0 " + width + " " + height),
        attribute("role", "img"),
        attribute("aria-label", description),
        grid(),
        group(marks));
  }

  private Html grid() {
    List<Html> parts = new ArrayList<>();
    for (double tick : vertical.axis().ticks()) {
      parts.add(segment("grid", LEFT, y(tick), width - RIGHT, y(tick)));
      parts.add(words(vertical.label().apply(tick), "end", LEFT - 7, y(tick) + 4));
    }
    for (double tick : horizontal.axis().ticks()) {
      parts.add(words(horizontal.label().apply(tick), "middle", x(tick), height - BOTTOM + 18));
    }
    parts.add(words(horizontal.title(), "middle", (LEFT + width - RIGHT) / 2.0, height - 5));
    parts.add(words(vertical.title(), "start", 0, TOP - 14));
    return group(parts);
  }

  private static Html segment(String style, double x1, double y1, double x2, double y2) {
    return tag(
        "line",
        css(style),
        attribute("x1", number(x1)),
        attribute("y1", number(y1)),
        attribute("x2", number(x2)),
        attribute("y2", number(y2)));
  }

  private static Html words(String words, String anchor, double x, double y) {
    return words.isEmpty()
        ? group()
        : tag(
            "text",
            attribute("text-anchor", anchor),
            attribute("x", number(x)),
            attribute("y", number(y)),
            text(words));
  }

  private double x(double value) {
    return LEFT + horizontal.axis().position(value) * (width - LEFT - RIGHT);
  }

  private double y(double value) {
    return height - BOTTOM - vertical.axis().position(value) * (height - TOP - BOTTOM);
  }

  private static String number(double pixels) {
    return Words.format("%.1f", pixels).replaceFirst("\\.0$", "");
  }
}
