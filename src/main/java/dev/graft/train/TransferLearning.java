package dev.graft.train;

import dev.graft.data.DuplicateImages;
import dev.graft.data.LabeledImage;
import dev.graft.data.LabeledImages;
import dev.graft.data.Preparation;
import dev.graft.data.SkippedFile;
import dev.graft.data.Split;
import dev.graft.export.ModelExport;
import dev.graft.features.Featurizer;
import dev.graft.features.LabeledFeatures;
import dev.graft.metrics.Evaluation;
import dev.graft.metrics.History;
import dev.graft.metrics.Prediction;
import dev.graft.model.Backbone;
import dev.graft.model.CutModel;
import dev.graft.model.FreezePlan;
import dev.graft.model.Head;
import dev.graft.model.JoinedModel;
import dev.graft.predict.Answer;
import dev.graft.predict.Predictor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The whole job, from a folder of images and an exported backbone to a run's folder with the
 * trained, evaluated, exported model.
 */
public final class TransferLearning {
  private static final int COMPARED = 16;

  /** Of probabilities: the trunk's fused arithmetic moves features by a few millionths. */
  private static final double LARGEST_DIFFERENCE = 1e-3;

  private final TrainSettings settings;
  private final TrainListener listener;
  private final PhaseClock clock = new PhaseClock();
  private final List<String> notes = new ArrayList<>();
  private final Map<Path, String> rejected = new LinkedHashMap<>();
  private final List<DuplicateImages> duplicates = new ArrayList<>();
  private int computed;

  private TransferLearning(TrainSettings settings, TrainListener listener) {
    this.settings = settings;
    this.listener = listener;
  }

  /**
   * Does the job. Nothing is left behind when it fails, but for features, which are kept.
   *
   * @throws IllegalArgumentException when the settings do not fit the backbone or the data
   * @throws IllegalStateException when training diverges or the export does not prove right
   * @throws IOException when files can't be read or written, or the backbone can't be used
   */
  public static TrainedRun train(TrainSettings settings, TrainListener listener)
      throws IOException {
    TrainSettings.OutputSettings out = settings.out();
    try (RunFolder folder = RunFolder.create(out.folder(), out.overwrite())) {
      TrainedRun run;
      try (EpochEvents events = EpochEvents.in(folder.path().resolve("events"), listener)) {
        run = new TransferLearning(settings, events).train(folder);
      }
      folder.finish();
      return run;
    }
  }

  private TrainedRun train(RunFolder folder) throws IOException {
    LabeledImages images = LabeledImages.read(settings.data().folder());
    Split split = split(images);
    Backbone backbone = backbone();
    Preparation preparation = settings.data().preparation().of(backbone);
    Head head = settings.join().head().orElseGet(() -> Head.standard(backbone.outputRank()));
    JoinedModel model = JoinedModel.join(backbone, head, split.labels(), settings.loop().seed());
    clock.lap("loading");
    listener.plan(plan(head, split, preparation));

    Fitted fitted = fit(model, preparation, split);
    TrainedRun run = export(folder, fitted, split, preparation);
    RunFiles.write(folder.path(), settings, run, preparation);
    return run;
  }

  private String plan(Head head, Split split, Preparation preparation) {
    LoopSettings loop = settings.loop();
    return "Head %s, %s; %,d images train, %,d validate; %s; %d epochs of batch %d, %s%s; seed %d; float32."
        .formatted(
            head.describe(),
            settings.join().plan().describe(),
            split.training().size(),
            split.validation().size(),
            preparation.describe(),
            loop.epochs(),
            loop.batchSize(),
            loop.optimizer().describe() + schedule(loop),
            loop.fineTune().epochs() == 0
                ? ""
                : ", then %d epochs at %s"
                    .formatted(loop.fineTune().epochs(), loop.fineTune().learningRate()),
            loop.seed());
  }

  private static String schedule(LoopSettings loop) {
    String schedule =
        loop.schedule().equals(Schedule.CONSTANT) ? "" : ", " + loop.schedule().describe();
    return schedule
        + loop.stopping()
            .map(stopping -> ", early stopping after " + stopping.patience())
            .orElse("");
  }

  private Split split(LabeledImages images) throws IOException {
    for (SkippedFile skipped : images.skipped()) {
      rejected.put(skipped.path(), skipped.reason());
    }
    LabeledImages all = images;
    if (settings.data().validationFolder().isPresent()) {
      all = images.withValidation(LabeledImages.read(settings.data().validationFolder().get()));
    }
    Split split =
        all.hasValidation()
            ? Split.given(all)
            : Split.of(all, settings.data().validation(), settings.loop().seed());
    split.warnings().forEach(this::note);
    noteDuplicates(split);
    return split;
  }

  private Backbone backbone() throws IOException {
    Backbone loaded = Backbone.load(settings.join().backbone());
    if (settings.join().output().isPresent()) {
      loaded = loaded.withOutput(settings.join().output().get());
    }
    return settings.data().preparation().sized(loaded);
  }

  /** A model after its phases. */
  private record Fitted(
      JoinedModel model,
      History history,
      Evaluation before,
      Evaluation after,
      Optional<Evaluation> test,
      Set<String> unfrozen,
      List<Prediction> validationPredictions,
      List<Prediction> testPredictions) {
    /** What the exported model has to answer again. */
    List<Prediction> sample() {
      return validationPredictions.subList(0, Math.min(COMPARED, validationPredictions.size()));
    }
  }

  private Fitted fit(JoinedModel joined, Preparation preparation, Split split) throws IOException {
    Fitted fitted = null;
    for (PlannedPhase planned : phases()) {
      JoinedModel model = fitted == null ? joined : fitted.model();
      History soFar = fitted == null ? History.empty() : fitted.history();
      Optional<Evaluation> before = Optional.ofNullable(fitted).map(Fitted::before);
      fitted = fit(model, preparation, split, planned, soFar, before);
    }
    return fitted;
  }

  /** A phase, what is unfrozen in it, and whether the test images are evaluated after it. */
  private record PlannedPhase(Phase phase, FreezePlan plan, boolean last) {}

  private List<PlannedPhase> phases() {
    LoopSettings loop = settings.loop();
    FreezePlan plan = settings.join().plan();
    LoopSettings.FineTune fineTune = loop.fineTune();
    boolean twoPhases = fineTune.epochs() > 0;
    Phase first =
        new Phase(
            twoPhases || plan.equals(FreezePlan.allFrozen()) ? "head" : "head and backbone",
            loop.epochs(),
            loop.batchSize(),
            loop.optimizer(),
            loop.schedule(),
            loop.stopping(),
            loop.seed());
    if (!twoPhases) {
      return List.of(new PlannedPhase(first, plan, true));
    }
    Phase second =
        new Phase(
            "fine-tune",
            fineTune.epochs(),
            loop.batchSize(),
            loop.optimizer().withLearningRate(fineTune.learningRate()),
            loop.schedule(),
            loop.stopping(),
            loop.seed());
    return List.of(
        new PlannedPhase(first, FreezePlan.allFrozen(), false),
        new PlannedPhase(second, plan, true));
  }

  private Fitted fit(
      JoinedModel model,
      Preparation preparation,
      Split split,
      PlannedPhase planned,
      History soFar,
      Optional<Evaluation> known)
      throws IOException {
    Phase phase = planned.phase();
    try (CutModel cut = model.cut(planned.plan());
        Featurizer featurizer = featurizer(cut, preparation)) {
      LabeledFeatures training = extract(featurizer, split.training());
      LabeledFeatures validation = extract(featurizer, split.validation());
      LabeledFeatures test = extract(featurizer, planned.last() ? split.test() : List.of());
      requireSome(training, validation);
      clock.lap("features (" + phase.name() + ")");

      Trainer trainer = new Trainer(cut.graft(), phase);
      Evaluation before =
          known.isPresent() ? known.get() : trainer.evaluate(validation, split.labels());
      History history = trainer.fit(training, validation, soFar, listener);
      List<Prediction> predictions = trainer.predict(validation);
      Evaluation after = Evaluation.of(split.labels().names(), predictions);
      List<Prediction> tested = test.size() == 0 ? List.of() : trainer.predict(test);
      JoinedModel trained = model.with(cut.graft().values());
      clock.lap("training (" + phase.name() + ")");
      return new Fitted(
          trained,
          history,
          before,
          after,
          Optional.of(tested)
              .filter(answers -> !answers.isEmpty())
              .map(answers -> Evaluation.of(split.labels().names(), answers)),
          cut.unfrozen(),
          predictions,
          tested);
    }
  }

  private Featurizer featurizer(CutModel cut, Preparation preparation) throws IOException {
    Optional<Path> folder = settings.out().features();
    return folder.isPresent()
        ? Featurizer.open(cut, preparation, folder.get())
        : Featurizer.open(cut, preparation);
  }

  private LabeledFeatures extract(Featurizer featurizer, List<LabeledImage> images)
      throws IOException {
    LabeledFeatures features = featurizer.extract(images, listener);
    rejected.putAll(features.outcome().rejected());
    computed += features.outcome().computed();
    noteTurned(features.outcome().turned());
    return features;
  }

  private void noteDuplicates(Split split) {
    duplicates.addAll(DuplicateImages.of(split));
    long crossing = duplicates.stream().filter(DuplicateImages::crossesParts).count();
    if (crossing > 0) {
      note(
          crossing
              + (crossing == 1 ? " image is" : " images are")
              + " in training and in validation or test, byte for byte, which flatters the"
              + " figures; the report has the paths.");
    }
  }

  private void noteTurned(int turned) {
    boolean applied =
        settings
            .data()
            .preparation()
            .orientation()
            .equals(Optional.of(Preparation.Orientation.EXIF));
    if (turned > 0 && !applied) {
      note(
          turned
              + " images have an EXIF orientation, which is ignored as Keras ignores it;"
              + " --orientation exif turns them.");
    }
  }

  private static void requireSome(LabeledFeatures training, LabeledFeatures validation) {
    if (training.size() == 0 || validation.size() == 0) {
      throw new IllegalArgumentException(
          "No image is left for "
              + (training.size() == 0 ? "training" : "validation")
              + ": none of its files can be read.");
    }
  }

  private TrainedRun export(RunFolder folder, Fitted fitted, Split split, Preparation preparation)
      throws IOException {
    Path exported = folder.path().resolve("model");
    Map<String, Object> training = new LinkedHashMap<>();
    training.put("head", fitted.model().head().describe());
    training.put("freezePlan", settings.join().plan().describe());
    training.put("optimizer", settings.loop().optimizer().describe());
    training.put("schedule", settings.loop().schedule().describe());
    training.put("epochs", fitted.history().epochs().size());
    training.put("seed", settings.loop().seed());
    training.put("trainingImages", split.training().size());
    training.put("validationAccuracy", fitted.after().accuracy());
    new ModelExport(fitted.model(), preparation, training).write(exported);
    double difference = difference(exported, fitted.sample());
    List<FrozenVariable> frozen =
        FrozenProof.of(fitted.model().backbone(), fitted.unfrozen(), exported);
    clock.lap("export");
    return new TrainedRun(
        settings.out().folder(),
        fitted.model(),
        new TrainedRun.Outcome(
            fitted.before(),
            fitted.after(),
            fitted.test(),
            fitted.history(),
            fitted.validationPredictions(),
            fitted.testPredictions()),
        new TrainedRun.Images(split, rejected, computed, List.copyOf(notes), duplicates),
        new TrainedRun.Proof(frozen, difference),
        clock.times(),
        clock.memory());
  }

  /**
   * Lets the exported model answer some validation images again, from their files: what was
   * measured on features must hold for the model that leaves.
   */
  private static double difference(Path exported, List<Prediction> sample) throws IOException {
    double[] largest = new double[1];
    try (Predictor predictor = Predictor.load(exported)) {
      List<Path> files = sample.stream().map(Prediction::path).map(Path::of).toList();
      Iterator<Prediction> expected = sample.iterator();
      predictor.predict(
          files,
          (file, answer, rejection) ->
              largest[0] = Math.max(largest[0], difference(expected.next(), answer)));
    }
    if (!(largest[0] <= LARGEST_DIFFERENCE)) {
      throw new IllegalStateException(
          ("The exported model's probabilities differ by %.3g from those that were evaluated,"
                  + " expected at most %s.")
              .formatted(largest[0], LARGEST_DIFFERENCE));
    }
    return largest[0];
  }

  private static double difference(Prediction expected, Optional<Answer> answer) {
    if (answer.isEmpty()) {
      return Double.NaN;
    }
    double largest = 0;
    float[] received = answer.get().probabilities();
    for (int i = 0; i < received.length; i++) {
      largest = Math.max(largest, Math.abs(received[i] - expected.probability(i)));
    }
    return largest;
  }

  private void note(String sentence) {
    if (!notes.contains(sentence)) {
      notes.add(sentence);
      listener.note(sentence);
    }
  }
}
