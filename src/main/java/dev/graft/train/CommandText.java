package dev.graft.train;

import dev.graft.data.Augmentation;
import dev.graft.data.Preparation;
import dev.graft.features.StoredNumbers;
import dev.graft.model.FreezePlan;
import dev.graft.model.Head;
import dev.graft.tensor.Precision;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** The command line of settings; what is as by default is left out. */
final class CommandText {
  private final List<String> words = new ArrayList<>(List.of("train"));
  private final boolean absolute;

  private CommandText(boolean absolute) {
    this.absolute = absolute;
  }

  /** For a shell in the same folder. */
  static String of(TrainSettings settings) {
    return new CommandText(false)
        .all(settings).stream()
            .map(CommandText::quote)
            .collect(Collectors.joining(" ", "graft ", ""));
  }

  /** The words alone, with absolute paths. */
  static List<String> words(TrainSettings settings) {
    return new CommandText(true).all(settings);
  }

  private List<String> all(TrainSettings settings) {
    words.add(word(settings.data().folder()));
    join(settings.join());
    data(settings.data());
    objective(settings.objective());
    loop(settings.loop());
    settings.out().features().store().ifPresent(folder -> option("--features", folder));
    Duration every = settings.out().checkpointEvery();
    if (!every.equals(TrainSettings.OutputSettings.CHECKPOINT_EVERY)) {
      option("--checkpoint-minutes", every.toMillis() / 60e3);
    }
    if (settings.out().features().precision() != Precision.FLOAT32) {
      option("--precision", settings.out().features().precision().word());
    }
    if (settings.out().features().stored() != StoredNumbers.FLOAT32) {
      option("--features-precision", settings.out().features().stored().word());
    }
    option("--out", settings.out().folder());
    return words;
  }

  private void join(JoinSettings join) {
    option("--backbone", join.backbone());
    join.output().ifPresent(layer -> option("--backbone-output", layer));
    join.head().map(Head::describe).ifPresent(head -> option("--head", head));
    FreezePlan plan = join.plan();
    if (plan instanceof FreezePlan.Matching matching) {
      option("--unfreeze", String.join(",", matching.patterns()));
    } else if (plan instanceof FreezePlan.From from) {
      option("--unfreeze-from", from.layer());
    } else if (plan instanceof FreezePlan.Last last) {
      option("--unfreeze-last", last.count());
    }
    if (join.batchNorm() != BatchNorm.INFERENCE) {
      option("--batch-norm", "training");
    }
  }

  private void data(DataSettings data) {
    if (data.validationFolder().isPresent()) {
      option("--validation", data.validationFolder().get());
    } else if (data.validation() != DataSettings.DEFAULT_VALIDATION) {
      option("--validation", data.validation());
    }
    data.splitSeed().ifPresent(seed -> option("--split-seed", seed));
    data.augmentation().map(Augmentation::describe).ifPresent(steps -> option("--augment", steps));
    PreparationSettings preparation = data.preparation();
    preparation.name().ifPresent(name -> option("--preparation", name));
    preparation.method().ifPresent(method -> option("--resize", method));
    preparation.aspect().ifPresent(aspect -> option("--aspect", aspect));
    preparation
        .size()
        .ifPresent(size -> option("--input-size", size.height() + "x" + size.width()));
    preparation
        .orientation()
        .filter(orientation -> orientation == Preparation.Orientation.EXIF)
        .ifPresent(orientation -> option("--orientation", orientation));
  }

  private void objective(ObjectiveSettings objective) {
    objective.loss().ifPresent(loss -> option("--loss", loss));
    if (objective.labelSmoothing() != 0) {
      option("--label-smoothing", objective.labelSmoothing());
    }
    objective.classWeights().ifPresent(all -> option("--class-weights", all.describe()));
  }

  private void loop(LoopSettings loop) {
    LoopSettings defaults = LoopSettings.defaults();
    option("--epochs", loop.epochs());
    if (loop.batchSize() != defaults.batchSize()) {
      option("--batch-size", loop.batchSize());
    }
    if (!loop.optimizer().equals(defaults.optimizer())) {
      option("--optimizer", loop.optimizer().describe());
    }
    if (!loop.schedule().equals(defaults.schedule())) {
      option("--schedule", loop.schedule().describe());
    }
    loop.stopping().ifPresent(stopping -> option("--early-stopping", stopping.patience()));
    if (loop.fineTune().epochs() > 0) {
      option("--fine-tune-epochs", loop.fineTune().epochs());
      option("--fine-tune-learning-rate", loop.fineTune().learningRate());
    }
    loop.phases().forEach(phase -> option("--phase", phase.describe()));
    loop.epoch().steps().ifPresent(steps -> option("--steps-per-epoch", steps));
    loop.epoch().validationSteps().ifPresent(steps -> option("--validation-steps", steps));
    loop.epoch().order().ifPresent(file -> option("--order", file));
    option("--seed", loop.seed());
  }

  private void option(String name, Object value) {
    words.add(name);
    words.add(word(value));
  }

  private String word(Object value) {
    return absolute && value instanceof Path path
        ? path.toAbsolutePath().normalize().toString()
        : value.toString();
  }

  private static String quote(String word) {
    if (word.matches("[A-Za-z0-9_./:=+-]+")) {
      return word;
    }
    return word.chars()
        .mapToObj(c -> "\"\\$`".indexOf(c) >= 0 ? "\\" + (char) c : Character.toString(c))
        .collect(Collectors.joining("", "\"", "\""));
  }
}
