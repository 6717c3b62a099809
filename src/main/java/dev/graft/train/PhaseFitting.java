package dev.graft.train;

import dev.graft.data.Augmentation;
import dev.graft.data.LabeledImage;
import dev.graft.data.Preparation;
import dev.graft.data.Split;
import dev.graft.features.Examples;
import dev.graft.features.FeatureExtraction;
import dev.graft.features.Featurizer;
import dev.graft.features.LabeledFeatures;
import dev.graft.features.TrainingFeatures;
import dev.graft.metrics.Evaluation;
import dev.graft.metrics.History;
import dev.graft.metrics.Prediction;
import dev.graft.model.CutModel;
import dev.graft.model.JoinedModel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Fits a model phase by phase: each cuts it anew and trains on the features of its own cut. */
final class PhaseFitting {
  private final TrainSettings settings;
  private final RunInputs inputs;
  private final RunLog log;

  PhaseFitting(TrainSettings settings, RunInputs inputs, RunLog log) {
    this.settings = settings;
    this.inputs = inputs;
    this.log = log;
  }

  /**
   * A model after its phases.
   *
   * @param unfrozen names of the backbone's layers that trained
   * @param validationPredictions what it answers about each validation image
   * @param testPredictions what it answers about each test image; may be empty
   */
  record Fitted(
      JoinedModel model,
      History history,
      Evaluation before,
      Evaluation after,
      Optional<Evaluation> test,
      Set<String> unfrozen,
      List<Prediction> validationPredictions,
      List<Prediction> testPredictions) {
    /** The same, where other layers trained in the phases before. */
    Fitted after(Set<String> unfrozenBefore) {
      Set<String> all = new HashSet<>(unfrozen);
      all.addAll(unfrozenBefore);
      return new Fitted(
          model, history, before, after, test, all, validationPredictions, testPredictions);
    }
  }

  Fitted fit() throws IOException {
    Fitted fitted = null;
    for (PhaseSettings phase : settings.phases()) {
      JoinedModel model = fitted == null ? inputs.model() : fitted.model();
      History soFar = fitted == null ? History.empty() : fitted.history();
      Optional<Evaluation> before = Optional.ofNullable(fitted).map(Fitted::before);
      Fitted next = fit(model, phase, soFar, before);
      fitted = fitted == null ? next : next.after(fitted.unfrozen());
    }
    return fitted;
  }

  private Fitted fit(
      JoinedModel model, PhaseSettings phase, History soFar, Optional<Evaluation> known)
      throws IOException {
    Split split = inputs.split();
    boolean last = phase.equals(last(settings.phases()));
    try (CutModel cut = model.cut(phase.plan());
        Featurizer featurizer = featurizer(cut)) {
      TrainingFeatures training = extractTraining(featurizer, split.training());
      LabeledFeatures validation = extract(featurizer, split.validation());
      LabeledFeatures test = extract(featurizer, last ? split.test() : List.of());
      requireSome(training, validation);
      if (soFar.epochs().isEmpty()) {
        requireOrders(training.examples().size());
      }
      log.lap("features (" + phase.name() + ")");

      Trainer trainer = new Trainer(cut.graft(), phase(phase));
      Evaluation before =
          known.isPresent() ? known.get() : trainer.evaluate(validation, split.labels());
      History history =
          trainer.fit(weighed(training.examples(), split), validation, soFar, log.listener());
      List<Prediction> predictions = trainer.predict(validation);
      Evaluation after = Evaluation.of(split.labels().names(), predictions);
      List<Prediction> tested = test.size() == 0 ? List.of() : trainer.predict(test);
      JoinedModel trained = model.with(cut.graft().values());
      log.lap("training (" + phase.name() + ")");
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

  private Examples weighed(Examples training, Split split) {
    return settings
        .objective()
        .classWeights()
        .map(weights -> weights.weigh(training, split.labels()))
        .orElse(training);
  }

  private static PhaseSettings last(List<PhaseSettings> phases) {
    return phases.get(phases.size() - 1);
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

  private Featurizer featurizer(CutModel cut) throws IOException {
    Optional<Path> folder = settings.out().features();
    return folder.isPresent()
        ? Featurizer.open(cut, inputs.preparation(), folder.get())
        : Featurizer.open(cut, inputs.preparation());
  }

  private LabeledFeatures extract(Featurizer featurizer, List<LabeledImage> images)
      throws IOException {
    LabeledFeatures features = featurizer.extract(images, log.listener());
    note(features.outcome());
    return features;
  }

  private TrainingFeatures extractTraining(Featurizer featurizer, List<LabeledImage> images)
      throws IOException {
    Optional<Augmentation> augmentation = settings.data().augmentation();
    if (augmentation.isEmpty()) {
      return TrainingFeatures.of(extract(featurizer, images));
    }
    TrainingFeatures features =
        featurizer.extract(images, augmentation.get(), settings.loop().seed(), log.listener());
    note(features.outcome());
    return features;
  }

  private void note(FeatureExtraction.Outcome outcome) {
    log.add(outcome);
    noteTurned(outcome.turned());
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
