package dev.graft.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Several labels an image, and numbers, from the list to what the exported model answers. */
class TaskCommandsTest {
  private static final Path POOL = Path.of("testdata", "models", "pool");

  @TempDir private Path folder;
  private Path run;

  @BeforeEach
  void draw() throws IOException {
    Drawn.folder(folder.resolve("data"), 10, "blue", "green", "red");
    run = folder.resolve("run");
  }

  /** A list of all images, with what stands for each colour. */
  private Path list(String header, String blue, String green, String red) throws IOException {
    StringBuilder text = new StringBuilder(header + "\n");
    List<String> colours = List.of("blue", "green", "red");
    for (int i = 0; i < 10; i++) {
      for (String colour : colours) {
        String target = List.of(blue, green, red).get(colours.indexOf(colour));
        text.append("data/%s/%d.png,%s%n".formatted(colour, i, target));
      }
    }
    return Files.writeString(folder.resolve("list.csv"), text);
  }

  private Ran train(Path data, Object... options) {
    List<Object> words = new ArrayList<>(List.of("train", data, "--backbone", POOL));
    words.addAll(List.of("--out", run, "--features", folder.resolve("features")));
    words.addAll(List.of(options));
    return Ran.graft(words);
  }

  private JsonNode runJson() throws IOException {
    return new ObjectMapper().readTree(run.resolve("run.json").toFile());
  }

  @Test
  void labelsAreLearntEvaluatedAndAnswered() throws IOException {
    Path data = list("path,label", "cold", "cold;plant", "");
    Ran ran =
        train(data, "--epochs", 60, "--optimizer", "adam(0.1)", "--assert-accuracy", 0.9).done();
    assertThat(ran.err())
        .contains("2 labels, binary-crossentropy; head gap, dropout(0.2), dense(sigmoid)");
    assertThat(ran.out()).contains("exact match", "cold", "plant", "micro average");
    assertThat(runJson().at("/task").asText()).isEqualTo("labels");
    assertThat(runJson().at("/metrics/validation/exactMatch").asDouble()).isGreaterThan(0.8);

    JsonNode evaluated = Ran.graft("evaluate", run, data, "--json").done().json();
    assertThat(evaluated.at("/examples").asInt()).isEqualTo(30);
    assertThat(evaluated.at("/accuracy").asDouble()).isGreaterThan(0.9);
    assertThat(evaluated.at("/labels/1/label").asText()).isEqualTo("plant");

    JsonNode green = predicted("data/green/0.png");
    assertThat(green.at("/labels")).extracting(JsonNode::asText).contains("cold", "plant");
    assertThat(predicted("data/red/0.png").at("/labels")).isEmpty();
    assertThat(Ran.graft("predict", run, folder.resolve("data/red/0.png")).done().out())
        .contains("(none)");
    Ran.graft("verify", run).done();
    Path other =
        Files.writeString(folder.resolve("o.csv"), "path,label\ndata/red/0.png,new;cold\n");
    Ran.graft("evaluate", run, other).failed(1, "labels [cold, new]", "labels [cold, plant]");
  }

  private JsonNode predicted(String image) throws IOException {
    return Ran.graft("predict", run, folder.resolve(image), "--json")
        .done()
        .json()
        .at("/predictions/0");
  }

  @Test
  void numbersAreLearntEvaluatedAndAnswered() throws IOException {
    Path data = list("path,warmth,size", "-2,1", "0.5,2", "3,3");
    Ran ran =
        train(
                data,
                "--epochs",
                150,
                "--optimizer",
                "adam(0.1)",
                "--head",
                "gap, dense(linear, l2=1e-6)")
            .done();
    assertThat(ran.err()).contains("2 numbers, mse; head gap, dense(linear, l2=0.000001)");
    assertThat(ran.out()).contains("MAE", "RMSE", "R²", "warmth", "Before training");
    assertThat(runJson().at("/task").asText()).isEqualTo("numbers");
    assertThat(runJson().at("/history/0/accuracy").isNull()).isTrue();
    assertThat(runJson().at("/metrics/validation/r2").asDouble()).isGreaterThan(0.9);
    assertThat(
            Files.readString(run.resolve("history.csv")).lines().skip(1).findFirst().orElseThrow())
        .matches("1,head,0\\.1,[^,]+,,[^,]+,");

    JsonNode evaluated = Ran.graft("evaluate", run, data, "--json").done().json();
    assertThat(evaluated.at("/r2").asDouble()).isGreaterThan(0.9);
    assertThat(evaluated.at("/numbers/0/label").asText()).isEqualTo("warmth");
    assertThat(predicted("data/red/1.png").at("/numbers/warmth").asDouble()).isBetween(2.0, 4.0);
    assertThat(Ran.graft("predict", run, folder.resolve("data/red/1.png")).done().out())
        .contains("number", "warmth", "size");
    Ran.graft("verify", run).done();
    Ran.graft("evaluate", run, data, "--assert-accuracy", 0.5)
        .failed(2, "--assert-accuracy is a share of right answers", "numbers");
  }

  @Test
  void whatDoesNotFitTheDataIsRefusedBeforeTraining() throws IOException {
    Path numbers = list("path,label", "1.5", "2", "3");
    train(numbers, "--assert-accuracy", 0.5).failed(2, "--assert-accuracy", "numbers");
    train(numbers, "--loss", "binary-crossentropy")
        .failed(1, "does not fit 1 number", "mse, mae or huber");
    train(numbers, "--class-weights", "balanced").failed(1, "Class weights are for one class");
    train(numbers, "--label-smoothing", "0.1").failed(1, "Label smoothing is for classes");
    train(numbers, "--head", "gap, dense(softmax)").failed(1, "ends with softmax", "dense(linear)");
    Path classes = folder.resolve("data");
    train(classes, "--loss", "mse").failed(1, "is a folder, whose images have one class each");
    train(classes, "--loss", "hinge").failed(2, "no loss \"hinge\"", "huber(delta)");
    train(classes, "--class-weights", "blue=-1").failed(2, "weight of class \"blue\"");
    train(classes, "--class-weights", "pink=2").failed(1, "pink", "blue, green, red");
    assertThat(run).doesNotExist();
  }

  @Test
  void wholeNumbersAreNumbersWhereTheLossSaysSo() throws IOException {
    Path data = list("path,label", "1", "2", "3");
    Ran ran = train(data, "--epochs", 2, "--loss", "huber(2)").done();
    assertThat(ran.err()).contains("1 number, huber(2)");
    assertThat(runJson().at("/command").asText()).contains("--loss \"huber(2)\"");
    assertThat(Ran.graft("evaluate", run, data).done().out()).contains("MAE");
  }

  @Test
  void classWeightsAndSmoothingAreWrittenDown() throws IOException {
    Ran ran =
        train(
                folder.resolve("data"),
                "--epochs",
                2,
                "--class-weights",
                "red=2, blue=0.5",
                "--label-smoothing",
                0.1)
            .done();
    assertThat(ran.err()).contains("3 classes, categorical-crossentropy, label smoothing 0.1");
    assertThat(runJson().at("/command").asText())
        .contains("--label-smoothing 0.1")
        .contains("--class-weights \"red=2,blue=0.5\"");
    assertThat(runJson().at("/settings/class-weights").asText()).isEqualTo("red=2,blue=0.5");
  }
}
