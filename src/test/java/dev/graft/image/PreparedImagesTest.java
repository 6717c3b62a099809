package dev.graft.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.graft.data.Preparation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class PreparedImagesTest {
  private static final Path JPEG = Fixtures.path("exif6.jpg");
  private static final Path PNG = Fixtures.path("rgb.png");

  @TempDir Path folder;
  private ImageReader reader;

  @BeforeEach
  void open() {
    reader = ImageReader.open(Preparation.named("tf", 16, 16));
  }

  @AfterEach
  void close() {
    reader.close();
  }

  @Test
  void imagesComeInTheOrderOfTheList() throws Exception {
    List<Path> files = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      files.add(i % 3 == 0 ? PNG : JPEG);
    }
    try (PreparedImages<ImageFile> images = PreparedImages.of(ImageFile.all(files), reader, 3)) {
      for (Path file : files) {
        PreparedImage.Ready<ImageFile> image = (PreparedImage.Ready<ImageFile>) images.next();
        assertThat(image.source().path()).isEqualTo(file);
        assertThat(image.values()).isEqualTo(reader.read(Files.readAllBytes(file)));
        assertThat(image.orientation()).isEqualTo(file == JPEG ? 6 : 1);
      }
      assertThat(images.hasNext()).isFalse();
      assertThatExceptionOfType(NoSuchElementException.class).isThrownBy(images::next);
    }
  }

  @Test
  void imageCarriesTheHashOfItsFile() throws IOException {
    Path empty = Files.createFile(folder.resolve("empty"));
    AtomicInteger asked = new AtomicInteger();
    Predicate<String> known =
        sha256 -> {
          asked.incrementAndGet();
          return sha256.equals("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        };
    try (PreparedImages<ImageFile> images =
        PreparedImages.of(ImageFile.all(List.of(empty, PNG)), reader, 1, known)) {
      assertThat(images.next())
          .isEqualTo(
              new PreparedImage.Known<>(
                  new ImageFile(empty),
                  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                  1));
      assertThat(images.next()).isInstanceOf(PreparedImage.Ready.class);
      assertThat(asked).hasValue(2);
    }
  }

  @Test
  void badFilesAreDeliveredWithAReasonBetweenTheGoodOnes() throws IOException {
    Path text = Files.writeString(folder.resolve("text.jpg"), "Hello");
    Path missing = folder.resolve("missing.jpg");
    List<Path> files = List.of(PNG, missing, folder, text, JPEG);
    try (PreparedImages<ImageFile> images = PreparedImages.of(ImageFile.all(files), reader, 2)) {
      assertThat(images.next()).isInstanceOf(PreparedImage.Ready.class);
      assertThat(images.next())
          .isEqualTo(new PreparedImage.Rejected<>(new ImageFile(missing), "does not exist"));
      assertThat(images.next())
          .isEqualTo(new PreparedImage.Rejected<>(new ImageFile(folder), "is not a file"));
      assertThat(images.next())
          .isEqualTo(
              new PreparedImage.Rejected<>(
                  new ImageFile(text),
                  "is no image: it starts with \"Hello\", but only JPEG, PNG, GIF, BMP, TIFF and PNM can be"
                      + " read"));
      assertThat(images.next()).isInstanceOf(PreparedImage.Ready.class);
    }
  }

  @Test
  void fewImagesAreAheadOfTheCaller() throws InterruptedException {
    AtomicInteger started = new AtomicInteger();
    Predicate<String> count = sha256 -> started.incrementAndGet() < 0;
    try (PreparedImages<ImageFile> images =
        PreparedImages.of(ImageFile.all(Collections.nCopies(500, PNG)), reader, 2, count)) {
      images.next();
      Thread.sleep(300);
      assertThat(started).hasValueBetween(2, 9); // the delivered one and four a thread
    }
  }

  @Test
  void closingEarlyLeavesNoThreadAndNoUserOfTheReader() {
    AtomicInteger started = new AtomicInteger();
    PreparedImages<ImageFile> images =
        PreparedImages.of(
            ImageFile.all(Collections.nCopies(500, PNG)),
            reader,
            2,
            sha256 -> started.incrementAndGet() < 0);
    images.next();
    images.close();
    reader.close();
    int afterwards = started.get();
    assertThat(afterwards).isLessThan(20);
    images.close();
    assertThatIllegalStateException()
        .isThrownBy(images::next)
        .withMessage("The prepared images are closed.");
    assertThat(started).hasValue(afterwards);
  }

  @Test
  void closingReleasesACallerThatWaits() throws Exception {
    CountDownLatch running = new CountDownLatch(1);
    CountDownLatch blocked = new CountDownLatch(1);
    PreparedImages<ImageFile> images =
        PreparedImages.of(
            ImageFile.all(List.of(PNG, PNG)), reader, 1, sha256 -> await(running, blocked));
    running.await();
    CompletableFuture<PreparedImage<ImageFile>> waiting =
        CompletableFuture.supplyAsync(images::next);
    CompletableFuture<Void> closing = CompletableFuture.runAsync(images::close);
    assertThat(waiting)
        .failsWithin(20, TimeUnit.SECONDS)
        .withThrowableThat()
        .satisfiesAnyOf(
            e -> assertThat(e).isInstanceOf(CancellationException.class),
            e -> assertThat(e).hasRootCauseInstanceOf(CancellationException.class),
            e -> assertThat(e).hasRootCauseMessage("The prepared images are closed."));
    assertThat(closing).isNotDone(); // a thread still uses the reader
    blocked.countDown();
    assertThat(closing).succeedsWithin(20, TimeUnit.SECONDS);
  }

  @Test
  void interruptedCallerCanGoOnLater() throws Exception {
    CountDownLatch running = new CountDownLatch(1);
    CountDownLatch blocked = new CountDownLatch(1);
    try (PreparedImages<ImageFile> images =
        PreparedImages.of(
            ImageFile.all(List.of(PNG)), reader, 1, sha256 -> await(running, blocked))) {
      Thread.currentThread().interrupt();
      assertThatExceptionOfType(CancellationException.class).isThrownBy(images::next);
      assertThat(Thread.interrupted()).isTrue();
      blocked.countDown();
      assertThat(images.next().source().path()).isEqualTo(PNG);
    }
  }

  @Test
  void failureThatIsNotTheImagesFaultReachesTheCallerWithTheFile() {
    Predicate<String> failing =
        sha256 -> {
          throw new IllegalStateException("the store is full");
        };
    try (PreparedImages<ImageFile> images =
        PreparedImages.of(ImageFile.all(List.of(PNG)), reader, 1, failing)) {
      assertThatIllegalStateException()
          .isThrownBy(images::next)
          .withMessage(PNG + " could not be prepared: the store is full");
      assertThat(images.hasNext()).isFalse();
    }
  }

  @Test
  void noThreadsAreRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> PreparedImages.of(ImageFile.all(List.of(PNG)), reader, 0))
        .withMessageContaining("on 0 threads");
  }

  private static boolean await(CountDownLatch running, CountDownLatch blocked) {
    running.countDown();
    try {
      blocked.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    return false;
  }
}
