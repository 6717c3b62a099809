package dev.graft.report;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/**
 * A piece of a page. Text and attributes are escaped when they are written, so a file name cannot
 * become markup. What is written is well-formed XML as well as HTML.
 */
sealed interface Html {
  void write(StringBuilder out);

  /** Text between tags. */
  record Text(String value) implements Html {
    @Override
    public void write(StringBuilder out) {
      escape(value, out);
    }
  }

  /** The content of a style element: never anything that came from outside. */
  record Style(String css) implements Html {
    @Override
    public void write(StringBuilder out) {
      out.append("<style>\n").append(css).append("</style>\n");
    }
  }

  /** An attribute of the element that it is given to. */
  record Attribute(String name, String value) implements Html {
    @Override
    public void write(StringBuilder out) {
      out.append(' ').append(name).append("=\"");
      escape(value, out);
      out.append('"');
    }
  }

  /** Pieces one after the other. */
  record Group(List<? extends Html> parts) implements Html {
    @Override
    public void write(StringBuilder out) {
      parts.forEach(part -> part.write(out));
    }
  }

  /** An element with its attributes and content. */
  record Element(String name, List<Html> content) implements Html {
    private static final Set<String> EMPTY = Set.of("meta", "img", "br", "line", "path", "wbr");
    private static final Set<String> INLINE =
        Set.of(
            "a", "abbr", "b", "bdi", "br", "code", "small", "span", "strong", "td", "text", "th",
            "wbr");

    @Override
    public void write(StringBuilder out) {
      out.append('<').append(name);
      content.stream().filter(Attribute.class::isInstance).forEach(part -> part.write(out));
      if (EMPTY.contains(name)) {
        out.append(" />");
      } else {
        out.append('>');
        content.stream().filter(part -> !(part instanceof Attribute)).forEach(p -> p.write(out));
        out.append("</").append(name).append('>');
      }
      if (!INLINE.contains(name)) {
        out.append('\n');
      }
    }
  }

  static Html tag(String name, Html... content) {
    return new Element(name, List.of(content));
  }

  /** An element that holds nothing but text. */
  static Html tag(String name, String text) {
    return tag(name, text(text));
  }

  static Html text(String text) {
    return new Text(text);
  }

  static Html attribute(String name, String value) {
    return new Attribute(name, value);
  }

  static Html css(String classes) {
    return attribute("class", classes);
  }

  static Html group(List<? extends Html> parts) {
    return new Group(parts);
  }

  static Html group(Html... parts) {
    return new Group(Arrays.asList(parts));
  }

  /** A name that somebody else chose: kept from turning the text around it. */
  static Html name(String name) {
    return tag("bdi", name);
  }

  /** A path, which may be broken after each slash. */
  static Html path(String path) {
    List<Html> parts = new ArrayList<>();
    for (String part : path.split("(?<=[/\\\\])")) {
      parts.add(text(part));
      parts.add(tag("wbr"));
    }
    return tag("bdi", group(parts));
  }

  private static void escape(String value, StringBuilder out) {
    value.codePoints().forEach(character -> escape(character, out));
  }

  private static void escape(int character, StringBuilder out) {
    switch (character) {
      case '&' -> out.append("&amp;");
      case '<' -> out.append("&lt;");
      case '>' -> out.append("&gt;");
      case '"' -> out.append("&quot;");
      case '\'' -> out.append("&#39;");
      default -> out.appendCodePoint(isHarmless(character) ? character : 0xFFFD);
    }
  }

  /**
   * Neither a control character, half a surrogate pair, nor one that turns the direction of text.
   */
  private static boolean isHarmless(int character) {
    return switch (Character.getType(character)) {
      case Character.CONTROL -> character == '\n' || character == '\t';
      case Character.SURROGATE -> false;
      case Character.FORMAT ->
          !(character >= 0x202A && character <= 0x202E
              || character >= 0x2066 && character <= 0x2069);
      default -> (character & 0xFFFE) != 0xFFFE;
    };
  }
}
