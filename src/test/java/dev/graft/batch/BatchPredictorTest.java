package dev.graft.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.graft.data.Labels;
import dev.graft.data.Npy;
import dev.graft.data.NpyArray;
import dev.graft.data.Task;
import dev.graft.export.TinyClassifier;
import dev.graft.features.DrawnImages;
import dev.graft.model.Calibration;
import dev.graft.model.Head;
import dev.graft.predict.Answer;
import dev.graft.predict.Features;
import dev.graft.predict.Predictor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVRecord;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.convert.GroupRecordConverter;
import org.apache.parquet.filter2.compat.FilterCompat;
import org.apache.parquet.format.RowGroup;
import org.apache.parquet.io.ColumnIOFactory;
import org.apache.parquet.io.RecordReader;
import org.apache.parquet.schema.MessageType;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BatchPredictorTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int PART = 16;
  private static final Path BAD = Path.of("testdata", "images");

  @TempDir private static Path shared;
  private static Path model;
  private static Path images;

  @TempDir private Path folder;

  /** 75 images of which every tenth or so is bad. */
  @BeforeAll
  static void make() throws IOException {
    model = TinyClassifier.export(shared.resolve("model"));
    images = shared.resolve("images");
    DrawnImages.draw(images, 0, 22);
    for (String bad : List.of("text.jpg", "truncated.jpg", "truncated.png", "empty.jpg")) {
      Files.copy(BAD.resolve(bad), images.resolve("green").resolve("01" + bad));
    }
    Files.createDirectory(images.resolve("green/empty folder"));
    Files.copy(BAD.resolve("webp-named.jpg"), images.resolve("a.jpg"));
    for (int i = 0; i < 4; i++) {
      Files.copy(BAD.resolve("rgb.jpg"), images.resolve("red").resolve("more" + i + ".JPG"));
    }
    Files.writeString(images.resolve("notes.txt"), "not an image");
    Files.createDirectory(images.resolve(".hidden"));
    Files.copy(BAD.resolve("rgb.jpg"), images.resolve(".hidden/rgb.jpg"));
  }

  @Test
  void aJobGoesOnWithTheCalibrationThatItBeganWith() throws Exception {
    Path undisturbed = folder.resolve("undisturbed.jsonl");
    run(BatchPredictor.of(settings(), undisturbed));
    Path out = folder.resolve("out.jsonl");
    assertThat(BatchPredictor.begun(out)).isEmpty();
    Calibration begun = new Calibration(1, 4, 0);
    BatchPredictor first = BatchPredictor.of(settings().withCalibration(begun), out);
    assertThatThrownBy(() -> first.run(stopAt(20), PART)).isInstanceOf(Stop.class);
    assertThat(BatchPredictor.begun(out)).contains(begun);
    BatchSettings other = settings().withCalibration(new Calibration(2, 16, 0));
    BatchSummary summary = run(BatchPredictor.of(other.withWhenThere(WhenThere.RESUME), out));
    assertThat(summary.job()).containsEntry("calibration", begun.describe());
    assertThat(out).hasSameTextualContentAs(undisturbed);
  }

  private BatchSettings settings() {
    return BatchSettings.of(model, images);
  }

  private static BatchSummary run(BatchPredictor job) throws IOException {
    return job.run(BatchListener.none(), PART).orElseThrow();
  }

  private static List<JsonNode> lines(Path file) throws IOException {
    List<JsonNode> lines = new ArrayList<>();
    for (String line : Files.readAllLines(file)) {
      lines.add(JSON.readTree(line));
    }
    return lines;
  }

  @Test
  void everyImageIsARowInOrderOrRejectedWithAReason() throws Exception {
    Path out = folder.resolve("out.jsonl");
    BatchSummary summary = run(BatchPredictor.of(settings(), out).withTop(2).withLogits());
    assertThat(summary.records()).isEqualTo(75);
    assertThat(summary.rejected()).isEqualTo(5);
    List<JsonNode> rows = lines(out);
    assertThat(rows).hasSize(70);
    List<String> paths = rows.stream().map(row -> row.get("path").asText()).toList();
    assertThat(paths).isSorted().doesNotHaveDuplicates();
    assertThat(rows.get(0).fieldNames())
        .toIterable()
        .containsExactly("path", "label", "probability", "top", "logits");
    try (Predictor predictor = Predictor.load(model)) {
      for (JsonNode row : rows) {
        Answer answer = predictor.predict(Files.readAllBytes(Path.of(row.get("path").asText())));
        assertThat(row.get("label").asText()).isEqualTo(answer.label());
        assertThat((float) row.get("probability").asDouble())
            .isEqualTo(answer.probability(), Offset.offset(1e-5f));
        assertThat(row.get("top").get(1).get("label").asText())
            .isEqualTo(answer.top(2).get(1).label());
        assertThat(row.get("logits")).hasSize(3);
      }
    }
    assertThat(Files.readAllLines(folder.resolve("out.jsonl.rejected.jsonl")))
        .anySatisfy(line -> assertThat(line).contains("a.jpg", "\"index\":0", "WebP"))
        .anySatisfy(line -> assertThat(line).contains("text.jpg", "is no image"))
        .anySatisfy(line -> assertThat(line).contains("empty.jpg", "is empty"))
        .anySatisfy(line -> assertThat(line).contains("truncated.jpg", "is a truncated JPEG"))
        .hasSize(5);
    JsonNode said = JSON.readTree(folder.resolve("out.jsonl.summary.json").toFile());
    assertThat(said.get("predicted").asInt()).isEqualTo(70);
    assertThat(said.get("labels").properties())
        .satisfies(
            labels ->
                assertThat(labels.stream().mapToInt(e -> e.getValue().asInt()).sum())
                    .isEqualTo(70));
    assertThat(said.get("latencyMilliseconds").get("p50").asDouble()).isPositive();
    assertThat(said.get("job").get("model").asText()).hasSize(64);
    assertThat(names(folder))
        .containsExactly("out.jsonl", "out.jsonl.rejected.jsonl", "out.jsonl.summary.json");
  }

  private static List<String> names(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  /** Stops a job from the outside, as far as the job can tell. */
  private static final class Stop extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  @ParameterizedTest
  @ValueSource(strings = {"csv", "jsonl", "parquet"})
  void stoppedAgainAndAgainItMakesTheBytesOfAnUndisturbedRun(String ending) throws Exception {
    Path whole = folder.resolve("whole." + ending);
    run(job(settings(), whole));
    Path out = folder.resolve("out." + ending);
    BatchPredictor resumed = job(settings().withWhenThere(WhenThere.RESUME), out);
    int starts = 1;
    for (int stop : new int[] {3, 16, 20, 47, 74, 75}) {
      starts++;
      assertThatThrownBy(() -> resumed.run(stopAt(stop), PART)).isInstanceOf(Stop.class);
      assertThat(out).doesNotExist();
    }
    BatchSummary summary = run(resumed);
    assertThat(out).hasSameBinaryContentAs(whole);
    assertThat(rejected(out)).hasSameBinaryContentAs(rejected(whole));
    assertThat(summary.records()).isEqualTo(75);
    assertThat(summary.labels().values().stream().mapToLong(n -> n).sum()).isEqualTo(70);
    assertThat(summary.starts()).isBetween(2, starts);
    assertThat(resumed.run(BatchListener.none(), PART)).as("done before").isEmpty();
  }

  private static BatchPredictor job(BatchSettings settings, Path out) {
    return BatchPredictor.of(settings, out)
        .withTop(2)
        .withLogits()
        .withFeatures(Features.OF_BACKBONE);
  }

  private static BatchListener stopAt(int records) {
    return (done, total, rejected) -> {
      if (done == records) {
        throw new Stop();
      }
    };
  }

  private static Path rejected(Path out) {
    return out.resolveSibling(out.getFileName() + ".rejected.jsonl");
  }

  @Test
  void whatAKillLeavesBehindTheLastPartIsForgotten() throws Exception {
    Path whole = folder.resolve("whole.parquet");
    run(job(settings(), whole));
    Path out = folder.resolve("out.parquet");
    BatchPredictor resumed = job(settings().withWhenThere(WhenThere.RESUME), out);
    assertThatThrownBy(() -> resumed.run(stopAt(40), PART)).isInstanceOf(Stop.class);
    Path partial = folder.resolve("out.parquet.partial");
    for (String torn : List.of("output", "rejected.jsonl", "groups")) {
      byte[] good = Files.readAllBytes(partial.resolve(torn));
      byte[] longer = Arrays.copyOf(good, good.length + 77);
      Files.write(partial.resolve(torn), longer);
    }
    Files.writeString(partial.resolve("state.json.partial"), "{\"recor");
    run(resumed);
    assertThat(out).hasSameBinaryContentAs(whole);
    assertThat(rejected(out)).hasSameBinaryContentAs(rejected(whole));
  }

  @Test
  void killedBetweenTheMovesItOnlyMovesTheRest() throws Exception {
    Path out = folder.resolve("out.csv");
    BatchPredictor resumed = job(settings().withWhenThere(WhenThere.RESUME), out);
    assertThatThrownBy(() -> resumed.run(stopAt(75), PART)).isInstanceOf(Stop.class);
    Path partial = folder.resolve("out.csv.partial");
    byte[] job = Files.readAllBytes(partial.resolve("job.json"));
    run(resumed);
    byte[] whole = Files.readAllBytes(out);
    Files.createDirectory(partial);
    Files.write(partial.resolve("job.json"), job);
    Files.writeString(
        partial.resolve("state.json"),
        "{\"records\":75,\"rejected\":5,\"seconds\":1,\"starts\":1,\"complete\":true,"
            + "\"lengths\":{},\"labels\":{},\"latencies\":{}}");
    Files.copy(images.resolve("red/more0.JPG"), partial.resolve("unknown"));
    run(resumed);
    assertThat(partial).doesNotExist();
    assertThat(out).hasBinaryContent(whole);
  }

  @Test
  void imagesThatComeWhileAJobIsInterruptedAreNotOfIt() throws Exception {
    Path data = folder.resolve("data");
    DrawnImages.draw(data, 0, 10);
    Path whole = folder.resolve("whole.csv");
    run(BatchPredictor.of(BatchSettings.of(model, data), whole));
    BatchPredictor resumed =
        BatchPredictor.of(
            BatchSettings.of(model, data).withWhenThere(WhenThere.RESUME),
            folder.resolve("out.csv"));
    assertThatThrownBy(() -> resumed.run(stopAt(20), PART)).isInstanceOf(Stop.class);
    DrawnImages.draw(data, 100, 3);
    run(resumed);
    assertThat(folder.resolve("out.csv")).hasSameBinaryContentAs(whole);
  }

  @Test
  void theNumberOfThreadsChangesNoBit() throws Exception {
    Path one = folder.resolve("one.jsonl");
    Path five = folder.resolve("five.jsonl");
    run(job(settings().withThreads(1), one));
    run(job(settings().withThreads(5), five));
    assertThat(five).hasSameBinaryContentAs(one);
  }

  @Test
  void tooManyBadRecordsStopTheJobAndWhatIsDoneIsKept() throws Exception {
    Path out = folder.resolve("out.csv");
    BatchPredictor strict =
        BatchPredictor.of(settings().withMaxRejected(MaxRejected.parse("4%")), out);
    assertThatThrownBy(() -> run(strict))
        .isInstanceOf(IOException.class)
        .hasMessageContainingAll(
            "4 of the first", "than the 3 of 75", "--max-rejected", "--resume");
    assertThat(out).doesNotExist();
    BatchPredictor lax =
        BatchPredictor.of(
            settings().withMaxRejected(MaxRejected.parse("5")).withWhenThere(WhenThere.RESUME),
            out);
    assertThat(run(lax).rejected()).isEqualTo(5);
    Path whole = folder.resolve("whole.csv");
    run(BatchPredictor.of(settings(), whole));
    assertThat(out).hasSameBinaryContentAs(whole);
  }

  @Test
  void anInterruptedThreadEndsTheJobWithASentence() throws Exception {
    Path out = folder.resolve("out.parquet");
    BatchPredictor job = BatchPredictor.of(settings(), out);
    BatchListener interrupting =
        (done, total, rejected) -> {
          if (done == 33) {
            Thread.currentThread().interrupt();
          }
        };
    assertThatThrownBy(() -> job.run(interrupting, PART))
        .isInstanceOf(IOException.class)
        .hasMessageContainingAll("Interrupted", "--resume");
    assertThat(Thread.interrupted()).isTrue();
    BatchPredictor resumed = BatchPredictor.of(settings().withWhenThere(WhenThere.RESUME), out);
    assertThat(run(resumed).predicted()).isEqualTo(70);
  }

  @Test
  void whatIsThereIsNotReplacedUnlessAsked() throws Exception {
    Path out = Files.writeString(folder.resolve("out.csv"), "mine");
    assertThatThrownBy(() -> run(BatchPredictor.of(settings(), out)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("exists already", "--overwrite");
    BatchPredictor over = BatchPredictor.of(settings().withWhenThere(WhenThere.OVERWRITE), out);
    assertThatThrownBy(() -> over.run(stopAt(40), PART)).isInstanceOf(Stop.class);
    assertThat(out).hasContent("mine");
    assertThatThrownBy(() -> run(BatchPredictor.of(settings(), out)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("out.csv.partial", "--resume", "--overwrite");
    run(over);
    assertThat(Files.readAllLines(out)).hasSize(71);
  }

  @Test
  void aJobIsNotResumedAsAnother() throws Exception {
    Path out = folder.resolve("out.csv");
    BatchPredictor job = BatchPredictor.of(settings(), out);
    assertThatThrownBy(() -> job.run(stopAt(40), PART)).isInstanceOf(Stop.class);
    BatchPredictor other =
        BatchPredictor.of(settings().withWhenThere(WhenThere.RESUME), out).withTop(3);
    assertThatThrownBy(() -> run(other))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("its top was \"1\" and is \"3\"", "--overwrite");
  }

  @Test
  void twoJobsDoNotWriteOneFile() throws Exception {
    Path out = folder.resolve("out.csv");
    BatchPredictor second = BatchPredictor.of(settings().withWhenThere(WhenThere.RESUME), out);
    BatchListener starting =
        (done, total, rejected) ->
            assertThatThrownBy(() -> second.run(BatchListener.none(), PART))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("Another process is at work");
    BatchListener once =
        (done, total, rejected) -> {
          if (done == 20) {
            starting.progress(done, total, rejected);
          }
        };
    assertThat(BatchPredictor.of(settings(), out).run(once, PART)).isPresent();
  }

  @Test
  void filtersChooseFilesByNameOrPath() throws Exception {
    PathFilter filter =
        new PathFilter(List.of("0*.png", "red/*.JPG"), List.of("blue/**", "*7.png"));
    Path out = folder.resolve("out.csv");
    run(BatchPredictor.of(settings().withFilter(filter), out));
    List<String> names = column(out, "path");
    assertThat(names).hasSize(44 - 4 + 4);
    assertThat(names).noneMatch(name -> name.contains("blue") || name.endsWith("7.png"));
  }

  private static List<String> column(Path csv, String name) throws IOException {
    CSVFormat format = CSVFormat.RFC4180.builder().setHeader().setSkipHeaderRecord(true).get();
    try (CSVParser parser = CSVParser.parse(Files.readString(csv), format)) {
      List<String> values = new ArrayList<>();
      for (CSVRecord row : parser) {
        values.add(row.get(name));
      }
      return values;
    }
  }

  @Test
  void aListOfPathsStartsAtItsFolderAndKeepsItsOrder() throws Exception {
    DrawnImages.draw(folder.resolve("data"), 0, 2);
    Path list =
        Files.writeString(
            folder.resolve("list.txt"),
            "\uFEFFdata/red/001.png\n\n  data/blue/000.png  \r\nno, \"such\" file.png\ndata/red/001.png");
    Path out = folder.resolve("out.csv");
    BatchSummary summary = run(BatchPredictor.of(BatchSettings.of(model, list), out));
    assertThat(summary.rejected()).isEqualTo(1);
    assertThat(column(out, "path"))
        .containsExactly("data/red/001.png", "data/blue/000.png", "data/red/001.png");
    assertThat(rejected(out)).content().contains("no, \\\"such\\\" file.png", "does not exist");
  }

  @Test
  void columnsOfACsvGoOverUnderNamesOfTheirOwn() throws Exception {
    DrawnImages.draw(folder.resolve("data"), 0, 1);
    Path list =
        Files.writeString(
            folder.resolve("list.csv"),
            """
            id,file,label,"a ""note\"""
            1,data/red/000.png,rouge,"two
            lines"
            2,,vert,
            3,data/green/000.png,vert
            4,data/blue/000.png,bleu,"x,y"
            """);
    Path out = folder.resolve("out.jsonl");
    BatchSettings settings = BatchSettings.of(model, list);
    assertThatThrownBy(() -> run(BatchPredictor.of(settings, out)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("[id, file, label, a \"note\"]", "\"path\"", "--column");
    run(BatchPredictor.of(settings.withColumn("file").withWhenThere(WhenThere.OVERWRITE), out));
    List<JsonNode> rows = lines(out);
    assertThat(rows).hasSize(2);
    assertThat(rows.get(0).fieldNames())
        .toIterable()
        .containsExactly("path", "label", "probability", "id", "input_label", "a \"note\"");
    assertThat(rows.get(0).get("a \"note\"").asText()).isEqualTo("two\nlines");
    assertThat(rows.get(1).get("input_label").asText()).isEqualTo("bleu");
    assertThat(Files.readAllLines(rejected(out)))
        .satisfiesExactly(
            line -> assertThat(line).contains("\"index\":1", "without a path"),
            line -> assertThat(line).contains("\"index\":2", "3 values where the header has 4"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"snappy", "zstd", "gzip", "none", "lz4"})
  void aParquetFileOfBytesIsAnsweredAsItsFiles(String codec) throws Exception {
    Path out = folder.resolve("out.jsonl");
    Path input = Path.of("src/test/resources/dev/graft/batch", codec + ".parquet");
    BatchSettings settings = BatchSettings.of(model, input);
    BatchSummary summary = BatchPredictor.of(settings, out).run(BatchListener.none(), 3).get();
    assertThat(summary.predicted()).isEqualTo(11);
    List<JsonNode> rows = lines(out);
    try (Predictor predictor = Predictor.load(model)) {
      for (JsonNode row : rows) {
        Answer answer = predictor.predict(Files.readAllBytes(Path.of(row.get("path").asText())));
        assertThat((float) row.get("probability").asDouble())
            .isEqualTo(answer.probability(), Offset.offset(1e-5f));
      }
    }
    assertThat(rows.get(0).toString())
        .contains(
            "\"id\":null,\"day\":20454,\"weight\":0.0,\"good\":true,\"input_label\":\"digit 0\"")
        .doesNotContain("tags", "content");
    assertThat(rows.get(6).toString())
        .contains("\"id\":7,\"day\":20461,\"weight\":1.75,\"good\":false");
    assertThat(rejected(out)).content().contains("\"index\":5", "1/002.png", "has no value");
  }

  @Test
  void whatIsCarriedThroughParquetKeepsItsType() throws Exception {
    Path input = Path.of("src/test/resources/dev/graft/batch/zstd.parquet");
    Path out = folder.resolve("out.parquet");
    run(BatchPredictor.of(BatchSettings.of(model, input), out).withTop(3));
    try (ParquetFile file = ParquetFile.open(out)) {
      assertThat(file.rows()).isEqualTo(11);
      assertThat(file.schema())
          .filteredOn(element -> element.getName().equals("day"))
          .singleElement()
          .satisfies(day -> assertThat(day.getLogicalType().isSetDATE()).isTrue());
    }
    // Its own output is an input again: by the paths, relative to where the list is.
    Path again = folder.resolve("again.csv");
    BatchSummary summary = run(BatchPredictor.of(BatchSettings.of(model, out), again));
    assertThat(summary.rejected()).isEqualTo(11);
    assertThat(rejected(again))
        .content()
        .contains("testdata/digits/0/001.png\",\"reason\":\"does not exist");
  }

  @Test
  void labelsAboveAHalfAreListedAndCounted() throws Exception {
    Path several =
        TinyClassifier.export(
            folder.resolve("several"),
            Head.parse("gap, dense(sigmoid)"),
            new Task(Task.Kind.LABELS, TinyClassifier.LABELS));
    BatchSettings settings = BatchSettings.of(several, images);
    Path out = folder.resolve("out.jsonl");
    BatchSummary summary = run(BatchPredictor.of(settings, out).withTop(3).withLogits());
    List<JsonNode> rows = lines(out);
    assertThat(rows).hasSize(70);
    assertThat(rows.get(0).fieldNames())
        .toIterable()
        .containsExactly("path", "labels", "top", "logits");
    long counted = 0;
    try (Predictor predictor = Predictor.load(several)) {
      for (JsonNode row : rows) {
        Answer answer = predictor.predict(Files.readAllBytes(Path.of(row.get("path").asText())));
        assertThat(row.get("labels"))
            .extracting(guess -> guess.get("label").asText())
            .isEqualTo(answer.labels().stream().map(Answer.Guess::label).toList());
        assertThat((float) row.get("top").get(0).get("probability").asDouble())
            .isEqualTo(answer.probability(), Offset.offset(1e-5f));
        assertThat(row.get("top")).hasSize(3);
        counted += row.get("labels").size();
      }
    }
    assertThat(rows).anySatisfy(row -> assertThat(row.get("labels")).isNotEmpty());
    assertThat(summary.labels().values().stream().mapToLong(Long::longValue).sum())
        .isEqualTo(counted);
  }

  @Test
  void anImageWithoutALabelHasAnEmptyListInEachFormat() throws Exception {
    Path several =
        TinyClassifier.export(
            folder.resolve("several"),
            new TinyClassifier.NeverSure(),
            new Task(Task.Kind.LABELS, TinyClassifier.LABELS));
    BatchSettings settings = BatchSettings.of(several, images);
    for (String ending : List.of("jsonl", "csv", "parquet")) {
      run(BatchPredictor.of(settings, folder.resolve("out." + ending)));
    }
    assertThat(lines(folder.resolve("out.jsonl")))
        .hasSize(70)
        .allSatisfy(row -> assertThat(row.get("labels").isEmpty()).isTrue());
    assertThat(Files.readAllLines(folder.resolve("out.csv")).get(1)).endsWith(",[]");
    List<Group> groups = groups(folder.resolve("out.parquet"));
    assertThat(groups).hasSize(70);
    for (Group group : groups) {
      assertThat(group.getFieldRepetitionCount("labels")).isEqualTo(1);
      assertThat(group.getGroup("labels", 0).getFieldRepetitionCount("list")).isZero();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"jsonl", "parquet"})
  void numbersAreColumnsOfTheirNames(String ending) throws Exception {
    Path numbers = numbers();
    Path out = folder.resolve("out." + ending);
    BatchSummary summary = run(BatchPredictor.of(BatchSettings.of(numbers, images), out));
    assertThat(summary.predicted()).isEqualTo(70);
    assertThat(summary.labels()).isEmpty();
    List<JsonNode> rows = ending.equals("jsonl") ? lines(out) : List.of();
    List<Group> groups = ending.equals("parquet") ? groups(out) : List.of();
    try (Predictor predictor = Predictor.load(numbers)) {
      for (int i = 0; i < 70; i++) {
        boolean text = !rows.isEmpty();
        String path = text ? rows.get(i).get("path").asText() : groups.get(i).getString("path", 0);
        float[] values = predictor.predict(Files.readAllBytes(Path.of(path))).probabilities();
        for (int k = 0; k < 3; k++) {
          String name = List.of("warmth", "number_path", "number_features").get(k);
          float value =
              text ? (float) rows.get(i).get(name).asDouble() : groups.get(i).getFloat(name, 0);
          assertThat(value).isEqualTo(values[k], Offset.offset(1e-4f));
        }
      }
    }
  }

  private Path numbers() throws IOException {
    return TinyClassifier.export(
        folder.resolve("numbers"),
        Head.parse("gap, dense(linear)"),
        new Task(Task.Kind.NUMBERS, Labels.of("warmth", "path", "features")));
  }

  @Test
  void whatNumbersDoNotHaveIsRefusedBeforeAnythingIsWritten() throws Exception {
    BatchPredictor job =
        BatchPredictor.of(BatchSettings.of(numbers(), images), folder.resolve("out.csv"));
    assertThatThrownBy(() -> run(job.withTop(2)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("predicts 3 numbers, of which none is likeliest");
    assertThatThrownBy(() -> run(job.withLogits()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("no output \"logits\" (it has numbers)");
    assertThat(names(folder)).containsExactly("numbers");
  }

  @Test
  void bytesInAGroupAreNamedWithAPoint() throws Exception {
    Path input = Path.of("src/test/resources/dev/graft/batch/nested.parquet");
    Path out = folder.resolve("out.csv");
    BatchSettings settings = BatchSettings.of(model, input).withColumn("image.bytes");
    assertThat(run(BatchPredictor.of(settings, out)).predicted()).isEqualTo(11);
    assertThat(column(out, "n")).startsWith("0", "1", "2", "3", "4", "6");
  }

  @ParameterizedTest
  @CsvSource({
    "brotli, BROTLI",
    "README.md, is no whole Parquet file",
  })
  void aParquetFileThatCannotBeReadIsRefusedWithTheReason(String name, String reason)
      throws Exception {
    Path source = Path.of("src/test/resources/dev/graft/batch");
    Path given = source.resolve(name.contains(".") ? name : name + ".parquet");
    Path input = Files.copy(given, folder.resolve("in.parquet"));
    assertThatThrownBy(
            () -> run(BatchPredictor.of(BatchSettings.of(model, input), folder.resolve("o.csv"))))
        .hasMessageContainingAll("in.parquet", reason);
  }

  @Test
  void nothingToDoIsRefused() throws Exception {
    Path empty = Files.createDirectory(folder.resolve("empty"));
    Path out = folder.resolve("out.csv");
    assertThatThrownBy(() -> run(BatchPredictor.of(BatchSettings.of(model, empty), out)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("has no images");
    assertThatThrownBy(
            () -> run(BatchPredictor.of(BatchSettings.of(model, folder.resolve("none")), out)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("does not exist");
    assertThatThrownBy(() -> BatchPredictor.of(settings(), folder.resolve("out.xlsx")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(".parquet, .csv or .jsonl");
    assertThat(names(folder)).containsExactly("empty");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "in.csv | path,path | the header contains a duplicate name",
        "in.csv | path;label | none called \"path\"",
        "in.csv | path\\n\"a.png | EOF reached before encapsulated token finished",
        "in.csv | \"pa | EOF reached before encapsulated token finished",
        "in.txt | \\0PNG | is no text; expected a folder of images",
      })
  void aListThatCannotBeReadIsRefusedInOneSentence(String name, String content, String reason)
      throws Exception {
    Path input =
        Files.writeString(folder.resolve(name), content.replace("\\n", "\n").replace("\\0", "\0"));
    assertThatThrownBy(
            () -> run(BatchPredictor.of(BatchSettings.of(model, input), folder.resolve("o.csv"))))
        .isInstanceOf(IllegalArgumentException.class)
        .satisfies(
            refused ->
                assertThat(refused.getMessage())
                    .startsWith(input.toString())
                    .containsIgnoringCase(reason)
                    .doesNotContain("CSVFormat"));
    assertThat(names(folder)).containsExactly(name);
  }

  @Test
  void noFolderIsReplacedByAFile() throws Exception {
    Path out = Files.createDirectory(folder.resolve("out.csv"));
    Files.writeString(out.resolve("thesis.txt"), "mine");
    for (WhenThere when : WhenThere.values()) {
      assertThatThrownBy(() -> run(BatchPredictor.of(settings().withWhenThere(when), out)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("is a folder where a file is to be written");
    }
    assertThat(out.resolve("thesis.txt")).hasContent("mine");
  }

  @Test
  void aWholeResultIsNotTakenForThatOfAnotherJob() throws Exception {
    Path out = folder.resolve("out.csv");
    run(BatchPredictor.of(settings(), out));
    BatchPredictor again = BatchPredictor.of(settings().withWhenThere(WhenThere.RESUME), out);
    assertThat(again.run(BatchListener.none(), PART)).isEmpty();
    assertThatThrownBy(() -> again.withTop(2).run(BatchListener.none(), PART))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("is whole, but its top was \"1\" and is \"2\"", "--overwrite");
  }

  @Test
  void aDamagedPageOfParquetStopsTheJobInOneSentence() throws Exception {
    Path input = Path.of("src/test/resources/dev/graft/batch/nested.parquet");
    byte[] bytes = Files.readAllBytes(input);
    Arrays.fill(bytes, 4, 40, (byte) 0xff); // the header of the first page
    Path damaged = Files.write(folder.resolve("in.parquet"), bytes);
    BatchSettings settings = BatchSettings.of(model, damaged).withColumn("image.bytes");
    assertThatThrownBy(() -> run(BatchPredictor.of(settings, folder.resolve("out.csv"))))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("in.parquet");
  }

  @Test
  void featuresAreTheSameAsAnArrayAndAsATable() throws Exception {
    Path npy = folder.resolve("npy");
    Path table = folder.resolve("table");
    FeatureFiles array =
        new FeatureFiles(
            settings().withWhenThere(WhenThere.RESUME),
            npy,
            Optional.empty(),
            FeatureFiles.Format.NPY);
    for (int stop : new int[] {10, 40, 75}) {
      assertThatThrownBy(() -> array.run(stopAt(stop), PART)).isInstanceOf(Stop.class);
      assertThat(npy).doesNotExist();
    }
    BatchSummary summary = array.run(BatchListener.none(), PART).orElseThrow();
    assertThat(summary.predicted()).isEqualTo(70);
    new FeatureFiles(settings(), table, Optional.empty(), FeatureFiles.Format.PARQUET)
        .run(BatchListener.none(), PART);
    assertThat(names(npy))
        .containsExactly(
            "features.json", "features.npy", "index.csv", "rejected.jsonl", "summary.json");
    assertThat(names(table))
        .containsExactly("features.json", "features.parquet", "rejected.jsonl", "summary.json");
    assertThat(folder.resolve("npy.partial")).doesNotExist();
    NpyArray<float[]> features = Npy.readFloats(npy.resolve("features.npy"));
    assertThat(features.shape().get(0)).isEqualTo(70);
    JsonNode about = JSON.readTree(npy.resolve("features.json").toFile());
    assertThat(about.get("shape")).hasSize(features.shape().size() - 1);
    assertThat(about.get("preparation").get("resize").get("height").asInt()).isPositive();
    assertThat(column(npy.resolve("index.csv"), "label"))
        .startsWith("blue", "blue")
        .endsWith("red")
        .contains("green");
    List<Float> values = new ArrayList<>();
    for (float value : features.values()) {
      values.add(value);
    }
    assertThat(floats(table.resolve("features.parquet"))).isEqualTo(values);
  }

  /** All values of the column {@code features}. */
  private static List<Float> floats(Path parquet) throws IOException {
    List<Float> values = new ArrayList<>();
    for (Group row : groups(parquet)) {
      Group features = row.getGroup("features", 0);
      for (int i = 0; i < features.getFieldRepetitionCount("list"); i++) {
        values.add(features.getGroup("list", i).getFloat("element", 0));
      }
    }
    return values;
  }

  static List<Group> groups(Path parquet) throws IOException {
    List<Group> all = new ArrayList<>();
    try (ParquetFile file = ParquetFile.open(parquet)) {
      MessageType schema = ParquetSchema.message(file.schema());
      for (RowGroup group : file.groups()) {
        RecordReader<Group> rows =
            new ColumnIOFactory()
                .getColumnIO(schema)
                .getRecordReader(
                    new ParquetGroup(file, group),
                    new GroupRecordConverter(schema),
                    FilterCompat.NOOP);
        for (long row = 0; row < group.getNum_rows(); row++) {
          all.add(rows.read());
        }
      }
    }
    return all;
  }

  @Test
  void aFolderOfSomethingElseIsNeverReplaced() throws Exception {
    Path out = Files.createDirectory(folder.resolve("out"));
    Files.writeString(out.resolve("thesis.txt"), "mine");
    BatchSettings settings = settings().withWhenThere(WhenThere.OVERWRITE);
    assertThatThrownBy(
            () ->
                new FeatureFiles(settings, out, Optional.empty(), FeatureFiles.Format.NPY)
                    .run(BatchListener.none()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("no folder of features");
    assertThat(out.resolve("thesis.txt")).hasContent("mine");
  }
}
