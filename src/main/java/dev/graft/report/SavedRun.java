package dev.graft.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.graft.data.Sha256;
import dev.graft.metrics.ClassEvaluation;
import dev.graft.metrics.Evaluation;
import dev.graft.metrics.History;
import dev.graft.metrics.LabelEvaluation;
import dev.graft.metrics.Mistake;
import dev.graft.metrics.NumberEvaluation;
import dev.graft.metrics.Prediction;
import dev.graft.metrics.PredictionTable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Function;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * A run's folder as a report needs it: {@code run.json}, {@code history.csv}, {@code
 * predictions.csv}, and {@code pictures/}, small copies of the images that a report shows. They are
 * made from the data's images when the first report is written, and used from then on, wherever the
 * folder goes.
 */
public final class SavedRun {
  /** The file that makes a folder a run. */
  public static final String RUN = "run.json";

  private static final String PICTURES = "pictures";
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Path folder;
  private final JsonNode run;

  private SavedRun(Path folder, JsonNode run) {
    this.folder = folder;
    this.run = run;
  }

  /**
   * Reads a run.
   *
   * @param folder of the run
   * @param name for the heading of the report
   * @throws IllegalArgumentException if it is not the folder of a run, or its files can't be used
   * @throws IOException if they can't be read
   */
  public static ReportData read(Path folder, String name) throws IOException {
    Path file = folder.resolve(RUN);
    if (!Files.isRegularFile(file)) {
      throw new IllegalArgumentException(
          folder
              + " is not the folder of a run: expected a run.json in it, as graft train writes it.");
    }
    try {
      return new SavedRun(folder, JSON.readTree(file.toFile())).data(name);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(
          file + " is not valid JSON (" + e.getOriginalMessage() + "): train again.", e);
    }
  }

  /**
   * Writes the report of a run into its folder, and the pictures that it shows beside it.
   *
   * @param folder of the run
   * @param name for the heading
   * @throws IllegalArgumentException if it is not the folder of a run, or its files can't be used
   * @throws IOException if they can't be read or the report can't be written
   */
  public static void writeReport(Path folder, String name) throws IOException {
    ReportData data = read(folder, name);
    for (Map.Entry<String, Thumbnail> picture : data.thumbnails().entrySet()) {
      Path kept = kept(folder, picture.getKey());
      if (picture.getValue() != Thumbnail.unreadable() && !Files.exists(kept)) {
        Files.createDirectories(kept.getParent());
        Files.write(kept, picture.getValue().bytes());
      }
    }
    Report.write(data, folder.resolve("report.html"));
  }

  private ReportData data(String name) throws IOException {
    PredictionTable table = PredictionTable.read(folder.resolve("predictions.csv"));
    List<? extends Prediction> validation = table.part("validation");
    Evaluation after = Evaluation.of(table.names(), validation);
    return new ReportData(
        name,
        new ReportData.Outcome(
            before(),
            after,
            table.part("test").isEmpty()
                ? Optional.empty()
                : Optional.of(Evaluation.of(table.names(), table.part("test"))),
            validation,
            History.parse(Files.readString(folder.resolve("history.csv")))),
        images(),
        network(),
        origin(),
        thumbnails(after, validation));
  }

  private Optional<ReportData.Headline> before() {
    JsonNode before = run.at("/metrics/before");
    return before.isObject()
        ? Optional.of(
            new ReportData.Headline(
                before.path("loss").asDouble(Double.NaN),
                before.path("accuracy").asDouble(Double.NaN)))
        : Optional.empty();
  }

  private ReportData.Images images() {
    return new ReportData.Images(
        examples(),
        count(required("imageCounts")),
        list(required("classCounts"), SavedRun::count),
        texts(required("rejected")).entrySet().stream()
            .map(file -> new ReportData.Rejected(file.getKey(), file.getValue()))
            .toList(),
        list(required("notes"), JsonNode::asText),
        list(required("duplicates"), SavedRun::duplicate),
        list(run.path("contactSheet"), this::sheetRow));
  }

  private Examples examples() {
    return Examples.named(run.path("examples").asText());
  }

  private static ReportData.ClassCount count(JsonNode node) {
    return new ReportData.ClassCount(
        text(node, "label"),
        node.path("training").asInt(),
        node.path("validation").asInt(),
        node.path("test").asInt());
  }

  private ReportData.SheetRow sheetRow(JsonNode node) {
    return new ReportData.SheetRow(
        text(node, "path"),
        Thumbnail.of(folder.resolve(text(node, "original"))),
        list(node.path("views"), view -> Thumbnail.of(folder.resolve(view.asText()))));
  }

  private static ReportData.Duplicate duplicate(JsonNode node) {
    return new ReportData.Duplicate(
        text(node, "sha256"),
        list(
            node.path("copies"),
            copy ->
                new ReportData.Copy(text(copy, "split"), text(copy, "label"), text(copy, "path"))));
  }

  private ReportData.Network network() {
    JsonNode network = required("network");
    return new ReportData.Network(
        text(network, "backbone"),
        text(network, "head"),
        list(
            network.path("layers"),
            node ->
                new ReportData.Layer(
                    text(node, "name"),
                    text(node, "kind"),
                    node.path("parameters").asLong(),
                    node.path("trained").asBoolean())),
        list(
            required("frozen"),
            node ->
                new ReportData.FrozenVariable(
                    text(node, "name"), text(node, "before"), text(node, "after"))),
        list(network.path("notes"), JsonNode::asText));
  }

  private ReportData.Origin origin() {
    Map<String, ReportData.PhaseCost> costs = new LinkedHashMap<>();
    required("seconds")
        .properties()
        .forEach(
            part -> {
              JsonNode memory = run.path("memory").path(part.getKey());
              costs.put(
                  part.getKey(),
                  new ReportData.PhaseCost(
                      part.getKey(),
                      Duration.ofMillis(Math.round(part.getValue().asDouble() * 1e3)),
                      bytes(memory.path("resident")),
                      bytes(memory.path("heap"))));
            });
    return new ReportData.Origin(
        required("command").asText(),
        List.copyOf(costs.values()),
        texts(required("settings")),
        texts(required("versions")));
  }

  private static OptionalLong bytes(JsonNode node) {
    return node.isNumber() ? OptionalLong.of(node.asLong()) : OptionalLong.empty();
  }

  private Map<String, Thumbnail> thumbnails(
      Evaluation evaluation, List<? extends Prediction> validation) throws IOException {
    Map<String, Thumbnail> thumbnails = new LinkedHashMap<>();
    if (examples() != Examples.IMAGES) {
      return thumbnails;
    }
    for (String path : shown(evaluation, validation)) {
      thumbnails.put(path, picture(path));
    }
    return thumbnails;
  }

  /** The images that a report of an evaluation shows. */
  static List<String> shown(Evaluation evaluation, List<? extends Prediction> predictions) {
    return Stream.concat(
            worst(evaluation), LeastCertain.of(predictions).stream().map(Prediction::path))
        .distinct()
        .toList();
  }

  private static Stream<String> worst(Evaluation evaluation) {
    if (evaluation instanceof ClassEvaluation classes) {
      return classes.worstMistakes().stream().map(Mistake::path);
    }
    return evaluation instanceof LabelEvaluation labels
        ? labels.worstMistakes().stream().map(LabelEvaluation.LabelMistake::path)
        : ((NumberEvaluation) evaluation).worst().stream().map(NumberEvaluation.Miss::path);
  }

  private Thumbnail picture(String path) throws IOException {
    Path kept = kept(folder, path);
    return Files.exists(kept)
        ? Thumbnail.kept(Files.readAllBytes(kept))
        : Thumbnail.of(Path.of(path));
  }

  /** Where the small copy of an image lies; images of one name in two folders have two. */
  private static Path kept(Path folder, String path) {
    String hash = Sha256.of(path.getBytes(StandardCharsets.UTF_8));
    return folder.resolve(PICTURES).resolve(hash.substring(0, 16));
  }

  private JsonNode required(String key) {
    JsonNode value = run.get(key);
    if (value == null) {
      throw new IllegalArgumentException(
          "%s has no \"%s\": it is of another version of Graft, so train again."
              .formatted(folder.resolve(RUN), key));
    }
    return value;
  }

  private static String text(JsonNode node, String key) {
    return node.path(key).asText();
  }

  private static Map<String, String> texts(JsonNode node) {
    Map<String, String> texts = new LinkedHashMap<>();
    node.properties().forEach(field -> texts.put(field.getKey(), field.getValue().asText()));
    return texts;
  }

  private static <T> List<T> list(JsonNode array, Function<JsonNode, T> element) {
    return StreamSupport.stream(array.spliterator(), false).map(element).toList();
  }
}
