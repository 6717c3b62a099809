package dev.graft.train;

import dev.graft.data.Augmentation;
import dev.graft.data.LabeledImage;
import dev.graft.data.Preparation;
import dev.graft.data.Sha256;
import dev.graft.data.Split;
import dev.graft.features.Examples;
import dev.graft.features.FeatureExtraction;
import dev.graft.features.FeatureSource;
import dev.graft.features.FeatureSpace;
import dev.graft.features.Featurizer;
import dev.graft.features.LabeledFeatures;
import dev.graft.features.TrainingFeatures;
import dev.graft.metrics.Evaluation;
import dev.graft.metrics.History;
import dev.graft.metrics.Prediction;
import dev.graft.model.Calibration;
import dev.graft.model.CutModel;
import dev.graft.model.JoinedModel;
import dev.graft.predict.Verification;
import dev.graft.tensor.HostTensor;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Fits a model phase by phase: each cuts it anew and trains on the features of its own cut. */
final class PhaseFitting {
  private final TrainSettings settings;
  private final RunInputs inputs;
  private final RunFolder folder;
  private final RunLog log;

  PhaseFitting(TrainSettings settings, RunInputs inputs, RunFolder folder, RunLog log) {
    this.settings = settings;
    this.inputs = inputs;
    this.folder = folder;
    this.log = log;
  }

  /** Without a folder, for {@link #attempt} alone. */
  PhaseFitting(TrainSettings settings, RunInputs inputs, RunLog log) {
    this(settings, inputs, null, log);
  }

  /** Fits the first phase, keeps nothing of it, and says how good it was. */
  Evaluation attempt() throws IOException {
    PhaseSettings phase = settings.phases().get(0);
    Split split = inputs.split();
    try (CutModel cut = inputs.model().cut(phase.plan(), settings.out().features().precision());
        FeatureSource featurizer = features(cut, Optional.empty())) {
      TrainingFeatures training = extractTraining(featurizer, split.training());
      LabeledFeatures validation = extract(featurizer, split.validation());
      requireSome(training, validation);
      Trainer trainer = new Trainer(cut.graft(), phase(phase));
      trainer.fit(weighed(training.examples(), split), validation, History.empty(), log.listener());
      return trainer.evaluate(validation, split.labels());
    }
  }

  /**
   * A model after its phases.
   *
   * @param learnt values of the variables that training has changed, by node
   * @param before training; empty while that is not known
   * @param unfrozen names of the backbone's layers that trained
   * @param validationPredictions what it answers about each validation image
   * @param testPredictions what it answers about each test image; may be empty
   * @param stopped whether the listener asked to stop before the end
   */
  record Fitted(
      JoinedModel model,
      Map<String, HostTensor> learnt,
      History history,
      Optional<Evaluation> before,
      Evaluation after,
      Optional<Evaluation> test,
      Set<String> unfrozen,
      List<Prediction> validationPredictions,
      List<Prediction> testPredictions,
      boolean stopped) {
    Fitted withBefore(Evaluation untrained) {
      return with(Optional.of(untrained), stopped);
    }

    Fitted asStopped() {
      return with(before, true);
    }

    private Fitted with(Optional<Evaluation> untrained, boolean ended) {
      return new Fitted(
          model,
          learnt,
          history,
          untrained,
          after,
          test,
          unfrozen,
          validationPredictions,
          testPredictions,
          ended);
    }
  }

  /**
   * What a phase starts from.
   *
   * @param index of the phase
   * @param learnt by the phases before, or by this one before it was interrupted
   * @param before training, once that is known
   * @param unfrozen names of the backbone's layers that trained before
   * @param checkpoint where this phase was interrupted
   */
  private record Start(
      int index,
      Map<String, HostTensor> learnt,
      History history,
      Optional<Evaluation> before,
      Set<String> unfrozen,
      Optional<RunCheckpoint> checkpoint) {
    static Start after(int index, Fitted fitted) {
      return new Start(
          index,
          fitted.learnt(),
          fitted.history(),
          fitted.before(),
          fitted.unfrozen(),
          Optional.empty());
    }
  }

  /**
   * Fits all phases, or those that are left.
   *
   * @param from where an interrupted run goes on
   * @throws TrainingStoppedException when the listener asks to stop before anything was learnt
   */
  Fitted fit(Optional<RunCheckpoint> from) throws IOException {
    Verification.effect(settings.join().backbone(), settings.out().features().precision())
        .ifPresent(log::note);
    Start start = from.map(this::start).orElseGet(this::start);
    Fitted fitted = fit(start);
    for (int i = start.index() + 1; i < settings.phases().size() && !fitted.stopped(); i++) {
      try {
        fitted = fit(Start.after(i, fitted));
      } catch (TrainingStoppedException e) {
        fitted = fitted.asStopped();
      }
    }
    return fitted.before().isPresent() ? fitted : fitted.withBefore(untrained());
  }

  private Start start() {
    return new Start(0, Map.of(), History.empty(), Optional.empty(), Set.of(), Optional.empty());
  }

  private Start start(RunCheckpoint checkpoint) {
    RunState state = checkpoint.state();
    Set<String> unfrozen = new HashSet<>();
    settings
        .phases()
        .subList(0, state.phase())
        .forEach(phase -> unfrozen.addAll(inputs.model().requireTrains(phase.plan())));
    return new Start(
        state.phase(),
        checkpoint.model(),
        state.progress().history(),
        Optional.empty(),
        unfrozen,
        Optional.of(checkpoint));
  }

  private Fitted fit(Start start) throws IOException {
    PhaseSettings phase = settings.phases().get(start.index());
    JoinedModel model = inputs.model().with(start.learnt());
    Split split = inputs.split();
    boolean last = start.index() == settings.phases().size() - 1;
    try (CutModel cut = model.cut(phase.plan(), settings.out().features().precision());
        FeatureSource featurizer = features(cut, start.checkpoint())) {
      featurizer.calibration().ifPresent(way -> log.calibrate(phase.name(), way));
      RunState.requireSame("backbone", start.checkpoint(), cut.trunkHash());
      reserve(featurizer, split, last);
      TrainingFeatures training = extractTraining(featurizer, split.training());
      LabeledFeatures validation = extract(featurizer, split.validation());
      LabeledFeatures test = extract(featurizer, last ? split.test() : List.of());
      requireSome(training, validation);
      RunState.requireSame(
          "training images", start.checkpoint(), hash(training.images(), training.outcome()));
      RunState.requireSame(
          "validation images", start.checkpoint(), hash(validation.images(), validation.outcome()));
      if (start.history().epochs().isEmpty()) {
        requireOrders(training.examples().size());
      }
      log.lap("features (" + phase.name() + ")");

      Trainer trainer = new Trainer(cut.graft(), phase(phase));
      Optional<Evaluation> before =
          start.index() == 0 && start.checkpoint().isEmpty()
              ? Optional.of(trainer.evaluate(validation, split.labels()))
              : start.before();
      if (start.checkpoint().isPresent()) {
        trainer.goOn(start.checkpoint().get());
      } else {
        trainer.begin(start.history());
      }
      Map<String, String> trainedOn = new HashMap<>();
      trainedOn.put("backbone", cut.trunkHash());
      trainedOn.put("training images", hash(training.images(), training.outcome()));
      trainedOn.put("validation images", hash(validation.images(), validation.outcome()));
      featurizer
          .calibration()
          .ifPresent(way -> trainedOn.put(RunState.CALIBRATION, way.describe()));
      boolean whole;
      try (RunWatch watch =
          new RunWatch(settings, folder, log, start.index(), start.learnt(), trainedOn)) {
        whole = trainer.fit(weighed(training.examples(), split), validation, watch);
      }

      List<Prediction> predictions = trainer.predict(validation);
      Evaluation after = Evaluation.of(split.labels().names(), predictions);
      List<Prediction> tested = test.size() == 0 ? List.of() : trainer.predict(test);
      Map<String, HostTensor> learnt = new HashMap<>(start.learnt());
      learnt.putAll(cut.graft().values());
      Set<String> unfrozen = new HashSet<>(start.unfrozen());
      unfrozen.addAll(cut.unfrozen());
      log.lap("training (" + phase.name() + ")");
      return new Fitted(
          inputs.model().with(learnt),
          learnt,
          trainer.state().history(),
          before,
          after,
          Optional.of(tested)
              .filter(answers -> !answers.isEmpty())
              .map(answers -> Evaluation.of(split.labels().names(), answers)),
          unfrozen,
          predictions,
          tested,
          !whole);
    }
  }

  /** How good the model was before it was trained, which an interrupted run no longer knows. */
  private Evaluation untrained() throws IOException {
    PhaseSettings phase = settings.phases().get(0);
    try (CutModel cut = inputs.model().cut(phase.plan(), settings.out().features().precision());
        FeatureSource featurizer = features(cut, Optional.empty())) {
      LabeledFeatures validation = extract(featurizer, inputs.split().validation());
      return new Trainer(cut.graft(), phase(phase)).evaluate(validation, inputs.split().labels());
    }
  }

  /** Of the files' bytes and of their labels, in their order. */
  private static String hash(List<LabeledImage> images, FeatureExtraction.Outcome outcome)
      throws IOException {
    return Sha256.of(
        out -> {
          for (Optional<String> hash : outcome.hashes()) {
            out.write((hash.orElse("rejected") + '\n').getBytes(StandardCharsets.US_ASCII));
          }
          for (LabeledImage image : images) {
            out.write(
                (image.target() + " " + image.weight() + '\n').getBytes(StandardCharsets.US_ASCII));
          }
        });
  }

  private Examples weighed(Examples training, Split split) {
    return settings
        .objective()
        .classWeights()
        .map(weights -> weights.weigh(training, split.labels()))
        .orElse(training);
  }

  private Phase phase(PhaseSettings phase) throws IOException {
    return new Phase(
        phase.name(),
        phase.epochs(),
        settings.loop().epoch().batching(phase.batchSize(), settings.loop().seed()),
        phase.optimizer(),
        phase.schedule(),
        phase.stopping());
  }

  /** An order that is too short is refused before anything trains. */
  private void requireOrders(int examples) throws IOException {
    int first = 1;
    for (PhaseSettings phase : settings.phases()) {
      phase(phase).batching().requireOrder(first, phase.epochs(), examples);
      first += phase.epochs();
    }
  }

  private FeatureSource features(CutModel cut, Optional<RunCheckpoint> checkpoint)
      throws IOException {
    Optional<Calibration> before =
        checkpoint
            .map(from -> from.state().inputs().get(RunState.CALIBRATION))
            .map(Calibration::parse);
    return inputs.examples().open(cut, settings.out().features(), before);
  }

  /** Says what will be made, or refuses it, before the first image is read. */
  private void reserve(FeatureSource featurizer, Split split, boolean last) throws IOException {
    Optional<Augmentation> augmentation = settings.data().augmentation();
    long views = augmentation.map(steps -> steps.isLive() ? 0L : steps.views()).orElse(1L);
    long examples = views * split.training().size() + split.validation().size();
    FeatureSpace space = featurizer.reserve(examples + (last ? split.test().size() : 0));
    if (space.rows() > 0) {
      log.listener().plan(space.describe());
    }
  }

  private LabeledFeatures extract(FeatureSource featurizer, List<LabeledImage> images)
      throws IOException {
    LabeledFeatures features = featurizer.extract(images, this::progress);
    note(features.outcome());
    return features;
  }

  private TrainingFeatures extractTraining(FeatureSource featurizer, List<LabeledImage> images)
      throws IOException {
    Optional<Augmentation> augmentation = settings.data().augmentation();
    if (augmentation.isEmpty() || !(featurizer instanceof Featurizer ofImages)) {
      return TrainingFeatures.of(extract(featurizer, images));
    }
    TrainingFeatures features =
        ofImages.extract(images, augmentation.get(), settings.loop().seed(), this::progress);
    note(features.outcome());
    return features;
  }

  private void note(FeatureExtraction.Outcome outcome) {
    log.add(outcome);
    noteTurned(outcome.turned());
  }

  private void progress(String task, long done, long total) {
    log.listener().progress(task, done, total);
    if (log.listener().isStopAsked()) {
      throw new TrainingStoppedException(
          "Stopped while the features were being made, before anything was learnt; those that are"
              + " made are kept.");
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
      log.note(
          turned
              + " images have an EXIF orientation, which is ignored as Keras ignores it;"
              + " --orientation exif turns them.");
    }
  }

  private static void requireSome(TrainingFeatures training, LabeledFeatures validation) {
    if (training.images().isEmpty() || validation.size() == 0) {
      throw new IllegalArgumentException(
          "No image is left for "
              + (training.images().isEmpty() ? "training" : "validation")
              + ": none of its files can be read.");
    }
  }
}
