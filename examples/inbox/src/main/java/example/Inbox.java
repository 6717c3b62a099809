package example;

import dev.graft.batch.BatchListener;
import dev.graft.batch.BatchPredictor;
import dev.graft.batch.BatchSettings;
import dev.graft.batch.WhenThere;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Predicts the photos that arrive in a folder: {@code Inbox MODEL FOLDER SECONDS}. Every so many
 * seconds those in {@code FOLDER/inbox}, where they must be moved in whole, are taken to {@code
 * FOLDER/taken/BATCH} and answered in {@code FOLDER/results/BATCH.csv}; then they go to {@code
 * FOLDER/done/BATCH}. A batch that was interrupted goes on with the next start.
 */
public final class Inbox {
  private static final DateTimeFormatter NAME = DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss-SSS");

  private final Path model;
  private final Path inbox;
  private final Path taken;
  private final Path results;
  private final Path done;

  private Inbox(Path model, Path folder) throws IOException {
    this.model = model;
    this.inbox = Files.createDirectories(folder.resolve("inbox"));
    this.taken = Files.createDirectories(folder.resolve("taken"));
    this.results = Files.createDirectories(folder.resolve("results"));
    this.done = Files.createDirectories(folder.resolve("done"));
  }

  public static void main(String[] arguments) throws Exception {
    Inbox inbox = new Inbox(Path.of(arguments[0]), Path.of(arguments[1]));
    ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor();
    clock.scheduleWithFixedDelay(inbox::work, 0, Long.parseLong(arguments[2]), TimeUnit.SECONDS);
    clock.awaitTermination(Long.MAX_VALUE, TimeUnit.DAYS);
  }

  /** What fails now is tried again the next time; a job that throws would not be called again. */
  private void work() {
    try {
      take();
      for (Path batch : list(taken)) {
        predict(batch);
      }
    } catch (IOException | RuntimeException e) {
      System.err.println("Tried again later: " + e.getMessage());
    }
  }

  private void take() throws IOException {
    List<Path> photos = list(inbox);
    if (photos.isEmpty()) {
      return;
    }
    Path batch = Files.createDirectory(taken.resolve(LocalDateTime.now().format(NAME)));
    for (Path photo : photos) {
      Files.move(photo, batch.resolve(photo.getFileName()));
    }
  }

  private void predict(Path batch) throws IOException {
    String name = batch.getFileName().toString();
    BatchSettings settings = BatchSettings.of(model, batch).withWhenThere(WhenThere.RESUME);
    BatchPredictor.of(settings, results.resolve(name + ".csv")).run(BatchListener.none());
    Files.move(batch, done.resolve(name));
    System.out.println("Answered " + name);
  }

  private static List<Path> list(Path folder) throws IOException {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.sorted().toList();
    }
  }
}
