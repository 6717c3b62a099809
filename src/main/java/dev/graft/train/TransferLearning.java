package dev.graft.train;

import dev.graft.data.ImageFolder;
import dev.graft.data.LabeledImage;
import dev.graft.data.LabeledImages;
import dev.graft.data.Preparation;
import dev.graft.data.SkippedFile;
import dev.graft.data.Split;
import dev.graft.export.ModelExport;
import dev.graft.features.FeatureCache;
import dev.graft.features.FeatureExtraction;
import dev.graft.features.FeatureKey;
import dev.graft.features.FeatureSpec;
import dev.graft.features.FeatureStore;
import dev.graft.handoff.Versions;
import dev.graft.image.ImageReader;
import dev.graft.metrics.Evaluation;
import dev.graft.metrics.History;
import dev.graft.metrics.Prediction;
import dev.graft.model.Backbone;
import dev.graft.model.CutModel;
import dev.graft.model.CutTensor;
import dev.graft.model.FreezePlan;
import dev.graft.model.Head;
import dev.graft.model.ImagePipeline;
import dev.graft.model.JoinedModel;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
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
  private final TrainSettings settings;
  private final TrainListener listener;
  private final Stopwatch times = new Stopwatch();
  private final List<String> notes = new ArrayList<>();
  private final Map<Path, String> rejected = new LinkedHashMap<>();
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
    return new TransferLearning(settings, listener).train();
  }

  private TrainedRun train() throws IOException {
    try (RunFolder folder = RunFolder.create(settings.out().folder(), settings.out().overwrite())) {
      LabeledImages images = ImageFolder.read(settings.data().folder());
      Split split = split(images);
      Backbone backbone = backbone();
      Preparation preparation = settings.data().preparation().of(backbone);
      Head head = settings.join().head().orElseGet(() -> Head.standard(backbone.outputRank()));
      JoinedModel model = JoinedModel.join(backbone, head, split.labels(), settings.loop().seed());
      times.lap("loading");

      Fitted fitted = fit(model, preparation, split);
      TrainedRun run = export(folder, fitted, split, preparation);
      RunFiles.write(folder.path(), settings, run, preparation);
      folder.finish();
      return run;
    }
  }

  private Split split(LabeledImages images) throws IOException {
    for (SkippedFile skipped : images.skipped()) {
      rejected.put(skipped.path(), skipped.reason());
    }
    LabeledImages all = images;
    if (settings.data().validationFolder().isPresent()) {
      all = images.withValidation(ImageFolder.read(settings.data().validationFolder().get()));
    }
    Split split =
        all.hasValidation()
            ? Split.given(all)
            : Split.of(all, settings.data().validation(), settings.loop().seed());
    split.warnings().forEach(this::note);
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
      Set<String> unfrozen) {}

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

  /** A phase and what is unfrozen in it. */
  private record PlannedPhase(Phase phase, FreezePlan plan) {}

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
            loop.seed());
    if (!twoPhases) {
      return List.of(new PlannedPhase(first, plan));
    }
    Phase second =
        new Phase(
            "fine-tune",
            fineTune.epochs(),
            loop.batchSize(),
            loop.optimizer().withLearningRate(fineTune.learningRate()),
            loop.seed());
    return List.of(new PlannedPhase(first, FreezePlan.allFrozen()), new PlannedPhase(second, plan));
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
        ImageReader reader = ImageReader.open(preparation);
        FeatureStore store = store(cut, preparation)) {
      FeatureExtraction extraction = new FeatureExtraction(store, cut.trunk(), reader, listener);
      StoredExamples training = extract(extraction, store, split.training());
      StoredExamples validation = extract(extraction, store, split.validation());
      StoredExamples test = extract(extraction, store, split.test());
      requireSome(training, validation);
      times.lap("features (" + phase.name() + ")");

      Trainer trainer = new Trainer(cut.graft(), phase);
      Evaluation before = known.isPresent() ? known.get() : evaluate(trainer, validation, split);
      History history = trainer.fit(training, validation, soFar, listener);
      Evaluation after = evaluate(trainer, validation, split);
      Optional<Evaluation> tested =
          test.size() == 0 ? Optional.empty() : Optional.of(evaluate(trainer, test, split));
      JoinedModel trained = model.with(cut.graft().values());
      times.lap("training (" + phase.name() + ")");
      return new Fitted(trained, history, before, after, tested, cut.unfrozen());
    }
  }

  private FeatureStore store(CutModel cut, Preparation preparation) throws IOException {
    Map<String, String> key = new LinkedHashMap<>();
    key.put("trunk", cut.trunkHash());
    key.put("preparation", preparation.toString());
    key.put("precision", "float32");
    key.put("batch", String.valueOf(ImagePipeline.BATCH));
    key.putAll(Versions.current());
    List<FeatureSpec> specs = cut.tensors().stream().map(TransferLearning::spec).toList();
    Optional<Path> folder = settings.out().features();
    return folder.isPresent()
        ? FeatureStore.open(folder.get(), FeatureKey.of(key), specs)
        : FeatureCache.ofUser().open(FeatureKey.of(key), specs);
  }

  private static FeatureSpec spec(CutTensor tensor) {
    return FeatureSpec.of(
        tensor.placeholder(), Arrays.stream(tensor.rowShape()).asLongStream().toArray());
  }

  private StoredExamples extract(
      FeatureExtraction extraction, FeatureStore store, List<LabeledImage> images)
      throws IOException {
    List<Path> files = images.stream().map(LabeledImage::path).toList();
    FeatureExtraction.Outcome outcome = extraction.extract(files);
    rejected.putAll(outcome.rejected());
    computed += outcome.computed();
    noteTurned(outcome.turned());
    return StoredExamples.of(store, images, outcome);
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

  private static void requireSome(StoredExamples training, StoredExamples validation) {
    if (training.size() == 0 || validation.size() == 0) {
      throw new IllegalArgumentException(
          "No image is left for "
              + (training.size() == 0 ? "training" : "validation")
              + ": none of its files can be read.");
    }
  }

  private static Evaluation evaluate(Trainer trainer, StoredExamples examples, Split split) {
    float[][] probabilities = trainer.predict(examples);
    List<Prediction> predictions = new ArrayList<>();
    for (int i = 0; i < probabilities.length; i++) {
      predictions.add(
          new Prediction(examples.path(i).toString(), examples.label(i), probabilities[i]));
    }
    return Evaluation.of(split.labels().names(), predictions);
  }

  private TrainedRun export(RunFolder folder, Fitted fitted, Split split, Preparation preparation)
      throws IOException {
    Path exported = folder.path().resolve("model");
    Map<String, Object> training = new LinkedHashMap<>();
    training.put("head", fitted.model().head().describe());
    training.put("freezePlan", settings.join().plan().describe());
    training.put("optimizer", settings.loop().optimizer().describe());
    training.put("epochs", settings.loop().epochs() + settings.loop().fineTune().epochs());
    training.put("seed", settings.loop().seed());
    training.put("trainingImages", split.training().size());
    training.put("validationAccuracy", fitted.after().accuracy());
    new ModelExport(fitted.model(), preparation, training).write(exported);
    List<FrozenVariable> frozen =
        FrozenProof.of(fitted.model().backbone(), fitted.unfrozen(), exported);
    times.lap("export");
    return new TrainedRun(
        settings.out().folder(),
        fitted.model(),
        new TrainedRun.Outcome(fitted.before(), fitted.after(), fitted.test(), fitted.history()),
        new TrainedRun.Images(split, rejected, computed, List.copyOf(notes)),
        frozen,
        times.laps());
  }

  private void note(String sentence) {
    if (!notes.contains(sentence)) {
      notes.add(sentence);
      listener.note(sentence);
    }
  }

  /** How long each part took. */
  private static final class Stopwatch {
    private final Map<String, Duration> laps = new LinkedHashMap<>();
    private long last = System.nanoTime();

    void lap(String name) {
      long now = System.nanoTime();
      laps.put(name, Duration.ofNanos(now - last));
      last = now;
    }

    Map<String, Duration> laps() {
      return new LinkedHashMap<>(laps);
    }
  }
}
