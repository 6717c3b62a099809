package dev.graft.spark;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.graft.export.TinyClassifier;
import dev.graft.image.ImageFile;
import dev.graft.predict.Answer;
import dev.graft.predict.Predicted;
import dev.graft.predict.Predictions;
import dev.graft.predict.Predictor;
import dev.graft.tensor.Arithmetic;
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

  private static final Map<String, Predicted<ImageFile>> expected = new LinkedHashMap<>();
  private static String log;
  private static JsonNode answers;
  private static JsonNode failures;

  @BeforeAll
  static void askInEveryWay() throws IOException, InterruptedException {
    Path model = TinyClassifier.export(folder.resolve("model"));
    Path broken = TinyClassifier.export(folder.resolve("broken"));
    Path images = images(folder.resolve("images"));
    Path out = folder.resolve("said.json");
    Path said = folder.resolve("pyspark.log");
    List<String> words = new ArrayList<>(List.of("src/test/python/spark_predictions.py"));
    words.addAll(List.of(SparkInstallation.jar().toString(), model.toString()));
    words.addAll(List.of(broken.toString(), images.toString(), out.toString()));
    int exit = new SparkInstallation().python(words, said).start().waitFor();
    log = Files.readString(said);
    assertThat(exit).as(log).isZero();
    JsonNode all = new ObjectMapper().readTree(out.toFile());
    answers = all.get("answers");
    failures = all.get("failures");
    try (Predictor predictor = Predictor.load(model, Arithmetic.FUSED);
        Stream<Path> files = Files.list(images);
        Predictions<ImageFile> here = predictor.start(ImageFile.all(files.sorted().toList()))) {
      while (here.hasNext()) {
        Predicted<ImageFile> next = here.next();
        expected.put(next.source().path().toString(), next);
      }
    }
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
  void eachModelIsLoadedOnceAndClosed() {
    // Sent to the executors, and read in place.
    assertThat(log.lines().filter(line -> line.contains("Loaded the model"))).hasSize(2);
    assertThat(log.lines().filter(line -> line.contains("Closed the model"))).hasSize(2);
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
