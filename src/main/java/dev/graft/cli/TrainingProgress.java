package dev.graft.cli;

import dev.graft.metrics.Epoch;
import dev.graft.train.TrainListener;
import dev.graft.train.TrainingStep;
import java.time.Duration;
import java.util.function.BooleanSupplier;

/** Shows on the console how a training goes. Safe for several threads. */
final class TrainingProgress implements TrainListener, AutoCloseable {
  private final Console console;
  private final String unit;
  private final BooleanSupplier stopAsked;
  private Progress progress = Progress.SILENT;
  private String task = "";
  private long done;
  private long phaseStart;
  private int phaseFirst;
  private String phase = "";
  private TrainingStep last;

  TrainingProgress(Console console, String unit, BooleanSupplier stopAsked) {
    this.console = console;
    this.unit = unit;
    this.stopAsked = stopAsked;
  }

  @Override
  public boolean isStopAsked() {
    return stopAsked.getAsBoolean();
  }

  @Override
  public synchronized void progress(String next, long reached, long total) {
    if (!next.equals(task) || reached < done) {
      progress.close();
      task = next;
      done = 0;
      progress = total > 0 ? console.progress(next, total, unit) : Progress.SILENT;
    }
    progress.step(reached - done);
    done = reached;
  }

  @Override
  public synchronized void step(TrainingStep step) {
    if (!step.phase().equals(phase)) {
      phase = step.phase();
      phaseStart = System.nanoTime();
      phaseFirst = step.epoch();
    }
    last = step;
    progress.note(
        "epoch %d/%d, step %d/%d, %s%s"
            .formatted(
                step.epoch(),
                step.lastEpoch(),
                step.step(),
                step.steps(),
                figures("", step.loss(), step.accuracy()),
                left((double) step.step() / step.steps())));
  }

  /** About how long the phase will last; nothing while that is not known. */
  private String left(double partOfEpoch) {
    double epochs = last.epoch() - phaseFirst + partOfEpoch;
    double ahead = last.lastEpoch() - last.epoch() + 1 - partOfEpoch;
    double seconds = (System.nanoTime() - phaseStart) / 1e9;
    if (seconds < 2 || ahead <= 0) {
      return "";
    }
    return ", about " + words(Duration.ofSeconds(Math.round(seconds / epochs * ahead))) + " left";
  }

  private static String words(Duration time) {
    return time.toHours() > 0
        ? "%d h %02d min".formatted(time.toHours(), time.toMinutesPart())
        : time.toMinutes() > 0
            ? "%d min %02d s".formatted(time.toMinutes(), time.toSecondsPart())
            : time.toSeconds() + " s";
  }

  private static String figures(String what, double loss, double accuracy) {
    return Double.isNaN(accuracy)
        ? "%sloss %.6g".formatted(what, loss)
        : "%sloss %.4f, accuracy %.4f".formatted(what, loss, accuracy);
  }

  @Override
  public synchronized void epoch(Epoch epoch) {
    endTask();
    console.say(
        "epoch %d/%d (%s): %s, %s%s"
            .formatted(
                epoch.number(),
                last == null ? epoch.number() : last.lastEpoch(),
                epoch.phase(),
                figures("", epoch.loss(), epoch.accuracy()),
                figures("validation ", epoch.validationLoss(), epoch.validationAccuracy()),
                last == null ? "" : left(1)));
  }

  @Override
  public void plan(String sentence) {
    console.say(sentence);
  }

  @Override
  public synchronized void note(String sentence) {
    endTask();
    console.say(sentence);
  }

  @Override
  public synchronized void close() {
    endTask();
  }

  private void endTask() {
    progress.close();
    progress = Progress.SILENT;
    task = "";
    done = 0;
  }
}
