package dev.graft.docs;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A page of docs and what stands between its fences.
 *
 * @param path of the file
 * @param text of it
 */
public record Page(Path path, String text) {
  private static final Pattern BLOCK = Pattern.compile("(?s)```(\\w*)\\R(.*?)```");
  private static final Pattern REGION =
      Pattern.compile("(?s)[ \\t]*// shown\\R(.*?)[ \\t]*// end\\b");
  private static final Pattern WORD = Pattern.compile("\"([^\"]*)\"|(#.*)|(\\S+)");

  /** Reads a page. */
  public static Page read(Path path) throws IOException {
    return new Page(path, Files.readString(path));
  }

  /** The blocks in a language, without their indentation. */
  public List<String> blocks(String language) {
    return BLOCK
        .matcher(text)
        .results()
        .filter(block -> block.group(1).equals(language))
        .map(block -> lines(block.group(2)))
        .toList();
  }

  /** The regions of a Java source between {@code // shown} and {@code // end}. */
  static List<String> regions(Path source) throws IOException {
    return REGION
        .matcher(Files.readString(source))
        .results()
        .map((MatchResult region) -> lines(region.group(1)))
        .toList();
  }

  /** The words of each command that begins with a program's name. */
  public List<List<String>> commands(String program) {
    List<List<String>> commands = new ArrayList<>();
    for (String block : blocks("")) {
      block
          .replaceAll("\\\\\\R", " ")
          .lines()
          .map(Page::words)
          .filter(words -> !words.isEmpty() && words.get(0).equals(program))
          .forEach(commands::add);
    }
    return commands;
  }

  private static List<String> words(String line) {
    List<String> words = new ArrayList<>();
    Matcher matcher = WORD.matcher(line);
    while (matcher.find() && matcher.group(2) == null) {
      words.add(matcher.group(1) != null ? matcher.group(1) : matcher.group(3));
    }
    return words;
  }

  private static String lines(String text) {
    return text.replace("\r\n", "\n").stripTrailing().stripIndent().strip();
  }
}
