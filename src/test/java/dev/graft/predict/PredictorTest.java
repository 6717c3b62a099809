package dev.graft.predict;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.data.LabeledImage;
import dev.graft.data.Labels;
import dev.graft.export.TinyClassifier;
import dev.graft.features.DrawnImages;
import dev.graft.image.BadImageException;
import dev.graft.image.ImageFile;
import dev.graft.image.ImageReader;
import dev.graft.image.ImageShape;
import dev.graft.image.ImageSource;
import dev.graft.savedmodel.ModelFormatException;
import dev.graft.tensor.Arithmetic;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PredictorTest {
  @TempDir private static Path shared;
  private static Path exported;
  private static Predictor predictor;
  private static List<Path> images;

  @TempDir private Path folder;

  @BeforeAll
  static void load() throws IOException {
    exported = TinyClassifier.export(shared.resolve("run/model"));
    predictor = Predictor.load(exported);
    images = DrawnImages.draw(shared.resolve("data"), 0, 7);
  }

  @AfterAll
  static void close() {
    predictor.close();
  }

  @Test
  void anImageAloneIsAnsweredAsAmongOthers() throws Exception {
    List<float[]> together = new ArrayList<>();
    predictor.predict(
        images, (file, answer, rejection) -> together.add(answer.orElseThrow().probabilities()));
    assertThat(together).hasSize(21);
    for (int i = 0; i < images.size(); i++) {
      assertThat(alone(images.get(i))).as("image %d", i).isEqualTo(together.get(i));
    }
    assertThat(together.stream().map(row -> row[0]).distinct().count()).isGreaterThan(15);
  }

  @Test
  void manyThreadsGetTheAnswersOfOne() throws Exception {
    List<float[]> expected = new ArrayList<>();
    for (Path image : images) {
      expected.add(alone(image));
    }
    ExecutorService threads = Executors.newFixedThreadPool(6);
    try {
      List<Future<float[]>> answers = new ArrayList<>();
      for (int round = 0; round < 5; round++) {
        for (Path image : images) {
          answers.add(threads.submit(() -> alone(image)));
        }
      }
      for (int i = 0; i < answers.size(); i++) {
        assertThat(answers.get(i).get()).isEqualTo(expected.get(i % images.size()));
      }
    } finally {
      threads.shutdownNow();
    }
  }

  private static float[] alone(Path image) throws Exception {
    return predictor.predict(Files.readAllBytes(image)).probabilities();
  }

  @Test
  void aFileItsBytesItsPixelsAndItsValuesHaveOneAnswer() throws Exception {
    Path image = images.get(3);
    float[] expected = alone(image);
    assertThat(predictor.predict(image).probabilities()).isEqualTo(expected);
    assertThat(predictor.predict(new ImageFile(image)).probabilities()).isEqualTo(expected);
    assertThat(predictor.predict(ImageIO.read(image.toFile())).probabilities()).isEqualTo(expected);
    assertThat(predictor.predict(prepared(image)).probabilities()).isEqualTo(expected);
    List<float[][][]> all = new ArrayList<>();
    for (Path each : images) {
      all.add(prepared(each));
    }
    List<Answer> answers = predictor.predictPrepared(all);
    assertThat(answers).hasSize(images.size());
    assertThat(answers.get(3).probabilities()).isEqualTo(expected);
    assertThat(answers.get(20).probabilities()).isEqualTo(alone(images.get(20)));
  }

  /** As the model takes it. */
  private static float[][][] prepared(Path image) throws Exception {
    try (ImageReader reader = ImageReader.open(predictor.preparation())) {
      FloatBuffer values = FloatBuffer.wrap(reader.read(Files.readAllBytes(image)));
      ImageShape shape = reader.shape();
      float[][][] nested = new float[shape.height()][shape.width()][shape.channels()];
      for (float[][] row : nested) {
        for (float[] pixel : row) {
          values.get(pixel);
        }
      }
      return nested;
    }
  }

  @Test
  void valuesOfAnotherShapeAreRefused() throws Exception {
    float[][][] good = prepared(images.get(0));
    float[][][] narrow = good.clone();
    narrow[2] = new float[1][3];
    float[][][] infinite = prepared(images.get(0));
    infinite[0][0][0] = Float.POSITIVE_INFINITY;
    assertThatThrownBy(() -> predictor.predict(new float[3][3][3]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("got one with 3 rows");
    assertThatThrownBy(() -> predictor.predict(narrow))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("1 pixels in a row");
    assertThatThrownBy(() -> predictor.predictPrepared(List.of(good, infinite)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("Infinity");
  }

  @Test
  void listsAndStreamsAreAnsweredInOrder() throws Exception {
    List<ImageSource> sources = new ArrayList<>();
    for (Path image : images) {
      sources.add(ImageSource.of(Files.readAllBytes(image)));
      sources.add(ImageSource.of("no image".getBytes()));
    }
    List<Predicted<ImageSource>> listed = predictor.predict(sources);
    assertThat(listed).hasSize(sources.size());
    for (int i = 0; i < images.size(); i++) {
      assertThat(listed.get(2 * i).answer().orElseThrow().probabilities())
          .isEqualTo(alone(images.get(i)));
      assertThat(listed.get(2 * i + 1).rejection()).isPresent();
    }
    try (Stream<Predicted<ImageSource>> endless =
        predictor.predict(Stream.generate(() -> sources.get(0)))) {
      assertThat(endless.limit(100).map(next -> next.answer().orElseThrow().label()).distinct())
          .containsExactly(listed.get(0).answer().orElseThrow().label());
    }
  }

  @Test
  void theListenerHearsOfCallsAndLists() throws Exception {
    AtomicInteger answered = new AtomicInteger();
    AtomicInteger ran = new AtomicInteger();
    List<String> rejected = Collections.synchronizedList(new ArrayList<>());
    PredictorListener listener =
        new PredictorListener() {
          @Override
          public void answered(Times times) {
            answered.incrementAndGet();
            assertThat(times.prepared()).isPositive();
            assertThat(times.ran()).isPositive();
          }

          @Override
          public void ran(int batch, Duration time) {
            ran.addAndGet(batch);
            assertThat(time).isPositive();
          }

          @Override
          public void rejected(String reason) {
            rejected.add(reason);
          }
        };
    try (Predictor heard =
        Predictor.load(exported, PredictorSettings.defaults().withListener(listener))) {
      heard.predict(images.get(0));
      assertThatThrownBy(() -> heard.predict(folder.resolve("missing.png")))
          .isInstanceOf(BadImageException.class)
          .hasMessage("does not exist");
      assertThat(answered).hasValue(1);
      assertThat(ran).hasValue(1);
      heard.predict(images.stream().map(ImageFile::new).toList());
      heard.predict(List.of(new ImageFile(folder.resolve("missing.png"))));
      heard.predictPrepared(Collections.singletonList(prepared(images.get(0))));
    }
    assertThat(answered).hasValue(1);
    assertThat(ran).hasValue(1 + images.size() + 1);
    assertThat(rejected).containsExactly("does not exist", "does not exist");
  }

  @Test
  void answersAndRejectionsComeInTheOrderOfTheFiles() throws IOException {
    List<Path> files = new ArrayList<>(images);
    Path text = Path.of("testdata", "images", "text.jpg");
    Path missing = folder.resolve("missing.png");
    files.add(0, text);
    files.add(9, missing);
    files.add(text);
    List<Path> seen = new ArrayList<>();
    List<Path> rejected = new ArrayList<>();
    predictor.predict(
        files,
        (file, answer, rejection) -> {
          seen.add(file);
          assertThat(answer.isPresent()).isNotEqualTo(rejection.isPresent());
          rejection.ifPresent(why -> rejected.add(file));
          rejection.ifPresent(why -> assertThat(why).isNotBlank());
        });
    assertThat(seen).isEqualTo(files);
    assertThat(rejected).containsExactly(text, missing, text);
  }

  @Test
  void fusedAnswersAreTheSameWhateverTheThreadsAndTheNeighbours() throws Exception {
    try (Predictor fused = Predictor.load(exported, Arithmetic.FUSED)) {
      List<float[]> one = answers(fused, images, 1);
      List<float[]> three = answers(fused, images, 3);
      List<float[]> shifted = answers(fused, images.subList(5, images.size()), 2);
      for (int i = 0; i < images.size(); i++) {
        assertThat(three.get(i)).as("image %d", i).isEqualTo(one.get(i));
        assertThat(one.get(i)).containsExactly(alone(images.get(i)), Offset.offset(1e-5f));
        if (i >= 5) {
          assertThat(shifted.get(i - 5)).as("image %d", i).isEqualTo(one.get(i));
        }
      }
    }
  }

  private static List<float[]> answers(Predictor predictor, List<Path> files, int threads)
      throws IOException {
    List<float[]> answers = new ArrayList<>();
    try (Predictions<ImageFile> predictions = predictor.start(ImageFile.all(files), threads)) {
      while (predictions.hasNext()) {
        answers.add(predictions.next().answer().orElseThrow().probabilities());
      }
      assertThatThrownBy(predictions::next).isInstanceOf(NoSuchElementException.class);
    }
    return answers;
  }

  @Test
  void bytesAreAnsweredAsFilesAndGiveTheirLogits() throws Exception {
    List<ImageSource> sources =
        List.of(
            () -> Files.readAllBytes(images.get(0)),
            () -> {
              throw new BadImageException("has no bytes");
            });
    try (Predictions<ImageSource> predictions = predictor.start(sources.iterator())) {
      Predicted<ImageSource> first = predictions.next();
      assertThat(first.answer().orElseThrow().probabilities()).isEqualTo(alone(images.get(0)));
      assertThat(first.outputs()).containsOnlyKeys("probabilities", "logits");
      assertThat(first.outputs().get("probabilities")).isEqualTo(alone(images.get(0)));
      assertThat(predictions.next().rejection()).hasValue("has no bytes");
    }
  }

  @Test
  void nothingButBadFilesIsNoFailure() throws IOException {
    List<String> reasons = new ArrayList<>();
    predictor.predict(
        List.of(folder.resolve("a.png"), folder.resolve("b.png")),
        (file, answer, rejection) -> reasons.add(rejection.orElseThrow()));
    assertThat(reasons).containsExactly("does not exist", "does not exist");
    predictor.predict(List.of(), (file, answer, rejection) -> reasons.add("none"));
    assertThat(reasons).hasSize(2);
  }

  @Test
  void bytesThatAreNoImageAreRefused() {
    assertThatThrownBy(() -> predictor.predict("no image".getBytes()))
        .isInstanceOf(BadImageException.class);
  }

  @Test
  void aFailingSinkEndsTheWork() {
    IOException full = new IOException("disk full");
    assertThatThrownBy(
            () ->
                predictor.predict(
                    images,
                    (file, answer, rejection) -> {
                      throw full;
                    }))
        .isSameAs(full);
  }

  @Test
  void theLikeliestClassesComeFirst() throws Exception {
    Answer answer = predictor.predict(Files.readAllBytes(images.get(0)));
    List<Answer.Guess> guesses = answer.top(3);
    assertThat(guesses.stream().map(Answer.Guess::label))
        .containsExactlyInAnyOrderElementsOf(TinyClassifier.LABELS.names());
    assertThat(guesses.stream().map(guess -> -guess.probability())).isSorted();
    assertThat(answer.label()).isEqualTo(guesses.get(0).label());
    assertThat(answer.probability()).isEqualTo(guesses.get(0).probability());
    assertThat(answer.top(9)).hasSize(3);
    Answer tied = new Answer(TinyClassifier.LABELS, new float[] {0.2f, 0.4f, 0.4f});
    assertThat(tied.label()).isEqualTo("green");
  }

  @Test
  void evaluationCountsTheImagesThatCouldBeRead() throws IOException {
    List<LabeledImage> labelled = new ArrayList<>();
    for (int i = 0; i < images.size(); i++) {
      labelled.add(new LabeledImage(images.get(i), i / 7));
    }
    Path missing = folder.resolve("missing.png");
    labelled.add(3, new LabeledImage(missing, 1));
    List<Long> progress = new ArrayList<>();
    Predictor.Evaluated evaluated =
        predictor.evaluate(
            labelled, TinyClassifier.LABELS, (task, done, total) -> progress.add(done));
    long right = 0;
    for (int i = 0; i < images.size(); i++) {
      right += label(images.get(i)).equals(TinyClassifier.LABELS.name(i / 7)) ? 1 : 0;
    }
    assertThat(evaluated.evaluation().examples()).isEqualTo(21);
    assertThat(evaluated.evaluation().accuracy()).isEqualTo(right / 21.0);
    assertThat(evaluated.rejected()).isEqualTo(Map.of(missing, "does not exist"));
    assertThat(progress).hasSize(22).endsWith(22L);
    assertThatThrownBy(
            () ->
                predictor.evaluate(
                    labelled, Labels.of("blue", "red", "green"), (task, done, total) -> {}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("[blue, red, green]")
        .hasMessageContaining("[blue, green, red]");
  }

  private static String label(Path image) throws IOException {
    try {
      return predictor.predict(Files.readAllBytes(image)).label();
    } catch (BadImageException e) {
      throw new IOException(e);
    }
  }

  @Test
  void theFolderOfARunIsAsGoodAsItsModel() throws Exception {
    try (Predictor ofRun = Predictor.load(exported.getParent())) {
      byte[] image = Files.readAllBytes(images.get(0));
      assertThat(ofRun.predict(image).probabilities()).isEqualTo(alone(images.get(0)));
      assertThat(ofRun.preparation()).isEqualTo(predictor.preparation());
    }
  }

  @Test
  void aClosedPredictorSaysSo() throws Exception {
    Predictor closed = Predictor.load(exported);
    closed.close();
    closed.close();
    byte[] image = Files.readAllBytes(images.get(0));
    assertThatThrownBy(() -> closed.predict(image)).isInstanceOf(IllegalStateException.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "variables/variables.data-00000-of-00001",
        "saved_model.pb",
        "assets/labels.txt",
        "golden/probabilities.npy"
      })
  void aChangedFileIsRefusedByName(String file) throws IOException {
    Path copy = copy();
    byte[] bytes = Files.readAllBytes(copy.resolve(file));
    bytes[bytes.length - 1] ^= 1;
    Files.write(copy.resolve(file), bytes);
    assertThatThrownBy(() -> Predictor.load(copy).close())
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining(file);
    Verification verification = Verification.of(copy);
    assertThat(verification.isPassed()).isFalse();
    assertThat(verification.complaint()).contains(file);
  }

  @Test
  void aMissingFileIsRefusedByName() throws IOException {
    Path copy = copy();
    Files.delete(copy.resolve("golden/logits.npy"));
    assertThatThrownBy(() -> Predictor.load(copy).close())
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining("golden/logits.npy");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "\"blue\", \"green\", \"red\" | \"blue\", \"green\" | 2 labels for 3 probabilities",
        "\"probabilities\" | \"answers\" | names the output \"answers\"",
        "\"key\" : \"logits\" | \"key\" : \"lodgings\" | lodgings",
        "\"version\" : 1 | \"version\" : 99 | version"
      })
  void anEditedHandoffIsRefused(String from, String to, String about) throws IOException {
    Path copy = copy();
    Path file = copy.resolve("handoff.json");
    String text = Files.readString(file);
    String edited = text.replaceAll(spaced(from), to);
    assertThat(edited).isNotEqualTo(text);
    Files.writeString(file, edited);
    assertThatThrownBy(() -> Predictor.load(copy).close())
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining(about);
  }

  /** A pattern that leaves blanks open. */
  private static String spaced(String text) {
    return text.replace(" ", "\\s*");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "pool | no output \"probabilities\" (it has features)",
        "keras2 | no handoff.json",
        "vector | no image preparation"
      })
  void whatIsNoClassifierOfImagesIsRefused(String model, String lack) {
    assertThatThrownBy(() -> Predictor.load(Path.of("testdata", "models", model)).close())
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining(lack);
  }

  @Test
  void aKerasClassifierWithoutLabelsNumbersItsClasses() throws IOException {
    try (Predictor nested = Predictor.load(Path.of("testdata", "models", "nested"))) {
      assertThat(nested.labels().names()).containsExactly("0", "1", "2", "3", "4");
    }
  }

  private Path copy() throws IOException {
    Path copy = folder.resolve("copy");
    try (Stream<Path> files = Files.walk(exported)) {
      for (Path file : files.toList()) {
        Files.copy(file, copy.resolve(exported.relativize(file).toString()));
      }
    }
    return copy;
  }
}
