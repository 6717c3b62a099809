package dev.graft.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.report.Browser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReportCommandTest {
  @TempDir private Path folder;
  private Path run;

  @BeforeEach
  void train() throws IOException {
    run = Trainings.redAndBlue(folder);
  }

  private Path trainAnother(String name, Object... more) {
    Path other = folder.resolve(name);
    Trainings.train(folder, folder.resolve("training-data"), other, more).done();
    return other;
  }

  @Test
  void theReportOfARunIsWrittenAgainToTheLastByte() throws IOException {
    Path report = run.resolve("report.html");
    String first = Files.readString(report);
    Files.delete(report);
    Ran ran = Ran.graft("report", run).done();
    assertThat(report).hasContent(first);
    assertThat(ran.out()).contains(report.toString());
    Browser.open(report);
  }

  @Test
  void theImagesMayHaveGoneAndTheRunMayHaveMoved() throws IOException {
    Path data = folder.resolve("training-data");
    Files.move(data, folder.resolve("elsewhere"));
    Path moved = Files.move(run, folder.resolve("moved"));
    String first = Files.readString(moved.resolve("report.html"));
    Path out = folder.resolve("reports/one.html");
    Ran.graft("report", moved, "--out", out).done();
    assertThat(Files.readString(out))
        .isEqualTo(first.replace(">run<", ">moved<").replace("<title>run", "<title>moved"));
    assertThat(first).contains("data:image/png;base64,");
  }

  @Test
  void severalRunsStandSideBySide() throws IOException {
    Path other = trainAnother("other", "--epochs", 2, "--optimizer", "sgd(0.5)");
    Path out = folder.resolve("both.html");
    Ran ran = Ran.graft("report", run, other, "--out", out, "--json").done();
    assertThat(ran.json().at("/report").asText()).isEqualTo(out.toString());
    assertThat(ran.json().at("/runs")).hasSize(2);
    String words = Browser.open(out).getBody().asNormalizedText();
    assertThat(words)
        .contains("2 runs side by side")
        .contains("sgd(0.5)", "adam(0.05)")
        .doesNotContain("validate on different images");
    Ran.graft("report", run, other, "--out", out).failed(1, out, "--overwrite");
    Ran.graft("report", run, other, "--out", out, "--overwrite").done();
  }

  @Test
  void severalRunsNeedAPlaceForTheirReport() {
    Ran.graft("report", run, run).failed(2, "--out");
    Ran.graft("report").failed(2, "RUN");
  }

  @Test
  void whatIsNoRunIsRefused() throws IOException {
    Path data = folder.resolve("training-data");
    Ran.graft("report", data).failed(1, data, "run.json");
    Files.writeString(run.resolve("run.json"), "{\"command\": ");
    Ran.graft("report", run).failed(1, run.resolve("run.json"), "JSON");
    Files.writeString(run.resolve("run.json"), "{}");
    Ran.graft("report", run).failed(1, run.resolve("run.json"), "another version");
  }

  @Test
  void damagedPredictionsAreNamedByTheirLine() throws IOException {
    Path file = run.resolve("predictions.csv");
    Files.writeString(file, Files.readString(file) + "validation,x.png,red\n");
    String before = Files.readString(run.resolve("report.html"));
    Ran.graft("report", run).failed(1, "Line ", file);
    assertThat(run.resolve("report.html")).hasContent(before);
    Files.delete(file);
    Ran.graft("report", run).failed(1, file);
  }

  @Test
  void augmentedViewsAreInTheReport() throws IOException {
    Path other = trainAnother("augmented", "--epochs", 1, "--augment", "flip, rotation(0.1)");
    assertThat(Files.readString(other.resolve("report.html"))).contains("some of their views");
    assertThat(Browser.pictures(Browser.open(other.resolve("report.html"))))
        .isGreaterThanOrEqualTo(8);
  }

  @Test
  void anEvaluationHasAReportToo() throws IOException {
    Path report = folder.resolve("reports/evaluation.html");
    Path data = folder.resolve("training-data");
    Ran ran = Ran.graft("evaluate", run, data, "--report", report, "--json").done();
    assertThat(ran.json().at("/report").asText()).isEqualTo(report.toString());
    assertThat(Browser.open(report).getBody().asNormalizedText())
        .contains("run on " + data, "Calibration", "Confusion");
    Ran.graft("evaluate", run, data, "--report", report).failed(1, report, "--report");
  }
}
