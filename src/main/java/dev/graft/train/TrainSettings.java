package dev.graft.train;

import dev.graft.data.Augmentation;
import dev.graft.features.StoredNumbers;
import dev.graft.model.FreezePlan;
import dev.graft.model.Head;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * All that decides a run: the source of the command's options, of {@code run.json} and of the
 * defaults in Java.
 *
 * @param join which backbone, which head, what trains
 * @param data which images
 * @param loop how long and with what
 * @param objective what is asked of the model
 * @param out where the run goes
 */
public record TrainSettings(
    JoinSettings join,
    DataSettings data,
    LoopSettings loop,
    ObjectiveSettings objective,
    OutputSettings out) {
  /** Checks that there is something to fine-tune if it is asked for, and the phases' names. */
  public TrainSettings {
    if (loop.fineTune().epochs() > 0 && join.plan().equals(FreezePlan.allFrozen())) {
      throw new IllegalArgumentException(
          "Fine-tuning needs layers that are unfrozen, but all are frozen: give --unfreeze,"
              + " --unfreeze-from or --unfreeze-last.");
    }
    requireOwnNames(phases(join, loop));
  }

  private static void requireOwnNames(List<PhaseSettings> phases) {
    Set<String> names = new HashSet<>();
    for (PhaseSettings phase : phases) {
      if (!names.add(phase.name())) {
        throw new IllegalArgumentException(
            "Two phases are called \"%s\": give each another name.".formatted(phase.name()));
      }
    }
  }

  /**
   * Where a run goes, and what is kept on the way.
   *
   * @param folder of the run
   * @param overwrite whether a run that is there already is replaced
   * @param checkpointEvery how often a checkpoint is written, beside the one at the end of each
   *     epoch
   * @param features of the frozen part
   */
  public record OutputSettings(
      Path folder, boolean overwrite, Duration checkpointEvery, FeatureSettings features) {
    /** Ten minutes. */
    public static final Duration CHECKPOINT_EVERY = Duration.ofMinutes(10);

    /**
     * A checkpoint at least every ten minutes, features in float32.
     *
     * @param store folder of the features; the user's cache by default
     */
    public OutputSettings(Path folder, boolean overwrite, Optional<Path> store) {
      this(folder, overwrite, CHECKPOINT_EVERY, FeatureSettings.in(store));
    }

    /** A new folder, features in the user's cache. */
    public static OutputSettings of(Path folder) {
      return new OutputSettings(folder, false, Optional.empty());
    }

    /** The same with another folder for the run. */
    public OutputSettings withFolder(Path other) {
      return new OutputSettings(other, overwrite, checkpointEvery, features);
    }

    /** The same with other times between checkpoints. */
    public OutputSettings withCheckpointEvery(Duration other) {
      return new OutputSettings(folder, overwrite, other, features);
    }

    /** The same with features that are made or kept otherwise. */
    public OutputSettings withFeatures(FeatureSettings other) {
      return new OutputSettings(folder, overwrite, checkpointEvery, other);
    }
  }

  /** The same with features of the frozen part that are made or kept otherwise. */
  public TrainSettings withFeatures(FeatureSettings other) {
    return withOut(out.withFeatures(other));
  }

  /** The defaults: the standard head on a frozen backbone, thirty epochs. */
  public static TrainSettings of(Path data, Path backbone, Path out) {
    return new TrainSettings(
        JoinSettings.of(backbone),
        DataSettings.of(data),
        LoopSettings.defaults(),
        ObjectiveSettings.USUAL,
        OutputSettings.of(out));
  }

  /** The same with other settings of the model. */
  public TrainSettings withJoin(JoinSettings other) {
    return new TrainSettings(other, data, loop, objective, out);
  }

  /** The same with other settings of the data. */
  public TrainSettings withData(DataSettings other) {
    return new TrainSettings(join, other, loop, objective, out);
  }

  /** The same with other settings of the loop. */
  public TrainSettings withLoop(LoopSettings other) {
    return new TrainSettings(join, data, other, objective, out);
  }

  /** The same with other settings of the objective. */
  public TrainSettings withObjective(ObjectiveSettings other) {
    return new TrainSettings(join, data, loop, other, out);
  }

  /** The same with other settings of the output. */
  public TrainSettings withOut(OutputSettings other) {
    return new TrainSettings(join, data, loop, objective, other);
  }

  /**
   * The phases of the run in order: the head's or the only one, the one of fine-tuning if there is
   * one, then those that were added.
   */
  public List<PhaseSettings> phases() {
    return phases(join, loop);
  }

  private static List<PhaseSettings> phases(JoinSettings join, LoopSettings loop) {
    FreezePlan plan = join.plan();
    boolean tuned = loop.fineTune().epochs() > 0;
    PhaseSettings first =
        new PhaseSettings(
            tuned || plan.equals(FreezePlan.allFrozen()) ? "head" : "head and backbone",
            tuned ? FreezePlan.allFrozen() : plan,
            loop.epochs(),
            loop.batchSize(),
            loop.optimizer(),
            loop.schedule(),
            loop.stopping());
    List<PhaseSettings> phases = new ArrayList<>(List.of(first));
    if (tuned) {
      double rate = loop.fineTune().learningRate();
      phases.add(
          first
              .withName("fine-tune")
              .withPlan(plan)
              .withEpochs(loop.fineTune().epochs())
              .withOptimizer(loop.optimizer().withLearningRate(rate)));
    }
    phases.addAll(loop.phases());
    return List.copyOf(phases);
  }

  /** The same with a phase as the last one, and so many epochs of it. */
  TrainSettings endingWith(int index, int epochs) {
    boolean tuned = loop.fineTune().epochs() > 0;
    if (index == 0 || index == 1 && tuned && epochs == 0) {
      LoopSettings alone =
          loop.withFineTune(0, LoopSettings.FineTune.NONE.learningRate()).withPhases();
      JoinSettings first = tuned ? join.withPlan(FreezePlan.allFrozen()) : join;
      int kept = index == 0 ? epochs : loop.epochs();
      return new TrainSettings(first, data, alone.withEpochs(kept), objective, out);
    }
    if (index == 1 && tuned) {
      return withLoop(loop.withFineTune(epochs, loop.fineTune().learningRate()).withPhases());
    }
    int last = index - (tuned ? 2 : 1);
    List<PhaseSettings> more = new ArrayList<>(loop.phases().subList(0, last + 1));
    more.set(last, more.get(last).withEpochs(epochs));
    return withLoop(loop.withPhases(more.toArray(PhaseSettings[]::new)));
  }

  /** The same with another learning rate in a phase. */
  TrainSettings withLearningRate(int index, double rate) {
    boolean tuned = loop.fineTune().epochs() > 0;
    if (index == 0) {
      return withLoop(loop.withOptimizer(loop.optimizer().withLearningRate(rate)));
    }
    if (index == 1 && tuned) {
      return withLoop(loop.withFineTune(loop.fineTune().epochs(), rate));
    }
    int place = index - (tuned ? 2 : 1);
    List<PhaseSettings> more = new ArrayList<>(loop.phases());
    PhaseSettings phase = more.get(place);
    more.set(place, phase.withOptimizer(phase.optimizer().withLearningRate(rate)));
    return withLoop(loop.withPhases(more.toArray(PhaseSettings[]::new)));
  }

  /** What must be the same when an interrupted run goes on, by name. */
  Map<String, String> unchangeable() {
    Map<String, String> text = new LinkedHashMap<>();
    text.put("head", join.head().map(Head::describe).orElse("the standard one"));
    text.put("batch norm", join.batchNorm().name().toLowerCase(Locale.ROOT));
    text.put("backbone output", join.output().orElse("the last one"));
    text.put("preparation", data.preparation().toString());
    text.put("augmentation", data.augmentation().map(Augmentation::describe).orElse("none"));
    text.put("objective", objective.toString());
    text.put("steps per epoch", loop.epoch().steps().toString());
    text.put("validation steps", loop.epoch().validationSteps().toString());
    text.put("seed", String.valueOf(loop.seed()));
    text.put("precision", out.features().precision().word());
    putStored(text);
    return text;
  }

  /** The words of the command that repeats the run, from any folder. */
  public List<String> words() {
    return CommandText.words(this);
  }

  /** The command line that repeats the run, for a shell. */
  public String command() {
    return CommandText.of(this);
  }

  /** What {@link #describe} says, without the paths of this computer. */
  Map<String, String> withoutPaths(String head) {
    Map<String, String> text = new LinkedHashMap<>(describe(head));
    text.keySet().removeAll(List.of("data", "backbone", "order"));
    if (data.validationFolder().isPresent()) {
      text.remove("validation");
    }
    return text;
  }

  /** Names and values as the command line has them, without where the run goes. */
  Map<String, String> describe(String head) {
    Map<String, String> text = new LinkedHashMap<>();
    text.put("data", data.folder().toString());
    text.put("backbone", join.backbone().toString());
    join.output().ifPresent(layer -> text.put("backbone-output", layer));
    text.put("head", head);
    text.put("freeze plan", join.plan().describe());
    text.put(
        "validation",
        data.validationFolder().map(Path::toString).orElse(String.valueOf(data.validation())));
    objective.loss().ifPresent(loss -> text.put("loss", loss));
    if (objective.labelSmoothing() != 0) {
      text.put("label-smoothing", String.valueOf(objective.labelSmoothing()));
    }
    objective.classWeights().ifPresent(all -> text.put("class-weights", all.describe()));
    data.splitSeed().ifPresent(seed -> text.put("split-seed", String.valueOf(seed)));
    data.augmentation().ifPresent(steps -> text.put("augment", steps.describe()));
    text.put("epochs", String.valueOf(loop.epochs()));
    text.put("batch-size", String.valueOf(loop.batchSize()));
    text.put("optimizer", loop.optimizer().describe());
    text.put("schedule", loop.schedule().describe());
    loop.stopping()
        .ifPresent(stopping -> text.put("early-stopping", String.valueOf(stopping.patience())));
    if (loop.fineTune().epochs() > 0) {
      text.put("fine-tune-epochs", String.valueOf(loop.fineTune().epochs()));
      text.put("fine-tune-learning-rate", String.valueOf(loop.fineTune().learningRate()));
    }
    List<PhaseSettings> more = loop.phases();
    more.forEach(phase -> text.put("phase " + phase.name(), phase.describe()));
    loop.epoch().steps().ifPresent(n -> text.put("steps-per-epoch", String.valueOf(n)));
    loop.epoch().validationSteps().ifPresent(n -> text.put("validation-steps", String.valueOf(n)));
    loop.epoch().order().ifPresent(file -> text.put("order", file.toString()));
    text.put("seed", String.valueOf(loop.seed()));
    text.put("precision", out.features().precision().word());
    putStored(text);
    return text;
  }

  /** Said where it is not the usual one, as most settings are. */
  private void putStored(Map<String, String> text) {
    if (out.features().stored() != StoredNumbers.FLOAT32) {
      text.put("features-precision", out.features().stored().word());
    }
  }
}
