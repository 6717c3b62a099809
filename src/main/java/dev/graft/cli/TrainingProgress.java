package dev.graft.cli;

import dev.graft.metrics.Epoch;
import dev.graft.train.TrainListener;
import dev.graft.train.TrainingStep;
import java.time.Duration;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/** Shows on the console how a training goes. Safe for several threads. */
final class TrainingProgress implements TrainListener, AutoCloseable {
  /** Steps may take a millisecond, of which the text would be a tenth. */
  private static final long NOTE_EVERY = Duration.ofMillis(100).toNanos();

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
  private long noted;
  private Estimate estimate = new Estimate(0, System::nanoTime);
  private Estimate phaseEstimate = estimate;

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
      estimate = new Estimate(0, System::nanoTime);
      progress = total > 0 ? console.progress(next, total, unit) : Progress.SILENT;
    }
    Optional<String> sentence = estimate.of(reached, total, unit);
    if (sentence.isPresent() && total > 0) {
      progress.close();
      console.say(sentence.get());
      progress = console.progress(next, total, unit);
      done = 0;
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
      phaseEstimate = new Estimate(steps(step) - 1, System::nanoTime);
    }
    last = step;
    phaseEstimate
        .of(steps(step), (long) step.lastEpoch() * step.steps(), "steps")
        .ifPresent(this::note);
    if (System.nanoTime() - noted < NOTE_EVERY && step.step() < step.steps()) {
      return;
    }
    noted = System.nanoTime();
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

  /** Steps since epoch 1, were all epochs as long as this one. */
  private static long steps(TrainingStep step) {
    return (long) (step.epoch() - 1) * step.steps() + step.step();
  }

  /** About how long the phase will last; nothing while that is not known. */
  private String left(double partOfEpoch) {
    double epochs = last.epoch() - phaseFirst + partOfEpoch;
    double ahead = last.lastEpoch() - last.epoch() + 1 - partOfEpoch;
    double seconds = (System.nanoTime() - phaseStart) / 1e9;
    if (seconds < 2 || ahead <= 0) {
      return "";
    }
    return ", about "
        + Estimate.words(Duration.ofSeconds(Math.round(seconds / epochs * ahead)))
        + " left";
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
