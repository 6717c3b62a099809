package dev.graft.docs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.PythonEnvironment;
import dev.graft.cli.Ran;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Each step of docs/quickstart.md, in its order, on a few digits. */
class QuickstartIT {
  private static final Path PAGE = Path.of("docs", "quickstart.md");
  private static final Path EXPORT = Path.of("python-export");

  @TempDir private Path folder;

  @Test
  void thePagesStepsLeadFromAKerasModelToAnApplication() throws Exception {
    Page page = Page.read(PAGE);
    Files.createDirectories(folder.resolve("home"));
    Path installed = install(page);
    copyPhotos();

    List<List<String>> exports = page.commands("graft-export");
    assertThat(exports).hasSize(2);
    python(installed, exports);
    assertThat(folder.resolve("savedmodels/mine/handoff.json")).exists();

    List<List<String>> commands = page.commands("./graft");
    assertThat(commands).extracting(words -> words.get(1)).containsExactly("train", "verify");
    for (List<String> words : commands) {
      Ran.graft(words.subList(1, words.size()).stream().map(this::here).toList()).done();
    }
    assertThat(folder.resolve("runs/photos/report.html")).exists();

    List<List<String>> afterwards = new ArrayList<>(page.commands("graft-verify"));
    afterwards.addAll(page.commands("graft-import"));
    assertThat(afterwards).hasSize(2);
    python(installed, afterwards);
    assertThat(folder.resolve("photos.keras")).exists();

    assertThat(application(page)).matches("[017] 0\\.\\d+(E-\\d+)?");
  }

  @Test
  void theDependenciesAreThoseOfTheExamples() throws IOException {
    String pom =
        Files.readString(Path.of("examples", "classify", "pom.xml"))
            .replace("${graft.version}", System.getProperty("graft.version"))
            .replace("${natives}", "linux-x86_64");
    assertThat(withoutIndentation(pom))
        .contains(withoutIndentation(Page.read(PAGE).blocks("xml").get(0)));
  }

  private static String withoutIndentation(String xml) {
    return xml.replaceAll("\\s*\\R\\s*", "\n");
  }

  /** As the page says, but of a copy, so that nothing is left beside the sources, and offline. */
  private Path install(Page page) throws IOException {
    assertThat(page.commands("pip")).containsExactly(List.of("pip", "install", "./python-export"));
    Path copy = folder.resolve("python-export");
    try (Stream<Path> files = Files.walk(EXPORT.resolve("graft_export"))) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        copy(file, copy.resolve(EXPORT.relativize(file).toString()));
      }
    }
    for (String file : List.of("pyproject.toml", "README.md")) {
      copy(EXPORT.resolve(file), copy.resolve(file));
    }
    Path installed = folder.resolve("installed");
    List<String> pip = new ArrayList<>(List.of("-m", "pip", "install", copy.toString()));
    pip.addAll(List.of("--target", installed.toString()));
    pip.addAll(List.of("--no-deps", "--no-build-isolation", "--disable-pip-version-check"));
    PythonEnvironment.get().python(pip.toArray(String[]::new));
    return installed;
  }

  private static void copy(Path from, Path to) throws IOException {
    Files.createDirectories(to.getParent());
    Files.copy(from, to);
  }

  private void copyPhotos() throws IOException {
    for (String digit : Set.of("0", "1", "7")) {
      for (int i = 0; i < 5; i++) {
        Path name = Path.of(digit, "%03d.png".formatted(i));
        copy(Path.of("testdata/digits").resolve(name), folder.resolve("photos").resolve(name));
      }
    }
  }

  private String here(String word) {
    boolean path = word.startsWith("runs/") || word.startsWith("savedmodels/");
    return path || word.equals("photos") ? folder.resolve(word).toString() : word;
  }

  private void python(Path installed, List<List<String>> commands) {
    List<String> words = new ArrayList<>(List.of("src/test/python/quickstart.py"));
    words.addAll(List.of(installed.toString(), folder.toString()));
    commands.forEach(command -> words.add(String.join(" ", command)));
    PythonEnvironment.get().python(words.toArray(String[]::new));
  }

  /** Compiles the application of the page, runs it on a photo, and returns its last line. */
  private String application(Page page) throws Exception {
    Path source =
        Files.writeString(folder.resolve("Photos.java"), page.blocks("java").get(0) + "\n");
    String classes = System.getProperty("java.class.path");
    int compiled =
        ToolProvider.getSystemJavaCompiler()
            .run(
                null, null, null, "-Xlint:all,-path", "-Werror", "-cp", classes, source.toString());
    assertThat(compiled).isZero();
    ProcessBuilder java =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Dorg.bytedeco.javacpp.maxPhysicalBytes=0",
                "-cp",
                folder + System.getProperty("path.separator") + classes,
                "Photos",
                Path.of("testdata/digits/7/050.png").toAbsolutePath().toString())
            .directory(folder.toFile())
            .redirectError(ProcessBuilder.Redirect.INHERIT);
    Process process = java.start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(said).isZero();
    return said.strip();
  }
}
