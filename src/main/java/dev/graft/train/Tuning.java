package dev.graft.train;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.graft.data.LabeledImage;
import dev.graft.data.Sha256;
import dev.graft.handoff.Versions;
import dev.graft.metrics.Evaluation;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Finds settings by successive halving (Jamieson, Talwalkar 2016): all candidates are trained for a
 * few epochs, the best third anew for three times as many, and so on; then the best one on all
 * training images. The trunk runs once an image and cut, and most trials take seconds.
 *
 * <p>Candidates are measured on a fifth of the training images that is held out for it. The
 * validation images are looked at once, by the run at the end, so that its figures are not tuned.
 * Everything follows from the seed.
 */
public final class Tuning {
  private static final double HELD_OUT = 0.2;

  private final TuneSettings settings;
  private final TuneListener listener;
  private final RunLog log;
  private RunInputs inputs;
  private TuningRecord record;
  private int done;
  private int planned;

  private Tuning(TuneSettings settings, TuneListener listener) {
    this.settings = settings;
    this.listener = listener;
    this.log = new RunLog(listener);
  }

  /**
   * Tunes, or goes on where a tuning in the same folder was interrupted: trials that were made are
   * not made again.
   *
   * @return the trials, and where the best run is: in {@code best} in the folder of the tuning
   * @throws IllegalArgumentException when the settings do not fit the backbone or the data, or the
   *     folder holds a tuning with other settings
   * @throws IllegalStateException when the loss of every candidate diverges
   * @throws IOException when files can't be read or written, or the backbone can't be used
   */
  public static Tuned tune(TuneSettings settings, TuneListener listener) throws IOException {
    return new Tuning(settings, listener).tune();
  }

  private Tuned tune() throws IOException {
    TrainSettings base = settings.base();
    inputs = RunInputs.read(base, log).heldOut(HELD_OUT, base.loop().seed());
    settings.space().plans().forEach(plan -> inputs.model().requireTrains(plan));
    Path folder = base.out().folder();
    record = TuningRecord.open(folder, base.out().overwrite(), identity());
    String standard = inputs.model().head().describe();
    List<Candidate> candidates =
        settings.space().candidates(standard, settings.trials(), base.loop().seed());
    Candidate best = halve(candidates);

    Path run = folder.resolve("best");
    TrainSettings chosen =
        best.in(base, base.loop().epochs())
            .withOut(TrainSettings.OutputSettings.of(run).withFeatures(base.out().features()));
    if (!Files.exists(run.resolve("run.json"))) {
      listener.note("Training with the best settings: " + best.describe() + ".");
      train(chosen, run);
    }
    return new Tuned(
        record.trials(),
        inputs.split().training().size(),
        inputs.split().validation().size(),
        chosen,
        run,
        accuracy(run));
  }

  /** Goes on where the best run was interrupted. */
  private void train(TrainSettings chosen, Path run) throws IOException {
    if (RunFolder.checkpoints(run).isEmpty()) {
      TransferLearning.train(chosen, listener);
    } else {
      TransferLearning.resume(chosen, listener);
    }
  }

  private Candidate halve(List<Candidate> candidates) throws IOException {
    List<TuneSettings.Rung> rungs =
        TuneSettings.rungs(candidates.size(), settings.base().loop().epochs());
    planned = rungs.stream().mapToInt(TuneSettings.Rung::candidates).sum();
    listener.plan(plan(rungs));
    List<Candidate> left = candidates;
    for (TuneSettings.Rung rung : rungs) {
      left = best(left.subList(0, rung.candidates()), rung);
    }
    return left.get(0);
  }

  private String plan(List<TuneSettings.Rung> rungs) {
    List<String> parts = new ArrayList<>();
    rungs.forEach(rung -> parts.add(rung.candidates() + " for " + rung.epochs()));
    return "Candidates for epochs: %1$s; trained on %2$,d %4$s, measured on %3$,d others of the training %4$s."
        .formatted(
            String.join(", ", parts),
            inputs.split().training().size(),
            inputs.split().validation().size(),
            inputs.examples().kind().word());
  }

  /** Tries candidates and puts the best first. */
  private List<Candidate> best(List<Candidate> candidates, TuneSettings.Rung rung)
      throws IOException {
    Map<Candidate, Trial> trials = new LinkedHashMap<>();
    for (Candidate candidate : candidates) {
      Trial trial = record.find(rung.number(), candidate).orElse(null);
      if (trial == null) {
        trial = attempt(candidate, rung);
        record.add(trial);
      }
      trials.put(candidate, trial);
      listener.trial(trial, ++done, planned);
    }
    if (trials.values().stream().allMatch(Trial::isDiverged)) {
      throw new IllegalStateException(
          "The loss of every candidate is no longer a number: give lower learning rates.");
    }
    return candidates.stream()
        .sorted((one, other) -> Trial.BEST_FIRST.compare(trials.get(one), trials.get(other)))
        .toList();
  }

  private Trial attempt(Candidate candidate, TuneSettings.Rung rung) throws IOException {
    long start = System.nanoTime();
    TrainSettings tried = candidate.in(settings.base(), rung.epochs());
    double accuracy = Double.NaN;
    double loss = Double.NaN;
    try {
      Evaluation evaluation =
          new PhaseFitting(tried, inputs.joined(tried), new RunLog(new Quiet())).attempt();
      accuracy = evaluation.accuracy();
      loss = evaluation.loss();
    } catch (IllegalStateException e) {
      listener.note(candidate.describe() + ": " + e.getMessage());
    }
    double seconds = Math.round((System.nanoTime() - start) / 1e7) / 100.0;
    return new Trial(rung.number(), rung.epochs(), candidate.describe(), accuracy, loss, seconds);
  }

  /** Hears of long work only; a trial's epochs are not news. */
  private final class Quiet implements TrainListener {
    @Override
    public void progress(String task, long reached, long total) {
      listener.progress("trial %d of %d, %s".formatted(done + 1, planned, task), reached, total);
    }
  }

  private Map<String, String> identity() {
    Map<String, String> identity = new LinkedHashMap<>(settings.describe());
    identity.put("training images", hash(inputs.split().training()));
    identity.put("held-out images", hash(inputs.split().validation()));
    identity.putAll(Versions.current());
    return identity;
  }

  private static String hash(List<LabeledImage> images) {
    StringBuilder text = new StringBuilder();
    images.forEach(
        image -> text.append(image.path()).append(' ').append(image.label()).append('\n'));
    return Sha256.of(text.toString().getBytes(StandardCharsets.UTF_8));
  }

  private static double accuracy(Path run) throws IOException {
    return new ObjectMapper()
        .readTree(run.resolve("run.json").toFile())
        .at("/metrics/validation/accuracy")
        .asDouble();
  }
}
