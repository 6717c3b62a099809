package dev.graft.train;

import dev.graft.data.DuplicateImages;
import dev.graft.data.LabeledImage;
import dev.graft.data.LabeledImages;
import dev.graft.data.Preparation;
import dev.graft.data.Shuffle;
import dev.graft.data.Split;
import dev.graft.data.Task;
import dev.graft.model.Backbone;
import dev.graft.model.Head;
import dev.graft.model.JoinedModel;
import dev.graft.model.Objective;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * What a run starts from.
 *
 * @param split the images that train, validate and test
 * @param duplicates images that are in several parts of the split, or of several classes
 * @param preparation how their files become the backbone's input
 * @param model the backbone with the head's first values
 */
record RunInputs(
    Split split, List<DuplicateImages> duplicates, Preparation preparation, JoinedModel model) {
  /**
   * Reads the images' names and the backbone, and joins the head to it.
   *
   * @throws IllegalArgumentException when the settings do not fit the backbone or the data
   */
  static RunInputs read(TrainSettings settings, RunLog log) throws IOException {
    Split split = split(settings, log);
    Backbone backbone = backbone(settings);
    Preparation preparation = settings.data().preparation().of(backbone);
    Objective objective = settings.objective().of(split.task());
    Head head =
        settings.join().head().orElseGet(() -> objective.standardHead(backbone.outputRank()));
    JoinedModel model = JoinedModel.join(backbone, head, objective, settings.loop().seed());
    settings.phases().forEach(phase -> model.requireTrains(phase.plan()));
    return new RunInputs(split, duplicates(split, log), preparation, model);
  }

  /** The same images and backbone with the head of other settings. */
  RunInputs joined(TrainSettings settings) throws IOException {
    Backbone backbone = model.backbone();
    Objective objective = settings.objective().of(split.task());
    Head head =
        settings.join().head().orElseGet(() -> objective.standardHead(backbone.outputRank()));
    return new RunInputs(
        split,
        duplicates,
        preparation,
        JoinedModel.join(backbone, head, objective, settings.loop().seed()));
  }

  /**
   * A part of the training images in place of those of validation and test, which are left out.
   *
   * @param share of the training images, above 0 and below 1
   */
  RunInputs heldOut(double share, long seed) {
    List<LabeledImage> shuffled = Shuffle.shuffled(split.training(), seed);
    int training = shuffled.size() - (int) (share * shuffled.size());
    Split inner =
        new Split(
            split.task(),
            shuffled.subList(0, training),
            shuffled.subList(training, shuffled.size()),
            List.of());
    return new RunInputs(inner, duplicates, preparation, model);
  }

  private static Split split(TrainSettings settings, RunLog log) throws IOException {
    DataSettings data = settings.data();
    LabeledImages images = LabeledImages.read(data.folder(), settings.objective().kind());
    log.skip(images.skipped());
    if (data.validationFolder().isPresent()) {
      Optional<Task.Kind> kind = Optional.of(images.task().kind());
      images = images.withValidation(LabeledImages.read(data.validationFolder().get(), kind));
    }
    Split split =
        images.hasValidation()
            ? Split.given(images)
            : Split.of(images, data.validation(), data.splitSeed().orElse(settings.loop().seed()));
    split.warnings().forEach(log::note);
    return split;
  }

  private static List<DuplicateImages> duplicates(Split split, RunLog log) {
    List<DuplicateImages> duplicates = DuplicateImages.of(split);
    long crossing = duplicates.stream().filter(DuplicateImages::crossesParts).count();
    if (crossing > 0) {
      log.note(
          crossing
              + (crossing == 1 ? " image is" : " images are")
              + " in several of training, validation and test, byte for byte, which flatters the"
              + " figures; the report has the paths.");
    }
    return duplicates;
  }

  private static Backbone backbone(TrainSettings settings) throws IOException {
    Backbone loaded = Backbone.load(settings.join().backbone());
    if (settings.join().output().isPresent()) {
      loaded = loaded.withOutput(settings.join().output().get());
    }
    if (settings.join().batchNorm() == BatchNorm.TRAINING) {
      loaded = loaded.withTrainingMode();
    }
    return settings.data().preparation().sized(loaded);
  }

  /** What is going to be done, in one sentence. */
  String plan(TrainSettings settings) {
    return "%s, %s; head %s; %,d images train, %,d validate; %s%s; %s; seed %d; float32."
        .formatted(
            split.task().describe(),
            model.loss().describe(),
            model.head().describe(),
            split.training().size(),
            split.validation().size(),
            preparation.describe(),
            settings.data().augmentation().map(steps -> "; " + steps.describe()).orElse(""),
            settings.phases().stream().map(RunInputs::plan).collect(Collectors.joining(", then ")),
            settings.loop().seed());
  }

  private static String plan(PhaseSettings phase) {
    String schedule =
        phase.schedule().equals(Schedule.CONSTANT) ? "" : ", " + phase.schedule().describe();
    String stopping =
        phase.stopping().map(early -> ", early stopping after " + early.patience()).orElse("");
    return "%d epoch%s of batch %d (%s), %s%s%s"
        .formatted(
            phase.epochs(),
            phase.epochs() == 1 ? "" : "s",
            phase.batchSize(),
            phase.plan().describe(),
            phase.optimizer().describe(),
            schedule,
            stopping);
  }
}
