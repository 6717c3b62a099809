package dev.graft.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import dev.graft.docs.Page;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The commands of all pages are such that the command line takes them. */
class DocumentedCommandsTest {
  @Test
  void eachCommandOfEachPageIsUnderstood() throws IOException {
    int understood = 0;
    for (Path path : pages()) {
      Page page = Page.read(path);
      for (String program : List.of("./graft", "$GRAFT/graft")) {
        for (List<String> words : page.commands(program)) {
          String[] arguments = words.subList(1, words.size()).toArray(String[]::new);
          assertThatCode(() -> Main.commandLine().parseArgs(arguments))
              .as(path + ": " + words)
              .doesNotThrowAnyException();
          understood++;
        }
      }
    }
    assertThat(understood).isGreaterThan(25);
  }

  private static List<Path> pages() throws IOException {
    try (Stream<Path> pages =
        Stream.of("README.md", "docs", "bench", "savedmodels")
            .map(Path::of)
            .flatMap(DocumentedCommandsTest::files)) {
      return pages.filter(page -> page.toString().endsWith(".md")).toList();
    }
  }

  private static Stream<Path> files(Path path) {
    try {
      return Files.walk(path);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
