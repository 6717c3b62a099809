package dev.graft;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * What the README shows is what was compiled: its Java block equals the lines of {@code
 * ReadmeExample} between {@code // example} and {@code // end of example}.
 */
class ReadmeExampleTest {
  private static final Path SOURCE = Path.of("src/test/java/dev/graft/ReadmeExample.java");
  private static final Pattern BLOCK = Pattern.compile("(?s)```java\\R(.*?)```");
  private static final Pattern REGION =
      Pattern.compile("(?s)[ \\t]*// example\\R(.*?)[ \\t]*// end of example");

  @Test
  void theReadmeShowsWhatIsCompiled() throws IOException {
    Matcher block = BLOCK.matcher(Files.readString(Path.of("README.md")));
    boolean shown = block.find();
    assertThat(Files.exists(SOURCE))
        .as("%s exists if and only if the README has a Java block", SOURCE)
        .isEqualTo(shown);
    if (shown) {
      assertThat(lines(block.group(1))).isEqualTo(region(Files.readString(SOURCE)));
      assertThat(block.find()).as("a second Java block, which nothing compiles").isFalse();
    }
  }

  @Test
  void aRegionIsShownWithoutItsIndentation() {
    String source =
        """
        class A {
          // example
          void run() {
            go();
          }
          // end of example
        }
        """;
    assertThat(region(source)).isEqualTo("void run() {\n  go();\n}");
  }

  private static String region(String source) {
    Matcher region = REGION.matcher(source);
    assertThat(region.find()).as("a region between // example and // end of example").isTrue();
    return lines(region.group(1));
  }

  private static String lines(String text) {
    return text.replace("\r\n", "\n").stripTrailing().stripIndent().strip();
  }
}
