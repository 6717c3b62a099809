package dev.graft.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.htmlunit.html.HtmlPage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Reports in a browser engine; {@code ChromiumIT} opens one in Chromium. */
class BrowserTest {
  @TempDir private Path folder;

  private HtmlPage open(String page) throws IOException {
    return Browser.open(Files.writeString(folder.resolve("report.html"), page));
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 10, 120})
  void aReportOpensWithoutAComplaint(int classes) throws IOException {
    List<String> labels = IntStream.range(0, classes).mapToObj(i -> "class " + i).toList();
    ReportData data = Samples.withClasses(labels, 10);
    HtmlPage page = open(Report.render(data));
    assertThat(page.getTitleText()).isEqualTo("digits – training report");
    assertThat(Browser.pictures(page)).isGreaterThanOrEqualTo(12);
    assertThat(page.getElementById("confusion").isDisplayed()).isTrue();
  }

  @Test
  void reportsOfLabelsNumbersAndSeveralRunsOpenToo() throws IOException {
    open(Report.render(Samples.withLabels()));
    open(Report.render(Samples.withNumbers()));
    open(Report.compare(List.of(Samples.digits(), Samples.named(Samples.digits(), "again"))));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "<img src=\"http://localhost:9/a.png\" width=\"1\"/>",
        "<script>undefined.x</script>",
        "<a href=\"http://localhost:9\">x</a>",
        "<img src=\"data:image/png;base64,AAAA\" width=\"1\"/>"
      })
  void theBrowserComplainsOfAPageThatIsNotRight(String bad) {
    assertThatThrownBy(() -> open("<!DOCTYPE html><html><body>" + bad + "</body></html>"))
        .isInstanceOf(AssertionError.class);
  }
}
