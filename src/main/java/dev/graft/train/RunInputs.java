package dev.graft.train;

import dev.graft.data.DuplicateImages;
import dev.graft.data.LabeledArrays;
import dev.graft.data.LabeledImage;
import dev.graft.data.LabeledImages;
import dev.graft.data.Shuffle;
import dev.graft.data.Split;
import dev.graft.data.Task;
import dev.graft.model.ArrayBatch;
import dev.graft.model.Backbone;
import dev.graft.model.Head;
import dev.graft.model.JoinedModel;
import dev.graft.model.Objective;
import dev.graft.tensor.Precision;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * What a run starts from.
 *
 * @param split the images that train, validate and test
 * @param duplicates images that are in several parts of the split, or of several classes
 * @param examples how they reach the backbone
 * @param model the backbone with the head's first values
 */
record RunInputs(
    Split split, List<DuplicateImages> duplicates, ExampleInputs examples, JoinedModel model) {
  /**
   * Reads the images' names and the backbone, and joins the head to it.
   *
   * @throws IllegalArgumentException when the settings do not fit the backbone or the data
   */
  static RunInputs read(TrainSettings settings, RunLog log) throws IOException {
    Optional<LabeledArrays> arrays = arrays(settings);
    Split split = split(settings, arrays, log);
    Backbone loaded = backbone(settings);
    Backbone backbone =
        arrays.isPresent()
            ? sized(loaded, arrays.get())
            : settings.data().preparation().sized(loaded);
    ExampleInputs examples =
        arrays.isPresent()
            ? new ExampleInputs.Arrays(ArrayBatch.of(arrays.get(), feeds(backbone)))
            : new ExampleInputs.Images(settings.data().preparation().of(backbone));
    Objective objective = settings.objective().of(split.task());
    Head head =
        settings.join().head().orElseGet(() -> objective.standardHead(backbone.outputRank()));
    JoinedModel model = JoinedModel.join(backbone, head, objective, settings.loop().seed());
    settings.phases().forEach(phase -> model.requireTrains(phase.plan()));
    return new RunInputs(split, duplicates(split, log), examples, model);
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
        examples,
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
    return new RunInputs(inner, duplicates, examples, model);
  }

  private static Optional<LabeledArrays> arrays(TrainSettings settings) throws IOException {
    DataSettings data = settings.data();
    if (!LabeledArrays.isAt(data.folder())) {
      return Optional.empty();
    }
    boolean forImages =
        data.augmentation().isPresent()
            || data.validationFolder().isPresent()
            || !data.preparation().equals(PreparationSettings.fromHandoff());
    if (forImages) {
      throw new IllegalArgumentException(
          data.folder()
              + " holds arrays, which are taken as they are: augmentation, preparation, sizes and a"
              + " folder to validate on are for images; leave them out, and put x_val and y_val"
              + " beside x and y.");
    }
    if (settings.out().features().precision() != Precision.FLOAT32) {
      throw new IllegalArgumentException(
          "%s holds arrays, which are computed in float32: leave --precision out."
              .formatted(data.folder()));
    }
    return Optional.of(LabeledArrays.read(data.folder(), settings.objective().kind()));
  }

  private static List<ArrayBatch.Feed> feeds(Backbone backbone) {
    return backbone.flat().inputs().stream()
        .map(input -> new ArrayBatch.Feed(backbone.inputName(input), input))
        .toList();
  }

  /** Sizes that the backbone leaves open are those of the arrays. */
  private static Backbone sized(Backbone backbone, LabeledArrays arrays) {
    Backbone sized = backbone;
    for (ArrayBatch.Feed feed : ArrayBatch.of(arrays, feeds(backbone)).feeds()) {
      List<Long> shape = new ArrayList<>(List.of(-1L));
      shape.addAll(arrays.inputs().get(feed.name()).rowShape());
      sized = sized.withInputShape(feed.input(), shape);
    }
    return sized;
  }

  private static Split split(TrainSettings settings, Optional<LabeledArrays> arrays, RunLog log)
      throws IOException {
    DataSettings data = settings.data();
    LabeledImages images =
        arrays.isPresent()
            ? arrays.get().examples()
            : LabeledImages.read(data.folder(), settings.objective().kind());
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
    return loaded;
  }

  /** What is going to be done, in one sentence. */
  String plan(TrainSettings settings) {
    return "%s, %s; head %s; %,d %s train, %,d validate; %s%s; %s; seed %d; %s."
        .formatted(
            split.task().describe(),
            model.loss().describe(),
            model.head().describe(),
            split.training().size(),
            examples.kind().word(),
            split.validation().size(),
            examples.describe(),
            settings.data().augmentation().map(steps -> "; " + steps.describe()).orElse(""),
            settings.phases().stream().map(RunInputs::plan).collect(Collectors.joining(", then ")),
            settings.loop().seed(),
            settings.out().features().precision() == Precision.FLOAT32
                ? "float32"
                : "frozen part in "
                    + settings.out().features().precision().describe()
                    + ", the rest in float32");
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
