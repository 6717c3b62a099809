package dev.graft.cli;

import dev.graft.data.Augmentation;
import dev.graft.data.LabeledArrays;
import dev.graft.data.LabeledImages;
import dev.graft.data.Task;
import dev.graft.model.FreezePlan;
import dev.graft.model.Head;
import dev.graft.predict.CalibrationMemory;
import dev.graft.tensor.Precision;
import dev.graft.train.BatchNorm;
import dev.graft.train.DataSettings;
import dev.graft.train.EarlyStopping;
import dev.graft.train.EpochSettings;
import dev.graft.train.FeatureSettings;
import dev.graft.train.JoinSettings;
import dev.graft.train.LoopSettings;
import dev.graft.train.Optimizer;
import dev.graft.train.PhaseSettings;
import dev.graft.train.RepeatedTraining;
import dev.graft.train.Schedule;
import dev.graft.train.TrainSettings;
import dev.graft.train.TransferLearning;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code graft train}. */
@Command(
    name = "train",
    description = "Train a head on an exported backbone with a folder of images; the whole job.")
final class TrainCommand implements Callable<Integer> {
  @Mixin private OutputOptions output;
  @Mixin private PreparationOptions preparation;
  @Mixin private ObjectiveOptions objective;
  @Mixin private AccuracyGate gate;
  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "DATA",
      description =
          "Folder with one sub-folder a class, or with train/ and validation/ (and test/) of those, or"
              + " a .csv file with path,label (labels separated by ;, or a number), or a .npz file or folder of arrays.")
  private Path data;

  @Mixin private BackboneOptions backbone;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "RUN",
      description = "Folder for the run: model, figures, report.")
  private Path out;

  @Option(
      names = "--head",
      paramLabel = "HEAD",
      description =
          "Layers from left to right: gap, gmp, flatten, dense(units[, activation]), dropout(rate),"
              + " batchnorm (default: \"gap, dropout(0.2), dense(softmax)\", for a vector"
              + " \"dense(softmax)\").")
  private String head;

  @ArgGroup private Unfreezing unfreezing;

  /** At most one way to say what trains. */
  private static final class Unfreezing {
    @Option(
        names = "--unfreeze",
        split = ",",
        paramLabel = "PATTERN",
        description = "Train the layers whose names match, as in \"block5_*\".")
    private String[] patterns;

    @Option(
        names = "--unfreeze-from",
        paramLabel = "LAYER",
        description = "Train this layer and all after it.")
    private String from;

    @Option(names = "--unfreeze-last", paramLabel = "N", description = "Train the last N layers.")
    private Integer last;

    FreezePlan plan() {
      if (patterns != null) {
        return FreezePlan.unfreeze(patterns);
      }
      return from != null ? FreezePlan.unfreezeFrom(from) : FreezePlan.unfreezeLast(last);
    }
  }

  @Option(
      names = "--batch-norm",
      defaultValue = "inference",
      paramLabel = "MODE",
      description =
          "How BatchNorm of unfrozen layers runs: inference, by its moving statistics, or training,"
              + " by the batch's, as in Keras's fit, for a backbone exported with graft-export"
              + " --with-training (default: ${DEFAULT-VALUE}).")
  private BatchNorm batchNorm;

  @Option(
      names = "--validation",
      defaultValue = "0.2",
      paramLabel = "SHARE|DIR",
      description = "Share of the images to validate on, or a folder (default: ${DEFAULT-VALUE}).")
  private String validation;

  @Option(
      names = "--augment",
      arity = "0..1",
      fallbackValue = "",
      paramLabel = "STEPS",
      description =
          "Change the training images at random: flip, rotation(0.1), shift(0.1), zoom(0.1),"
              + " crop(0.9), contrast(0.2), brightness(0.1), hue(0.1), saturation(0.3, 0.7),"
              + " noise(0.02), cutout(0.02, 0.1), from left to right; views(K) keeps K views of each"
              + " image, live makes new ones in each epoch (alone: \"flip, rotation(0.05),"
              + " shift(0.05), zoom(0.1), contrast(0.1), views(4)\").")
  private String augment;

  @Option(
      names = "--epochs",
      defaultValue = "30",
      description = "Passes over the training images (default: ${DEFAULT-VALUE}).")
  private int epochs;

  @Option(
      names = "--batch-size",
      defaultValue = "32",
      description = "Images a step (default: ${DEFAULT-VALUE}).")
  private int batchSize;

  @Option(
      names = "--optimizer",
      defaultValue = "adam(1e-3)",
      description =
          "adam, adamw, nadam, sgd, rmsprop or adagrad with learning rate and settings, as in"
              + " \"sgd(0.01, momentum=0.9, nesterov, clipnorm=1)\" (default: ${DEFAULT-VALUE}).")
  private String optimizer;

  @Option(
      names = "--schedule",
      defaultValue = "constant",
      description =
          "How the learning rate changes over a phase: constant, step(epochs=10, factor=0.1),"
              + " exponential(factor=0.9), polynomial(end=0, power=1), cosine(warmup=0, end=0) or"
              + " plateau(factor=0.1, patience=10); lengths in epochs, ends as shares of the rate"
              + " (default: ${DEFAULT-VALUE}).")
  private String schedule;

  @Option(
      names = "--early-stopping",
      paramLabel = "PATIENCE",
      description =
          "End a phase after so many epochs without a lower validation loss, and keep the weights"
              + " of its best epoch.")
  private Integer earlyStopping;

  @Option(
      names = "--fine-tune-epochs",
      defaultValue = "0",
      description =
          "Epochs of a second phase with the unfrozen layers; --epochs then train the head alone"
              + " (default: ${DEFAULT-VALUE}).")
  private int fineTuneEpochs;

  @Option(
      names = "--fine-tune-learning-rate",
      defaultValue = "1e-5",
      description = "Learning rate of the second phase (default: ${DEFAULT-VALUE}).")
  private double fineTuneLearningRate;

  @Option(
      names = "--phase",
      paramLabel = "SETTINGS",
      description =
          "One more phase, as in \"unfreeze=block5_*, epochs=4, learning_rate=1e-5\"; what is not"
              + " given stays as in the phase before. Settings: epochs, unfreeze, unfreeze_from,"
              + " unfreeze_last, batch_size, optimizer, learning_rate, schedule, early_stopping,"
              + " name. May be given several times.")
  private List<String> phases = List.of();

  @Option(
      names = "--steps-per-epoch",
      paramLabel = "N",
      description =
          "Steps of an epoch; the images go round from epoch to epoch (default: one pass over the"
              + " training images).")
  private Integer stepsPerEpoch;

  @Option(
      names = "--validation-steps",
      paramLabel = "N",
      description = "Steps on which each epoch is validated (default: all validation images).")
  private Integer validationSteps;

  @Option(
      names = "--order",
      paramLabel = "FILE",
      description =
          "Order of the training images: a .npy array of integers, [passes, images], each row with"
              + " each image's number once (default: random, by the seed).")
  private Path order;

  @Option(
      names = "--seed",
      defaultValue = "1",
      description =
          "Of the split, the head, the order, the dropout, the augmentation (default:"
              + " ${DEFAULT-VALUE}).")
  private long seed;

  @Option(
      names = "--split-seed",
      description = "Of the split alone, so that --seed changes all but the split.")
  private Long splitSeed;

  @Option(
      names = "--repeat",
      paramLabel = "N",
      description =
          "Train with N seeds, from --seed on, into RUN/seed-K each, and say mean and spread.")
  private Integer repeat;

  @Option(
      names = "--features",
      paramLabel = "DIR",
      description = "Keep the features here (default: the user's cache, see GRAFT_CACHE).")
  private Path features;

  @Mixin private FeaturesPrecisionOption stored;

  @Mixin private PrecisionOption precision;

  @Mixin private CalibrateOption calibrate;

  @Option(
      names = "--checkpoint-minutes",
      defaultValue = "10",
      paramLabel = "N",
      description =
          "Write a checkpoint so often, beside the one at the end of each epoch (default:"
              + " ${DEFAULT-VALUE}).")
  private double checkpointMinutes;

  @Option(names = "--overwrite", description = "Replace a run that is there already.")
  private boolean overwrite;

  @Override
  public Integer call() throws Exception {
    Console console = output.console();
    TrainSettings settings = calibrated(console, settings());
    if (gate.isSet()) {
      gate.require(kind(settings));
    }
    console.say(
        "Training on %s with %s; the run goes to %s.".formatted(data, backbone.folder(), out));
    if (repeat != null) {
      return Training.repeat(
          console, data, gate, listener -> RepeatedTraining.train(settings, repeat, listener));
    }
    return Training.run(
        console, data, gate, listener -> TransferLearning.train(settings, listener));
  }

  /** With the way in which this machine runs the backbone fastest beside the training. */
  private TrainSettings calibrated(Console console, TrainSettings settings) throws IOException {
    boolean begins =
        Files.exists(data)
            && Files.exists(backbone.folder())
            && !LabeledArrays.isAt(data)
            && (overwrite || !Files.exists(out));
    if (!begins) {
      return settings; // the job says what is wrong
    }
    return new Calibrating(console, CalibrationMemory.ofUser())
        .find(calibrate.when(), backbone.folder(), precision.or(Precision.FLOAT32), data, false)
        .map(way -> settings.withFeatures(settings.out().features().withCalibration(way)))
        .orElse(settings);
  }

  /** What the options say. */
  TrainSettings settings() {
    try {
      JoinSettings join =
          new JoinSettings(
              backbone.folder(),
              backbone.output(),
              Optional.ofNullable(head).map(Head::parse),
              unfreezing == null ? FreezePlan.allFrozen() : unfreezing.plan(),
              batchNorm);
      TrainSettings settings =
          new TrainSettings(
              join,
              dataSettings(),
              loop(),
              objective.settings(),
              new TrainSettings.OutputSettings(
                  out,
                  overwrite,
                  checkpointEvery(),
                  FeatureSettings.in(Optional.ofNullable(features))
                      .withStored(stored.stored())
                      .withPrecision(precision.or(Precision.FLOAT32))));
      return withPhases(settings);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }

  private LoopSettings loop() {
    return new LoopSettings(
        epochs,
        batchSize,
        Optimizer.parse(optimizer),
        Schedule.parse(schedule),
        Optional.ofNullable(earlyStopping).map(EarlyStopping::new),
        new LoopSettings.FineTune(fineTuneEpochs, fineTuneLearningRate),
        List.of(),
        new EpochSettings(
            optional(stepsPerEpoch), optional(validationSteps), Optional.ofNullable(order)),
        seed);
  }

  private Duration checkpointEvery() {
    if (!(checkpointMinutes >= 0 && checkpointMinutes < 1e6)) {
      throw new IllegalArgumentException(
          "--checkpoint-minutes must be at least 0, got " + checkpointMinutes + ".");
    }
    return Duration.ofMillis(Math.round(checkpointMinutes * 60e3));
  }

  private static OptionalInt optional(Integer value) {
    return value == null ? OptionalInt.empty() : OptionalInt.of(value);
  }

  /** Each phase goes out from the one before. */
  private TrainSettings withPhases(TrainSettings settings) {
    List<PhaseSettings> all = new ArrayList<>(settings.phases());
    int given = all.size();
    phases.forEach(text -> all.add(PhaseSettings.parse(text, all)));
    PhaseSettings[] more = all.subList(given, all.size()).toArray(PhaseSettings[]::new);
    return settings.withLoop(settings.loop().withPhases(more));
  }

  private Task.Kind kind(TrainSettings settings) throws IOException {
    Optional<Task.Kind> asked = settings.objective().kind();
    return LabeledArrays.isAt(data)
        ? LabeledArrays.read(data, asked).examples().task().kind()
        : LabeledImages.read(data, asked).task().kind();
  }

  private DataSettings dataSettings() {
    Optional<Path> folder = Optional.of(Path.of(validation)).filter(Files::isDirectory);
    return new DataSettings(
        data,
        folder.isPresent() ? DataSettings.DEFAULT_VALIDATION : validationShare(),
        splitSeed == null ? OptionalLong.empty() : OptionalLong.of(splitSeed),
        folder,
        preparation.settings(),
        Optional.ofNullable(augment).map(Augmentation::parse));
  }

  private double validationShare() {
    try {
      return Double.parseDouble(validation);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          "There is no folder "
              + validation
              + " to validate on: give --validation a folder, or a share above 0 and below 1.",
          e);
    }
  }
}
