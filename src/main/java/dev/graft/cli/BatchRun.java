package dev.graft.cli;

import dev.graft.batch.BatchListener;
import dev.graft.batch.BatchSummary;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Runs a job with progress, and ends it in order when the process is told to end. */
final class BatchRun {
  private static final long PATIENCE = 10;

  /** A job. */
  @FunctionalInterface
  interface Work {
    Optional<BatchSummary> run(BatchListener listener) throws IOException;
  }

  private final Console console;
  private final CountDownLatch ended = new CountDownLatch(1);
  private final Thread worker = Thread.currentThread();
  private final Thread stopper = new Thread(this::stop, "graft-stop");
  private volatile boolean stopped;

  private BatchRun(Console console) {
    this.console = console;
  }

  /**
   * Runs a job and prints what it did.
   *
   * @param out where the result goes
   */
  static int run(Console console, Path out, Work work) throws IOException {
    return new BatchRun(console).run(out, work);
  }

  private int run(Path out, Work work) throws IOException {
    Runtime.getRuntime().addShutdownHook(stopper);
    try {
      print(out, watched(work));
      return ExitCode.DONE.code();
    } catch (IOException | RuntimeException e) {
      if (stopped) {
        console.warn("graft: " + sentence(e));
        return ExitCode.FAILED.code(); // of no effect: the signal says what the process returns
      }
      throw e;
    } finally {
      ended.countDown();
      if (!stopped) {
        Runtime.getRuntime().removeShutdownHook(stopper);
      }
    }
  }

  /**
   * While model and input are opened, and when files are moved, an interruption is a closed file.
   */
  private static String sentence(Exception failure) {
    return failure instanceof ClosedByInterruptException
        ? "Interrupted; the same command with --resume goes on."
        : Failures.sentence(failure);
  }

  private Optional<BatchSummary> watched(Work work) throws IOException {
    try (Watching watching = new Watching(console)) {
      return work.run(watching);
    }
  }

  private void stop() {
    stopped = true;
    worker.interrupt();
    try {
      ended.await(PATIENCE, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void print(Path out, Optional<BatchSummary> done) {
    if (done.isEmpty()) {
      console.result(Map.of("out", out, "done", "before"), () -> out + " is whole already.");
      return;
    }
    BatchSummary summary = done.get();
    if (summary.rejected() > 0) {
      console.warn(
          "%,d of %,d records were rejected; the reasons are beside the result."
              .formatted(summary.rejected(), summary.records()));
    }
    console.result(
        summary.toMap(),
        () ->
            "%s: %,d images, %,d rejected, %s (%.0f images/s)."
                .formatted(
                    out,
                    summary.predicted(),
                    summary.rejected(),
                    time(summary.seconds()),
                    summary.throughput()));
  }

  private static String time(double seconds) {
    Duration time = Duration.ofMillis((long) (seconds * 1000));
    return time.toHours() > 0
        ? "%d h %d min".formatted(time.toHours(), time.toMinutesPart())
        : time.toMinutes() > 0
            ? "%d min %d s".formatted(time.toMinutes(), time.toSecondsPart())
            : "%.1f s".formatted(seconds);
  }

  /** Shows progress from the first record on. */
  private static final class Watching implements BatchListener, AutoCloseable {
    private static final long NOTE_INTERVAL = Duration.ofMillis(500).toNanos();

    private final Console console;
    private Progress progress;
    private Estimate estimate;
    private long begun;
    private long first;
    private long shown;
    private long noted;

    Watching(Console console) {
      this.console = console;
    }

    @Override
    public void plan(String sentence) {
      close();
      console.say(sentence);
    }

    @Override
    public void progress(long done, long total, long rejected) {
      if (estimate == null) {
        begun = System.nanoTime();
        first = done;
        estimate = new Estimate(first, System::nanoTime);
      }
      estimate.of(done, total, "images").ifPresent(this::plan);
      if (progress == null) {
        shown = Math.max(first - 1, 0);
        progress = console.progress("images", total - shown, "images");
      }
      long now = System.nanoTime();
      if (now - noted > NOTE_INTERVAL || done == total) {
        noted = now;
        double seconds = Math.max(1e-3, (now - begun) / 1e9);
        progress.note("%.0f images/s, %,d rejected".formatted((done - first) / seconds, rejected));
      }
      progress.step(done - shown);
      shown = done;
    }

    @Override
    public void close() {
      if (progress != null) {
        progress.close();
        progress = null;
      }
    }
  }
}
