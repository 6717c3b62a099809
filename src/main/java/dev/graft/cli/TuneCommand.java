package dev.graft.cli;

import dev.graft.data.Augmentation;
import dev.graft.model.FreezePlan;
import dev.graft.tensor.Precision;
import dev.graft.train.BatchNorm;
import dev.graft.train.DataSettings;
import dev.graft.train.FeatureSettings;
import dev.graft.train.JoinSettings;
import dev.graft.train.LoopSettings;
import dev.graft.train.Optimizer;
import dev.graft.train.Schedule;
import dev.graft.train.SearchSpace;
import dev.graft.train.TrainSettings;
import dev.graft.train.Trial;
import dev.graft.train.TuneListener;
import dev.graft.train.TuneSettings;
import dev.graft.train.Tuned;
import dev.graft.train.Tuning;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code graft tune}. */
@Command(
    name = "tune",
    description =
        "Find learning rate, head, dropout and unfrozen layers by successive halving over stored"
            + " features; goes on when it is started again.")
final class TuneCommand implements Callable<Integer> {
  private static final String FROZEN = "none";
  private static final int SHOWN = 10;

  @Mixin private OutputOptions output;
  @Mixin private PreparationOptions preparation;
  @Mixin private ObjectiveOptions objective;
  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "DATA", description = "Images, as for train.")
  private Path data;

  @Mixin private BackboneOptions backbone;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "DIR",
      description = "Folder for the trials and the best run; one that is there goes on.")
  private Path out;

  @Mixin private FeaturesPrecisionOption stored;

  @Mixin private PrecisionOption precision;

  @Option(
      names = "--learning-rate",
      split = ",",
      defaultValue = "3e-4,1e-3,3e-3,1e-2",
      paramLabel = "RATE",
      description = "Learning rates to try (default: ${DEFAULT-VALUE}).")
  private List<Double> learningRates;

  @Option(
      names = "--head",
      split = ";",
      paramLabel = "HEAD",
      description =
          "Heads to try, divided by semicolons (default: the standard one, and the same with"
              + " dense(128, relu)).")
  private List<String> heads;

  @Option(
      names = "--dropout",
      split = ",",
      defaultValue = "0,0.2,0.5",
      paramLabel = "RATE",
      description =
          "Rates to try in place of those in the heads; 0 takes dropout out (default:"
              + " ${DEFAULT-VALUE}).")
  private List<Double> dropouts;

  @Option(
      names = "--unfreeze-from",
      split = ",",
      defaultValue = FROZEN,
      paramLabel = "LAYER",
      description =
          "Layers from which to train, to try one after the other; none: the head alone (default:"
              + " ${DEFAULT-VALUE}).")
  private List<String> unfreezeFrom;

  @Option(
      names = "--trials",
      defaultValue = "24",
      paramLabel = "N",
      description = "Try at most N combinations, chosen at random (default: ${DEFAULT-VALUE}).")
  private int trials;

  @Option(
      names = "--epochs",
      defaultValue = "30",
      description =
          "Epochs of the last candidates and of the best run (default: ${DEFAULT-VALUE}).")
  private int epochs;

  @Option(
      names = "--batch-size",
      defaultValue = "32",
      description = "Images a step (default: ${DEFAULT-VALUE}).")
  private int batchSize;

  @Option(
      names = "--optimizer",
      defaultValue = "adam",
      description =
          "As for train; its learning rate is one of those to try (default: ${DEFAULT-VALUE}).")
  private String optimizer;

  @Option(
      names = "--schedule",
      defaultValue = "constant",
      description = "As for train; over the epochs of each trial (default: ${DEFAULT-VALUE}).")
  private String schedule;

  @Option(
      names = "--validation",
      defaultValue = "0.2",
      paramLabel = "SHARE",
      description =
          "Share of the images to validate on; looked at by the best run alone, since the trials are measured on a fifth"
              + " of the training images (default: ${DEFAULT-VALUE}).")
  private double validation;

  @Option(
      names = "--augment",
      arity = "0..1",
      fallbackValue = "",
      paramLabel = "STEPS",
      description = "Change the training images at random, as for train.")
  private String augment;

  @Option(
      names = "--seed",
      defaultValue = "1",
      description = "Of everything random, as for train (default: ${DEFAULT-VALUE}).")
  private long seed;

  @Option(
      names = "--features",
      paramLabel = "DIR",
      description = "Keep the features here (default: the user's cache, see GRAFT_CACHE).")
  private Path features;

  @Option(names = "--overwrite", description = "Start again where there is a tuning already.")
  private boolean overwrite;

  @Override
  public Integer call() throws Exception {
    Console console = output.console();
    TuneSettings settings = settings();
    console.say("Tuning on %s with %s in %s.".formatted(data, backbone.folder(), out));
    Tuned tuned;
    try (Watching watching = new Watching(console, Training.unit(data))) {
      tuned = Tuning.tune(settings, watching);
    }
    console.result(json(tuned), () -> text(tuned));
    return ExitCode.DONE.code();
  }

  private TuneSettings settings() {
    try {
      JoinSettings join =
          new JoinSettings(
              backbone.folder(),
              backbone.output(),
              Optional.empty(),
              FreezePlan.allFrozen(),
              BatchNorm.INFERENCE);
      LoopSettings loop =
          LoopSettings.defaults()
              .withEpochs(epochs)
              .withBatchSize(batchSize)
              .withOptimizer(Optimizer.parse(optimizer))
              .withSchedule(Schedule.parse(schedule))
              .withSeed(seed);
      DataSettings images =
          new DataSettings(data, validation, Optional.empty(), preparation.settings());
      if (augment != null) {
        images = images.withAugmentation(Augmentation.parse(augment));
      }
      TrainSettings.OutputSettings target =
          new TrainSettings.OutputSettings(out, overwrite, Optional.empty())
              .withFeatures(
                  FeatureSettings.in(Optional.ofNullable(features))
                      .withStored(stored.stored())
                      .withPrecision(precision.or(Precision.FLOAT32)));
      return new TuneSettings(
          new TrainSettings(join, images, loop, objective.settings(), target), space(), trials);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }

  private SearchSpace space() {
    List<FreezePlan> plans =
        unfreezeFrom.stream()
            .map(String::strip)
            .map(
                layer ->
                    layer.equals(FROZEN) ? FreezePlan.allFrozen() : FreezePlan.unfreezeFrom(layer))
            .toList();
    return new SearchSpace(learningRates, heads == null ? List.of() : heads, dropouts, plans);
  }

  private static Map<String, Object> json(Tuned tuned) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("best", tuned.bestFirst().get(0).candidate());
    json.put("command", tuned.best().command());
    json.put("run", tuned.run());
    json.put("accuracy", tuned.accuracy());
    json.put("trainedOn", tuned.trainedOn());
    json.put("heldOut", tuned.heldOut());
    json.put("trials", tuned.bestFirst().stream().map(TuneCommand::json).toList());
    return json;
  }

  private static Map<String, Object> json(Trial trial) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("candidate", trial.candidate());
    json.put("epochs", trial.epochs());
    json.put("accuracy", trial.isDiverged() ? null : trial.accuracy());
    json.put("loss", trial.isDiverged() ? null : trial.loss());
    json.put("seconds", trial.seconds());
    return json;
  }

  private String text(Tuned tuned) {
    Table table = new Table("epochs", "accuracy", "loss", "candidate");
    List<Trial> trials = tuned.bestFirst();
    trials.stream()
        .limit(SHOWN)
        .forEach(
            trial ->
                table.row(
                    trial.epochs(),
                    figure(trial.accuracy()),
                    figure(trial.loss()),
                    trial.candidate()));
    String more =
        trials.size() > SHOWN
            ? "… and %d more in %s.%n".formatted(trials.size() - SHOWN, out.resolve("trials.csv"))
            : "";
    return """
        %s%s
        Measured on %d training images that were held out of the %d.
        The best settings, trained on all of these: validation accuracy %.4f on images that were not tuned on.
          run:    %s
          again:  %s
        """
        .formatted(
            table,
            more,
            tuned.heldOut(),
            tuned.trainedOn() + tuned.heldOut(),
            tuned.accuracy(),
            tuned.run(),
            tuned.best().command());
  }

  private static String figure(double value) {
    return Double.isNaN(value) ? "" : "%.4f".formatted(value);
  }

  /** Shows the listener's news on the console. */
  private static final class Watching implements TuneListener, AutoCloseable {
    private final Console console;
    private final String unit;
    private Progress progress = Progress.SILENT;
    private String task = "";
    private long reached;

    Watching(Console console, String unit) {
      this.console = console;
      this.unit = unit;
    }

    @Override
    public synchronized void progress(String next, long done, long total) {
      if (!next.equals(task) || done < reached) {
        close();
        task = next;
        progress = total > 0 ? console.progress(next, total, unit) : Progress.SILENT;
      }
      progress.step(done - reached);
      reached = done;
    }

    @Override
    public synchronized void trial(Trial trial, int done, int planned) {
      close();
      console.say(
          "trial %d of %d, %d epoch%s: %s; %s"
              .formatted(
                  done,
                  planned,
                  trial.epochs(),
                  trial.epochs() == 1 ? "" : "s",
                  trial.isDiverged() ? "diverged" : "accuracy " + figure(trial.accuracy()),
                  trial.candidate()));
    }

    @Override
    public void plan(String sentence) {
      note(sentence);
    }

    @Override
    public synchronized void note(String sentence) {
      close();
      console.say(sentence);
    }

    @Override
    public synchronized void close() {
      progress.close();
      progress = Progress.SILENT;
      task = "";
      reached = 0;
    }
  }
}
