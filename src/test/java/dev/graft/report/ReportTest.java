package dev.graft.report;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.metrics.ClassEvaluation;
import dev.graft.metrics.ClassPrediction;
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
        new ReportData.Outcome(
            Optional.empty(), after, Optional.empty(), List.of(), History.empty()),
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
    assertThat(pictures.getLength())
        .isEqualTo(((ClassEvaluation) data.outcome().after()).worstMistakes().size());
    Mistake worst = ((ClassEvaluation) data.outcome().after()).worstMistakes().get(0);
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
            new ReportData.ClassCount(HOSTILE, 1, 2, 3),
            List.of(new ReportData.ClassCount(HOSTILE, 1, 2, 3)),
            List.of(new ReportData.Rejected(HOSTILE, HOSTILE)),
            List.of(HOSTILE),
            List.of(
                new ReportData.Duplicate(
                    HOSTILE, List.of(new ReportData.Copy(HOSTILE, HOSTILE, HOSTILE)))),
            List.of());
    ReportData.Network network =
        new ReportData.Network(
            HOSTILE,
            HOSTILE,
            List.of(new ReportData.Layer(HOSTILE, HOSTILE, 1, true)),
            List.of(new ReportData.FrozenVariable(HOSTILE, HOSTILE, "changed")),
            List.of(HOSTILE));
    ReportData.Origin origin =
        new ReportData.Origin(
            HOSTILE, data.origin().costs(), Map.of(HOSTILE, HOSTILE), Map.of(HOSTILE, HOSTILE));
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
    Element section = section(parse(Report.render(Samples.digits())), "curves");
    NodeList charts = section.getElementsByTagName("svg");
    assertThat(charts.getLength()).isEqualTo(3);
    Element loss = (Element) charts.item(0);
    Element accuracy = (Element) charts.item(1);
    Element rate = (Element) charts.item(2);
    assertThat(accuracy.getAttribute("aria-label"))
        .startsWith("Accuracy by epoch. training: ")
        .contains("validation: 9% in epoch 0");
    assertThat(loss.getElementsByTagName("path").getLength()).isEqualTo(2);
    for (Element chart : List.of(loss, accuracy, rate)) {
      assertThat(chart.getTextContent()).contains("fine-tune");
    }
    assertThat(rate.getAttribute("aria-label"))
        .isEqualTo("Learning rate by epoch: 0.001 in epoch 1, 0.0001 in epoch 12.");
  }

  @Test
  void probabilitiesAreShownAsCurvesAndAsAReliabilityDiagram() throws Exception {
    Document page = parse(Report.render(Samples.digits()));
    ClassEvaluation after = (ClassEvaluation) Samples.digits().outcome().after();
    Element scores = section(page, "scores");
    assertThat(scores.getElementsByTagName("path").getLength()).isEqualTo(2 * 10 + 1);
    assertThat(words(scores))
        .contains("mean ROC AUC " + Words.decimal(after.rocAuc()))
        .contains("the other 7 classes");
    Element calibration = section(page, "calibration");
    long filled = after.calibration().bins().stream().filter(bin -> bin.count() > 0).count();
    assertThat(calibration.getElementsByTagName("rect").getLength()).isEqualTo((int) (2 * filled));
    assertThat(words(calibration)).contains(Words.percent(after.calibration().error()));
  }

  @Test
  void ofTwoClassesTheSecondIsTheOneThatIsFound() throws Exception {
    Document page = parse(Report.render(Samples.withClasses(List.of("cat", "dog"), 20)));
    assertThat(words(section(page, "scores"))).startsWith("ROC and precision How well dog is told");
  }

  @Test
  void theLeastCertainHitsComeWithTheirPictures() throws Exception {
    ReportData data = Samples.digits();
    Element section = section(parse(Report.render(data)), "hits");
    List<ClassPrediction> hits = LeastCertain.of(data.outcome().predictions());
    assertThat(section.getElementsByTagName("img").getLength()).isEqualTo(hits.size());
    assertThat(words(section))
        .contains(hits.get(0).path())
        .contains(Words.percent(hits.get(0).probability(hits.get(0).predicted())));
    assertThat(hits).allMatch(ClassPrediction::isCorrect);
  }

  @Test
  void duplicatesAreNamedWithAllTheirPaths() throws Exception {
    Element section = section(parse(Report.render(Samples.digits())), "images");
    assertThat(words(section))
        .contains("1 image is, byte for byte, in several parts")
        .contains("0/004.pngtraining09f86d081884c7d65")
        .contains("0/copy of 004.pngvalidation0");
  }

  @Test
  void labelsHaveTheirFiguresCurvesAndMistakes() throws Exception {
    Document page = parse(Report.render(Samples.withLabels()));
    assertThat(words(elements(page, "header").get(0))).contains("on 40 images of 3 labels");
    assertThat(words(section(page, "classes"))).contains("micro average", "Figures of each label");
    assertThat(words(section(page, "mistakes"))).contains("missed sea");
    assertThat(elements(page, "section"))
        .extracting(one -> one.getAttribute("id"))
        .containsExactly(
            "curves",
            "classes",
            "scores",
            "calibration",
            "mistakes",
            "images",
            "network",
            "origin");
  }

  @Test
  void numbersAreShownAgainstTheTruth() throws Exception {
    Document page = parse(Report.render(Samples.withNumbers()));
    Element section = section(page, "numbers");
    assertThat(section.getElementsByTagName("circle").getLength()).isEqualTo(60);
    assertThat(words(section)).contains("age", "residuals", "root mean squared error");
    assertThat(words(section(page, "mistakes"))).contains("said", "is", "(age)");
    assertThat(words(elements(page, "header").get(0))).contains("of the variance");
    assertThat(elements(page, "section"))
        .extracting(one -> one.getAttribute("id"))
        .containsExactly("curves", "numbers", "mistakes", "images", "network", "origin");
  }

  @Test
  void runsSideBySideShowWhatDiffers() throws Exception {
    ReportData first = Samples.digits();
    ReportData second =
        Samples.named(Samples.withClasses(first.outcome().after().labels(), 30), HOSTILE);
    Document page = parse(Report.compare(List.of(first, second, Samples.named(first, "third"))));
    assertThat(words(elements(page, "header").get(0)))
        .contains("3 runs side by side")
        .contains("The runs validate on different images.");
    assertThat(words(section(page, "settings"))).contains("None: all 13 are the same.");
    assertThat(section(page, "curves").getElementsByTagName("path").getLength()).isEqualTo(4 * 3);
    assertThat(section(page, "classes").getElementsByTagName("tr").getLength()).isEqualTo(11);
    assertThat(words(section(page, "figures"))).contains("third", "Calibration error", "38 s");
    assertThat(elements(page, "script")).isEmpty();
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
    assertThat(words(section(page, "mistakes"))).contains("No image was given a wrong");
    assertThat(elements(page, "section"))
        .extracting(one -> one.getAttribute("id"))
        .doesNotContain("curves", "hits");
    assertThat(elements(page, "a")).noneMatch(link -> link.getTextContent().equals("Curves"));
  }

  @Test
  void staysSmallForTenThousandImagesOfManyClasses() {
    ReportData data = Samples.withClasses(classes(250), 8);
    Map<String, Thumbnail> photographs = new HashMap<>();
    data.thumbnails().keySet().forEach(path -> photographs.put(path, noise(path.hashCode())));
    ReportData large =
        new ReportData(
            data.name(),
            data.outcome(),
            new ReportData.Images(
                data.images().all(),
                data.images().classes(),
                IntStream.range(0, 5000)
                    .mapToObj(i -> new ReportData.Rejected("images/" + i + ".jpg", "is no image"))
                    .toList(),
                List.of(),
                List.of(),
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
