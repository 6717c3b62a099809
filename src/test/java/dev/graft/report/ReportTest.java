package dev.graft.report;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.metrics.ClassEvaluation;
import dev.graft.metrics.History;
import dev.graft.metrics.Mistake;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import javax.xml.parsers.DocumentBuilder;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.helpers.DefaultHandler;

class ReportTest {
  private static final String HOSTILE =
      "\"><script>alert(1)</script><img src=x onerror='alert(1)'>&amp;\u202Egpj.\u0007\uD800]]>";

  /** The page is XML as well as HTML, so a parser that forgives nothing can read it. */
  private static Document parse(String page) throws Exception {
    DocumentBuilder builder = DocumentBuilderFactory.newInstance().newDocumentBuilder();
    builder.setErrorHandler(new DefaultHandler());
    return builder.parse(new ByteArrayInputStream(page.getBytes(StandardCharsets.UTF_8)));
  }

  private static List<Element> elements(Document page, String name) {
    NodeList nodes = page.getElementsByTagName(name);
    return IntStream.range(0, nodes.getLength()).mapToObj(i -> (Element) nodes.item(i)).toList();
  }

  private static Element section(Document page, String id) {
    return elements(page, "section").stream()
        .filter(section -> section.getAttribute("id").equals(id))
        .findFirst()
        .orElseThrow();
  }

  private static String words(Element element) {
    return element.getTextContent().replaceAll("\\s+", " ").strip();
  }

  private static List<String> classes(int count) {
    return IntStream.range(0, count).mapToObj(i -> "class-" + i).toList();
  }

  private static ReportData withOutcome(ReportData data, ClassEvaluation after) {
    return new ReportData(
        data.name(),
        new ReportData.Outcome(Optional.empty(), after, Optional.empty(), History.empty()),
        data.images(),
        data.network(),
        data.origin(),
        data.thumbnails());
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 10, 50, 100})
  void isWellFormedForAnyNumberOfClasses(int count) throws Exception {
    Document page = parse(Report.render(Samples.withClasses(classes(count), 40)));
    int matrices =
        (int)
            elements(page, "table").stream()
                .filter(table -> table.getAttribute("class").startsWith("matrix"))
                .count();
    assertThat(matrices).isEqualTo(count <= 50 ? 1 : 0);
    assertThat(words(section(page, "confusion"))).contains("of the class");
    assertThat(words(section(page, "classes"))).contains("class-" + (count - 1));
  }

  @Test
  void saysWhatCameOutInWords() throws Exception {
    ReportData data = Samples.digits();
    Document page = parse(Report.render(data));
    String head = words(elements(page, "header").get(0));
    assertThat(head)
        .contains("was trained for 12 epochs on 575 images of 10 classes")
        .contains("for 178 of 200 validation images, 89.0%; before training it was 8.5%.")
        .contains("Of 50 test images")
        .contains("38 s");
    assertThat(words(section(page, "origin"))).contains("./graft train testdata/digits");
    assertThat(words(section(page, "images"))).contains("ends after 112 of 344 bytes");
  }

  @Test
  void confusionMatrixShowsCountsAndShares() throws Exception {
    ReportData data = Samples.digits();
    int[][] counts = {{3, 1}, {0, 4}};
    ClassEvaluation after = Samples.counted(List.of("cat", "dog"), counts);
    Element section = section(parse(Report.render(withOutcome(data, after))), "confusion");
    List<String> cells = new ArrayList<>();
    NodeList nodes = section.getElementsByTagName("td");
    for (int i = 0; i < nodes.getLength(); i++) {
      cells.add(words((Element) nodes.item(i)));
    }
    assertThat(cells).containsSequence("375%", "125%", "0", "4100%").contains("dog", "1", "25.0%");
  }

  @Test
  void showsEveryMistakeWithItsPicture() throws Exception {
    ReportData data = Samples.digits();
    Element section = section(parse(Report.render(data)), "mistakes");
    NodeList pictures = section.getElementsByTagName("img");
    assertThat(pictures.getLength()).isEqualTo(data.outcome().after().worstMistakes().size());
    Mistake worst = data.outcome().after().worstMistakes().get(0);
    assertThat(((Element) pictures.item(0)).getAttribute("alt"))
        .isEqualTo(worst.actual() + ", taken for " + worst.predicted());
    assertThat(words(section)).contains(worst.path());
  }

  @Test
  void everyPictureIsInThePageAndDecodes() throws Exception {
    for (Element picture : elements(parse(Report.render(Samples.digits())), "img")) {
      String[] source = picture.getAttribute("src").split(",");
      assertThat(source[0]).isIn("data:image/png;base64", "data:image/jpeg;base64");
      BufferedImage decoded =
          ImageIO.read(new ByteArrayInputStream(Base64.getDecoder().decode(source[1])));
      assertThat(decoded.getWidth()).isEqualTo(Integer.parseInt(picture.getAttribute("width")));
    }
  }

  @Test
  void needsNeitherNetworkNorScript() {
    assertThat(Report.render(Samples.digits()))
        .doesNotContain("<script", "http:", "https:", "url(", "@import", "<link", "//cdn");
  }

  @Test
  void hostileNamesStayText() throws Exception {
    ReportData data = Samples.withClasses(List.of(HOSTILE, "dog"), 20);
    ReportData.Images images =
        new ReportData.Images(
            List.of(new ReportData.ClassCount(HOSTILE, 1, 2, 3)),
            List.of(new ReportData.Rejected(HOSTILE, HOSTILE)),
            List.of(HOSTILE));
    ReportData.Network network =
        new ReportData.Network(
            HOSTILE,
            HOSTILE,
            List.of(new ReportData.Layer(HOSTILE, HOSTILE, 1, true)),
            List.of(new ReportData.FrozenVariable(HOSTILE, HOSTILE, "changed")),
            List.of(HOSTILE));
    ReportData.Origin origin =
        new ReportData.Origin(
            HOSTILE, data.origin().times(), Map.of(HOSTILE, HOSTILE), Map.of(HOSTILE, HOSTILE));
    String page =
        Report.render(
            new ReportData(HOSTILE, data.outcome(), images, network, origin, data.thumbnails()));
    Document parsed = parse(page);
    assertThat(elements(parsed, "script")).isEmpty();
    assertThat(elements(parsed, "img"))
        .allMatch(
            img -> !img.hasAttribute("onerror") && img.getAttribute("src").startsWith("data:"));
    assertThat(elements(parsed, "h1").get(0).getTextContent())
        .isEqualTo(
            "\"><script>alert(1)</script><img src=x onerror='alert(1)'>&amp;\uFFFDgpj.\uFFFD\uFFFD]]>");
    assertThat(page)
        .doesNotContain("\u202E")
        .doesNotContain("<script")
        .doesNotContain("<img src=x");
  }

  @Test
  void idsAreUniqueAndLinksLeadSomewhere() throws Exception {
    Document page = parse(Report.render(Samples.digits()));
    NodeList all = page.getElementsByTagName("*");
    List<String> ids =
        IntStream.range(0, all.getLength())
            .mapToObj(i -> ((Element) all.item(i)).getAttribute("id"))
            .filter(id -> !id.isEmpty())
            .toList();
    assertThat(ids).doesNotHaveDuplicates();
    assertThat(elements(page, "a"))
        .isNotEmpty()
        .allMatch(link -> ids.contains(link.getAttribute("href").substring(1)));
  }

  @Test
  void curvesAreDescribedForThoseWhoCannotSeeThem() throws Exception {
    List<Element> charts = elements(parse(Report.render(Samples.digits())), "svg");
    assertThat(charts).hasSize(2);
    assertThat(charts.get(1).getAttribute("aria-label"))
        .startsWith("Accuracy by epoch. training: ")
        .contains("validation: 9% in epoch 0");
    assertThat(charts.get(0).getElementsByTagName("path").getLength()).isEqualTo(2);
    assertThat(charts.get(0).getTextContent()).contains("fine-tune");
  }

  @Test
  void sameDataGivesTheSameBytes() {
    assertThat(Report.render(Samples.digits())).isEqualTo(Report.render(Samples.digits()));
  }

  @Test
  void frozenVariablesThatChangedAreAnAlarm() throws Exception {
    ReportData data = Samples.digits();
    List<ReportData.FrozenVariable> frozen = new ArrayList<>(data.network().frozen());
    frozen.set(3, new ReportData.FrozenVariable("block4_conv/kernel", "aa", "bb"));
    ReportData.Network network =
        new ReportData.Network("b", "h", data.network().layers(), frozen, List.of());
    ReportData changed =
        new ReportData(
            data.name(), data.outcome(), data.images(), network, data.origin(), data.thumbnails());
    assertThat(words(section(parse(Report.render(changed)), "network")))
        .contains("1 of 40 frozen variables changed")
        .contains("The first: block4_conv/kernel.");
    assertThat(words(section(parse(Report.render(data)), "network")))
        .contains("every SHA-256 is the one from before training");
  }

  @Test
  void aPerfectModelWithoutHistoryHasAReportToo() throws Exception {
    ClassEvaluation perfect = Samples.counted(List.of("cat", "dog"), new int[][] {{3, 0}, {0, 2}});
    Document page = parse(Report.render(withOutcome(Samples.digits(), perfect)));
    assertThat(words(section(page, "confusion"))).contains("No image was taken for another class.");
    assertThat(words(section(page, "mistakes"))).contains("No validation image was given a wrong");
    assertThat(elements(page, "svg")).isEmpty();
    assertThat(elements(page, "a")).noneMatch(link -> link.getTextContent().equals("Curves"));
  }

  @Test
  void staysSmallForTenThousandImagesOfManyClasses() {
    ReportData data = Samples.withClasses(classes(250), 40);
    Map<String, Thumbnail> photographs = new HashMap<>();
    data.thumbnails().keySet().forEach(path -> photographs.put(path, noise(path.hashCode())));
    ReportData large =
        new ReportData(
            data.name(),
            data.outcome(),
            new ReportData.Images(
                data.images().classes(),
                IntStream.range(0, 5000)
                    .mapToObj(i -> new ReportData.Rejected("images/" + i + ".jpg", "is no image"))
                    .toList(),
                List.of()),
            data.network(),
            data.origin(),
            photographs);
    String page = Report.render(large);
    assertThat(page).contains("… and 4,800 more.");
    assertThat(page.getBytes(StandardCharsets.UTF_8)).hasSizeLessThan(2_000_000);
  }

  /** The picture that compresses worst. */
  private static Thumbnail noise(int seed) {
    Random random = new Random(seed);
    BufferedImage picture = new BufferedImage(400, 300, BufferedImage.TYPE_INT_RGB);
    for (int i = 0; i < 400 * 300; i++) {
      picture.setRGB(i % 400, i / 400, random.nextInt(1 << 24));
    }
    return Thumbnail.of(Samples.png(picture));
  }

  @Test
  void isWrittenWholeAndReplacesAnOlderOne(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("report.html");
    Files.writeString(file, "old");
    ReportData data = Samples.digits();
    Report.write(data, file);
    assertThat(file).hasContent(Report.render(data));
    try (var files = Files.list(folder)) {
      assertThat(files).containsExactly(file);
    }
  }
}
