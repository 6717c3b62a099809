package dev.graft.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class ConsoleTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private record Answer(String label, Path file, List<Double> probabilities) {}

  private final Answer answer = new Answer("Grüße", Path.of("a.jpg"), List.of(0.25));

  @Test
  void jsonIsOneLineOfAscii() {
    console(true, false, Terminal.NONE).result(answer, () -> "unused");
    assertThat(out.toString())
        .isEqualToIgnoringNewLines(
            "{\"label\":\"Gr\\u00FC\\u00DFe\",\"file\":\"a.jpg\",\"probabilities\":[0.25]}");
  }

  private record Figures(double loss, float share, Double best) {}

  @Test
  void whatIsNoNumberIsNullInJson() {
    console(true, false, Terminal.NONE)
        .result(new Figures(Double.NaN, 0.1f, Double.POSITIVE_INFINITY), () -> "unused");
    assertThat(out.toString())
        .isEqualToIgnoringNewLines("{\"loss\":null,\"share\":0.1,\"best\":null}");
  }

  @Test
  void aTableIsPrintedWithoutJson() {
    console(false, false, Terminal.NONE)
        .result(answer, () -> new Table("label", "images").row("rose", 1234));
    assertThat(out.toString().lines()).containsExactly("label  images", "rose    1,234");
  }

  @Test
  void aSecondResultIsRefused() {
    Console console = console(true, false, Terminal.NONE);
    console.result(answer, () -> "");
    assertThatThrownBy(() -> console.result(answer, () -> ""))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void quietKeepsWarningsAndTheResult() {
    Console console = console(false, true, new Terminal(80));
    try (Progress progress = console.progress("features", 10, "images")) {
      progress.step(10);
      progress.note("fast");
    }
    console.say("reading");
    console.warn("2 images were left out.");
    console.result(answer, () -> "rose");
    assertThat(err.toString()).isEqualToIgnoringNewLines("2 images were left out.");
    assertThat(out.toString()).isEqualToIgnoringNewLines("rose");
  }

  @Test
  void progressIsABarOnATerminal() {
    try (Progress progress =
        console(false, false, new Terminal(60)).progress("features", 10, "images")) {
      progress.step(4);
      progress.step(6);
    }
    assertThat(err.toString()).startsWith("\r").contains("features 100%", "10/10 images");
    assertThat(err.toString().split("[\r\n]+")).allMatch(line -> line.length() < 60);
  }

  @Test
  void shortWorkSaysNothingElsewhere() {
    try (Progress progress =
        console(false, false, Terminal.NONE).progress("features", 10, "images")) {
      progress.step(10);
      assertThat(progress).isInstanceOf(ProgressInLines.class);
    }
    assertThat(err.toString()).isEmpty();
    assertThat(out.toString()).isEmpty();
  }

  private Console console(boolean json, boolean quiet, Terminal terminal) {
    return new Console(new PrintWriter(out), new PrintWriter(err), json, quiet, terminal);
  }
}
