package dev.graft;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.export.TinyClassifier;
import dev.graft.features.DrawnImages;
import java.io.IOException;
import java.net.URI;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * What {@code mvn package} makes for others. {@code -Dit.test=DistributionIT} needs {@code
 * -Pdistribution}.
 */
@DisabledOnOs(OS.WINDOWS) // where the launcher is graft.cmd
class DistributionIT {
  private static final Path TARGET = Path.of("target");
  private static final String NAME = "graft-" + System.getProperty("graft.version");

  /** What the launcher calls, besides Java. */
  private static final List<String> TOOLS = List.of("sh", "dirname", "readlink", "sed", "head");

  @TempDir private static Path folder;
  private static Path installed;

  @BeforeAll
  static void unzip() throws IOException {
    Path zip = TARGET.resolve(NAME + "-" + System.getProperty("graft.natives") + ".zip");
    assertThat(zip).exists();
    try (FileSystem content =
            FileSystems.newFileSystem(
                URI.create("jar:" + zip.toUri()), Map.of("enablePosixFileAttributes", true));
        Stream<Path> files = Files.walk(content.getPath("/"))) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Path target = folder.resolve("my tools").resolve(file.toString().substring(1));
        Files.createDirectories(target.getParent());
        Files.copy(file, target, StandardCopyOption.COPY_ATTRIBUTES);
        Files.setPosixFilePermissions(target, Files.getPosixFilePermissions(file));
      }
    }
    installed = folder.resolve("my tools").resolve(NAME);
    Path bin = Files.createDirectories(folder.resolve("bin"));
    Files.createSymbolicLink(
        bin.resolve("java"), Path.of(System.getProperty("java.home"), "bin", "java"));
    for (String tool : TOOLS) {
      Path found =
          Stream.of("/bin", "/usr/bin")
              .map(Path::of)
              .map(p -> p.resolve(tool))
              .filter(Files::exists)
              .findFirst()
              .orElseThrow();
      Files.createSymbolicLink(bin.resolve(tool), found);
    }
  }

  private record Ended(int exit, String out, String err) {}

  /** With nothing on the PATH but a Java runtime and the shell's tools. */
  private static Ended graft(String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of(installed.resolve("bin/graft").toString()));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile());
    builder.environment().keySet().removeAll(List.of("JAVA_HOME", "GRAFT_JAVA_OPTS"));
    builder.environment().put("PATH", folder.resolve("bin").toString());
    Path err = folder.resolve("err.txt");
    Process process = builder.redirectError(err.toFile()).start();
    String out = new String(process.getInputStream().readAllBytes());
    return new Ended(process.waitFor(), out, Files.readString(err));
  }

  @Test
  void theUnzippedCommandSaysItsVersion() throws Exception {
    Ended ended = graft("--version");
    assertThat(ended.err()).isEmpty();
    assertThat(ended.out()).contains(System.getProperty("graft.version"));
    assertThat(ended.exit()).isZero();
  }

  @Test
  void theUnzippedCommandPredictsAndWritesParquet() throws Exception {
    Path model = TinyClassifier.export(folder.resolve("model"));
    Path images = folder.resolve("images");
    Path image = DrawnImages.draw(images, 0, 2).get(0);
    Ended predicted = graft("predict", model.toString(), image.toString());
    assertThat(predicted.exit()).as(predicted.err()).isZero();
    assertThat(predicted.out()).contains("000.png").containsAnyOf("blue", "green", "red");

    Path out = folder.resolve("out.parquet");
    Ended batch = graft("batch", model.toString(), images.toString(), "--out", out.toString());
    assertThat(batch.exit()).as(batch.err()).isZero();
    assertThat(batch.err()).doesNotContain("SLF4J");
    assertThat(out).exists();
  }

  @Test
  void aRuntimeThatIsTooOldIsNamed() throws Exception {
    Path java = folder.resolve("bin/java");
    Path aside = Files.move(java, folder.resolve("java"));
    try {
      Files.writeString(java, "#!/bin/sh\necho 'openjdk version \"11.0.2\"' >&2\n");
      assertThat(java.toFile().setExecutable(true)).isTrue();
      Ended ended = graft("--version");
      assertThat(ended.exit()).isEqualTo(1);
      assertThat(ended.err()).contains("is Java 11: install Java 17 or newer").hasLineCount(1);
    } finally {
      Files.move(aside, java, StandardCopyOption.REPLACE_EXISTING);
    }
  }

  @Test
  void theZipHasTheGuidesTheLicenceAndOnePlatformsNatives() throws IOException {
    assertThat(installed.resolve("LICENSE")).hasSameBinaryContentAs(Path.of("LICENSE"));
    assertThat(installed.resolve("docs/java.md")).exists();
    assertThat(installed.resolve("bin/graft.cmd")).content().contains("\r\n");
    assertThat(installed.resolve("README.txt"))
        .content()
        .contains("Graft " + System.getProperty("graft.version"))
        .doesNotContain("${");
    try (Stream<Path> jars = Files.list(installed.resolve("lib"))) {
      assertThat(jars.map(jar -> jar.getFileName().toString()))
          .filteredOn(jar -> jar.matches("tensorflow-core-native-.*-.*-.*"))
          .singleElement()
          .asString()
          .contains(System.getProperty("graft.natives"));
    }
  }

  @Test
  void sourcesAndJavadocAreBesideTheLibrary() throws IOException {
    try (JarFile sources = new JarFile(TARGET.resolve("graft-sources.jar").toFile());
        JarFile javadoc = new JarFile(TARGET.resolve("graft-javadoc.jar").toFile())) {
      assertThat(sources.getEntry("dev/graft/predict/Predictor.java")).isNotNull();
      assertThat(javadoc.getEntry("dev/graft/predict/Predictor.html")).isNotNull();
    }
  }
}
