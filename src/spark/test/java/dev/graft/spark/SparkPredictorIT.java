package dev.graft.spark;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.graft.batch.BatchListener;
import dev.graft.batch.BatchPredictor;
import dev.graft.batch.BatchSettings;
import dev.graft.data.Labels;
import dev.graft.data.Task;
import dev.graft.export.TinyClassifier;
import dev.graft.image.ImageFile;
import dev.graft.model.Head;
import dev.graft.predict.Answer;
import dev.graft.predict.Predicted;
import dev.graft.predict.Predictions;
import dev.graft.predict.Predictor;
import dev.graft.tensor.Precision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real PySpark in local mode, with the jar for {@code spark-submit}, beside this process. */
class SparkPredictorIT {
  @TempDir private static Path folder;

  /** Two of them have names that are taken. */
  private static final Labels NUMBERS = Labels.of("warm.th `", "top", "Error");

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Map<String, Predicted<ImageFile>> expected = new LinkedHashMap<>();
  private static String log;
  private static Path several;
  private static Path numbers;
  private static Path list;
  private static JsonNode answers;
  private static JsonNode failures;
  private static JsonNode job;
  private static JsonNode summary;

  @BeforeAll
  static void askInEveryWay() throws IOException, InterruptedException {
    Path model = TinyClassifier.export(folder.resolve("model"));
    Path broken = TinyClassifier.export(folder.resolve("broken"));
    several = model("labels", "gap, dense(sigmoid)", Task.Kind.LABELS);
    numbers = model("numbers", "gap, dense(linear)", Task.Kind.NUMBERS);
    Path images = images(folder.resolve("images"));
    list = list(images);
    Path out = folder.resolve("said.json");
    Path said = folder.resolve("pyspark.log");
    List<String> words = new ArrayList<>(List.of("src/test/python/spark_predictions.py"));
    words.addAll(List.of(SparkInstallation.jar().toString(), model.toString()));
    words.addAll(List.of(broken.toString(), several.toString(), numbers.toString()));
    words.addAll(List.of(list.toString(), images.toString(), out.toString()));
    int exit = new SparkInstallation().python(words, said).start().waitFor();
    log = Files.readString(said);
    assertThat(exit).as(log).isZero();
    JsonNode all = JSON.readTree(out.toFile());
    answers = all.get("answers");
    failures = all.get("failures");
    job = all.get("job");
    summary = all.get("summary");
    try (Predictor predictor = Predictor.load(model, Precision.WINOGRAD.arithmetic());
        Stream<Path> files = Files.list(images);
        Predictions<ImageFile> here = predictor.start(ImageFile.all(files.sorted().toList()))) {
      while (here.hasNext()) {
        Predicted<ImageFile> next = here.next();
        expected.put(next.source().path().toString(), next);
      }
    }
  }

  private static Path model(String name, String head, Task.Kind kind) throws IOException {
    Labels labels = kind == Task.Kind.NUMBERS ? NUMBERS : TinyClassifier.LABELS;
    return TinyClassifier.export(folder.resolve(name), Head.parse(head), new Task(kind, labels));
  }

  /** With a column whose name is taken, but for its case. */
  private static Path list(Path images) throws IOException {
    List<String> lines = new ArrayList<>(List.of("path,Labels"));
    for (int i = 0; i < 11; i++) {
      lines.add("images/%d.png,%d".formatted(i, i));
    }
    lines.add("images/notes.txt,text");
    return Files.write(images.resolveSibling("list.csv"), lines);
  }

  /** Eleven digits, so that no partition is a full batch, and a text. */
  private static Path images(Path target) throws IOException {
    Files.createDirectories(target);
    for (int i = 0; i < 11; i++) {
      Files.copy(
          Path.of("testdata", "digits", "3", "%03d.png".formatted(i)), target.resolve(i + ".png"));
    }
    Files.writeString(target.resolve("notes.txt"), "no image");
    return target;
  }

  @Test
  void theSqlFunctionGivesTheSameBits() {
    assertEqual(answers.get("sql"), 3, false);
  }

  @Test
  void aColumnOfBytesGivesTheSameBits() {
    assertEqual(answers.get("bytes"), 2, true);
  }

  @Test
  void aColumnOfPathsGivesTheSameBitsWhateverThePartitions() {
    JsonNode paths = answers.get("paths");
    assertThat(paths.size()).isEqualTo(expected.size() + 2);
    assertThat(paths.get(folder.resolve("images/missing.png").toString()).get("error").asText())
        .isEqualTo("does not exist");
    assertThat(paths.get("").get("error").asText()).isEqualTo("is empty, expected a path");
    expected.forEach((path, answer) -> assertEqual(path, paths.get(path), answer, 2, true));
  }

  @Test
  void anImageAloneHasTheBitsThatItHasAmongOthers() {
    assertThat(answers.get("alone").size()).isEqualTo(1);
    String path = answers.get("alone").fieldNames().next();
    assertEqual(path, answers.get("alone").get(path), expected.get(path), 2, true);
  }

  @Test
  void theFunctionTakesAPathToo() {
    assertEqual(answers.get("function of a path"), 3, false);
  }

  @Test
  void aDamagedModelIsRefusedOnTheExecutor() {
    assertThat(failures.get("damaged").asText()).contains("is not what its handoff.json lists");
  }

  @Test
  void anotherModelInTheSamePlaceIsRefusedOnTheExecutor() {
    assertThat(failures.get("another").asText()).contains("expected").contains("the driver's");
  }

  @Test
  void labelsAndNumbersAreTheColumnsOfABatch() throws IOException {
    assertBatch(answers.get("labels"), batch(several, 2), 1);
    assertBatch(answers.get("numbers"), batch(numbers, 1), 0);
    assertThat(answers.get("numbers").get(image(0).toString()).fieldNames())
        .toIterable()
        .containsExactly("warm.th `", "top", "number_Error", "error");
    String text = folder.resolve("images/notes.txt").toString();
    for (String kind : List.of("labels", "numbers")) {
      assertThat(answers.get(kind).get(text).get("error").asText()).contains("is no image");
    }
  }

  private static Path image(int number) {
    return folder.resolve("images").resolve(number + ".png");
  }

  /** What graft batch says of the images, by path. */
  private static Map<String, JsonNode> batch(Path model, int top) throws IOException {
    return batch(model, folder.resolve("images"), top);
  }

  private static Map<String, JsonNode> batch(Path model, Path input, int top) throws IOException {
    Path file = Files.createTempDirectory(folder, "batch").resolve("answers.jsonl");
    BatchPredictor.of(BatchSettings.of(model, input), file).withTop(top).run(BatchListener.none());
    Map<String, JsonNode> rows = new LinkedHashMap<>();
    for (String line : Files.readAllLines(file)) {
      JsonNode row = JSON.readTree(line);
      rows.put(row.get("path").asText(), ((ObjectNode) row).without("path"));
    }
    assertThat(rows).hasSize(11);
    return rows;
  }

  private static void assertBatch(JsonNode said, Map<String, JsonNode> batch, int ulps) {
    assertThat(said.size()).isEqualTo(batch.size() + 1);
    batch.forEach(
        (path, row) ->
            assertSame(path, ((ObjectNode) said.get(path)).deepCopy().without("error"), row, ulps));
  }

  /**
   * Requires the same fields and values; Python writes a float as the double that it is.
   *
   * @param ulps by which floats may differ: 1 of labels, since the last bit of a sigmoid depends on
   *     the rows of the batch, which are others in other partitions; else 0
   */
  private static void assertSame(String where, JsonNode said, JsonNode batch, int ulps) {
    if (batch.isNumber()) {
      float expected = (float) batch.asDouble();
      float difference = Math.abs((float) said.asDouble() - expected);
      assertThat(difference).as(where).isLessThanOrEqualTo(ulps * Math.ulp(expected));
      return;
    }
    assertThat(said.getNodeType()).as(where).isEqualTo(batch.getNodeType());
    assertThat(said.size()).as(where).isEqualTo(batch.size());
    if (batch.isValueNode()) {
      assertThat(said.asText()).as(where).isEqualTo(batch.asText());
    }
    batch
        .properties()
        .forEach(
            field -> {
              assertThat(said.has(field.getKey())).as(where + " " + field.getKey()).isTrue();
              assertSame(
                  where + " " + field.getKey(), said.get(field.getKey()), field.getValue(), ulps);
            });
    for (int i = 0; batch.isArray() && i < batch.size(); i++) {
      assertSame(where + " " + i, said.get(i), batch.get(i), ulps);
    }
  }

  @Test
  void aJobOfLabelsHasTheColumnsOfABatch() throws IOException {
    Map<String, JsonNode> batch = batch(several, list, 2);
    assertThat(job).hasSize(11);
    long labels = 0;
    for (JsonNode row : job) {
      String path = row.get("path").asText();
      ObjectNode answer = ((ObjectNode) row).deepCopy();
      assertThat(answer.remove("reason").isNull()).isTrue();
      answer.remove("path");
      assertSame(path, answer, batch.get(path), 1);
      labels += row.get("labels").size();
    }
    assertThat(batch.get("images/3.png").get("input_Labels").asText()).isEqualTo("3");
    assertThat(summary.get("images").asInt()).isEqualTo(11);
    assertThat(summary.get("rejected").asInt()).isEqualTo(1);
    assertThat(
            summary.get("labels").properties().stream().mapToLong(e -> e.getValue().asLong()).sum())
        .isEqualTo(labels)
        .isPositive();
  }

  @Test
  void whatTheModelDoesNotHaveIsRefusedOnTheDriver() {
    assertThat(failures.get("logits").asText())
        .contains("no output \"logits\" (it has probabilities): ask without logits");
    assertThat(failures.get("top").asText())
        .contains("predicts 3 numbers, of which none is likeliest");
    assertThat(failures.get("none").asText()).contains("no handoff.json");
  }

  @Test
  void eachModelIsLoadedOnceAndClosed() {
    // Sent to the executors, read in place, of labels, of numbers, and of labels for the job.
    assertThat(log.lines().filter(line -> line.contains("Loaded the model"))).hasSize(5);
    assertThat(log.lines().filter(line -> line.contains("Closed the model"))).hasSize(5);
  }

  private static void assertEqual(JsonNode said, int top, boolean logits) {
    assertThat(said.size()).isEqualTo(expected.size());
    expected.forEach((path, answer) -> assertEqual(path, said.get(path), answer, top, logits));
  }

  private static void assertEqual(
      String path, JsonNode said, Predicted<ImageFile> here, int top, boolean logits) {
    if (here.rejection().isPresent()) {
      assertThat(said.get("error").asText()).as(path).isEqualTo(here.rejection().get());
      assertThat(said.get("label").isNull()).as(path).isTrue();
      return;
    }
    assertThat(said.get("error").isNull()).as(path).isTrue();
    Answer answer = here.answer().orElseThrow();
    assertThat(said.get("label").asText()).as(path).isEqualTo(answer.label());
    assertThat((float) said.get("probability").asDouble()).as(path).isEqualTo(answer.probability());
    List<Answer.Guess> guesses = new ArrayList<>();
    said.get("top")
        .forEach(
            guess ->
                guesses.add(
                    new Answer.Guess(
                        guess.get("label").asText(), (float) guess.get("probability").asDouble())));
    assertThat(guesses).as(path).isEqualTo(answer.top(top));
    assertThat(said.has("logits")).as(path).isEqualTo(logits);
    if (logits) {
      List<Float> values = new ArrayList<>();
      said.get("logits").forEach(value -> values.add((float) value.asDouble()));
      assertThat(values).as(path).containsExactly(boxed(here.outputs().get("logits")));
    }
  }

  private static Float[] boxed(float[] values) {
    Float[] boxed = new Float[values.length];
    for (int i = 0; i < values.length; i++) {
      boxed[i] = values[i];
    }
    return boxed;
  }
}
