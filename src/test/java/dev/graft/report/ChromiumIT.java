package dev.graft.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Reports in headless Chromium, where there is one; {@code BrowserTest} runs everywhere. */
class ChromiumIT {
  private static final List<String> NAMES =
      List.of("chromium", "chromium-browser", "google-chrome", "google-chrome-stable");

  @TempDir private Path folder;

  private static Optional<Path> chromium() {
    return Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
        .flatMap(path -> NAMES.stream().map(name -> Path.of(path, name)))
        .filter(Files::isExecutable)
        .findFirst();
  }

  /** What the console says of a page; empty where there is no Chromium. */
  private Optional<List<String>> console(String page, Path picture) throws Exception {
    Optional<Path> chromium = chromium();
    if (chromium.isEmpty()) {
      System.out.println(
          "*** NOT TESTED: there is no Chromium on the PATH, so no report was opened in it. ***");
      return Optional.empty();
    }
    Path file = Files.writeString(folder.resolve("page.html"), page);
    Path log = folder.resolve("chromium.log");
    List<String> command =
        new ArrayList<>(
            List.of(
                chromium.get().toString(),
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--disable-dev-shm-usage",
                "--user-data-dir=" + Files.createTempDirectory(folder, "profile"),
                "--enable-logging=stderr",
                "--window-size=1200,2000",
                "--screenshot=" + picture,
                file.toUri().toString()));
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    assertThat(process.waitFor(120, TimeUnit.SECONDS)).as("Chromium ended").isTrue();
    try (Stream<String> lines = Files.lines(log)) {
      return Optional.of(lines.filter(line -> line.contains("CONSOLE")).toList());
    }
  }

  private void opensWithoutAConsoleError(String page) throws Exception {
    Path picture = folder.resolve("page.png");
    Optional<List<String>> console = console(page, picture);
    if (console.isPresent()) {
      assertThat(console.get()).isEmpty();
      assertThat(ImageIO.read(picture.toFile()).getWidth()).isEqualTo(1200);
    }
  }

  @Test
  void aReportOpensWithoutAConsoleError() throws Exception {
    opensWithoutAConsoleError(Report.render(Samples.digits()));
  }

  @Test
  void runsSideBySideOpenWithoutAConsoleError() throws Exception {
    opensWithoutAConsoleError(
        Report.compare(List.of(Samples.digits(), Samples.named(Samples.digits(), "again"))));
  }

  @Test
  void whatAPageMayNotLoadWouldBeSeen() throws Exception {
    String bad =
        Report.render(Samples.digits())
            .replace("<h1>", "<img src=\"https://localhost:9/x.png\" alt=\"\" /><h1>");
    console(bad, folder.resolve("page.png"))
        .ifPresent(lines -> assertThat(lines).anyMatch(line -> line.contains("localhost:9")));
  }
}
