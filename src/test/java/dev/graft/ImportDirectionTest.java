package dev.graft;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The two lists are the diagram of the packages; what the sources name has to agree with them. */
class ImportDirectionTest {
  /** A package may name only packages in lists above its own. */
  private static final List<Set<String>> LAYERS =
      List.of(
          Set.of("tensor", "data", "metrics"),
          Set.of("savedmodel", "report"),
          Set.of("handoff", "image"),
          Set.of("model"),
          Set.of("features", "predict"),
          Set.of("batch", "export"),
          Set.of("train"),
          Set.of("spark"),
          Set.of("cli"));

  /** A library may be named only by these packages. */
  private static final Map<String, Set<String>> LIBRARIES =
      Map.of(
          "org.tensorflow",
          Set.of("tensor", "savedmodel", "report", "image", "model", "predict", "export", "train"),
          "org.apache.spark",
          Set.of("spark"),
          "org.apache.parquet",
          Set.of("batch"),
          "picocli",
          Set.of("spark", "cli"),
          "me.tongfei",
          Set.of("cli"));

  private static final Pattern PACKAGE = Pattern.compile("(?m)^package dev\\.graft(?:\\.(\\w+))?;");
  private static final Pattern COMMENT_OR_TEXT =
      Pattern.compile(
          "\"\"\".*?\"\"\"|\"(?:\\\\.|[^\"\\\\\\n])*\"|/\\*.*?\\*/|//[^\\n]*", Pattern.DOTALL);
  private static final Pattern OWN_NAME = Pattern.compile("\\bdev\\.graft\\.(\\w+)");

  @Test
  void noSourceNamesAPackageThatItMayNot() throws IOException {
    List<Path> sources = sources();
    assertThat(sources).hasSizeGreaterThan(5);
    List<String> violations = new ArrayList<>();
    for (Path source : sources) {
      violations(Files.readString(source)).forEach(v -> violations.add(source + ": " + v));
    }
    assertThat(violations).isEmpty();
  }

  @Test
  void aNameOfALayerBelowIsReported() {
    assertThat(violations("package dev.graft.data;\nimport dev.graft.model.Backbone;\n"))
        .containsExactly("data may not name model");
    assertThat(violations("package dev.graft.data;\nimport static dev.graft.cli.Main.main;\n"))
        .containsExactly("data may not name cli");
    assertThat(violations("package dev.graft.model;\nclass A { dev.graft.train.Trainer t; }\n"))
        .containsExactly("model may not name train");
  }

  @Test
  void aNameOfTheSameLayerIsReported() {
    assertThat(violations("package dev.graft.image;\nimport dev.graft.handoff.Handoff;\n"))
        .containsExactly("image may not name handoff");
  }

  @Test
  void aNameOfALayerAboveIsFine() {
    assertThat(
            violations("package dev.graft.train;\nimport dev.graft.data.Split;\nimport java.io.*;"))
        .isEmpty();
  }

  @Test
  void aLibraryInTheWrongPlaceIsReported() {
    assertThat(violations("package dev.graft.data;\nimport org.tensorflow.Tensor;\n"))
        .containsExactly("data may not name org.tensorflow");
    assertThat(violations("package dev.graft.train;\nimport picocli.CommandLine;\n"))
        .containsExactly("train may not name picocli");
    assertThat(violations("package dev.graft.cli;\nimport org.apache.spark.sql.Row;\n"))
        .containsExactly("cli may not name org.apache.spark");
  }

  @Test
  void aPackageWithoutALayerIsReported() {
    assertThat(violations("package dev.graft.util;\n")).containsExactly("util has no layer");
    assertThat(violations("package dev.graft.cli;\nimport dev.graft.util.Strings;\n"))
        .containsExactly("util has no layer");
  }

  @Test
  void commentsAndTextsMayNameAnything() {
    String source =
        """
        package dev.graft.data;
        /** See {@link dev.graft.train.Trainer}. */
        class A {
          String a = "dev.graft.cli \\" //"; // org.tensorflow.Tensor
        }
        """;
    assertThat(violations(source)).isEmpty();
  }

  private static List<Path> sources() throws IOException {
    List<Path> sources = new ArrayList<>();
    for (Path root : List.of(Path.of("src/main/java"), Path.of("src/spark/main/java"))) {
      if (Files.isDirectory(root)) {
        try (Stream<Path> files = Files.walk(root)) {
          files
              .filter(file -> file.toString().endsWith(".java"))
              .filter(file -> !file.endsWith("dev/graft/package-info.java"))
              .forEach(sources::add);
        }
      }
    }
    return sources;
  }

  private static Set<String> violations(String source) {
    Matcher declared = PACKAGE.matcher(source);
    assertThat(declared.find()).as("a package below dev.graft").isTrue();
    String from = String.valueOf(declared.group(1));
    String code = COMMENT_OR_TEXT.matcher(source.substring(declared.end())).replaceAll("");
    Set<String> violations = new HashSet<>();
    if (layer(from) < 0) {
      violations.add(from + " has no layer");
    }
    OWN_NAME.matcher(code).results().forEach(name -> checkOwn(from, name.group(1), violations));
    LIBRARIES.forEach(
        (library, users) -> {
          boolean named =
              Pattern.compile("\\b" + Pattern.quote(library + ".")).matcher(code).find();
          if (named && !users.contains(from)) {
            violations.add(from + " may not name " + library);
          }
        });
    return violations;
  }

  private static void checkOwn(String from, String to, Set<String> violations) {
    if (to.equals(from)) {
      return;
    }
    if (layer(to) < 0) {
      violations.add(to + " has no layer");
    } else if (layer(to) >= layer(from)) {
      violations.add(from + " may not name " + to);
    }
  }

  private static int layer(String name) {
    for (int layer = 0; layer < LAYERS.size(); layer++) {
      if (LAYERS.get(layer).contains(name)) {
        return layer;
      }
    }
    return -1;
  }
}
