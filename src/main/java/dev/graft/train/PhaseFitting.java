package dev.graft.train;

import dev.graft.data.LabeledImage;
import dev.graft.data.Preparation;
import dev.graft.data.Split;
import dev.graft.features.Featurizer;
import dev.graft.features.LabeledFeatures;
import dev.graft.metrics.Evaluation;
import dev.graft.metrics.History;
import dev.graft.metrics.Prediction;
import dev.graft.model.CutModel;
import dev.graft.model.JoinedModel;
import java.io.IOException;
import java.nio.file.Path;
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
      List<Prediction> testPredictions) {}

  Fitted fit() throws IOException {
    Fitted fitted = null;
    for (PlannedPhase planned : PlannedPhase.of(settings)) {
      JoinedModel model = fitted == null ? inputs.model() : fitted.model();
      History soFar = fitted == null ? History.empty() : fitted.history();
      Optional<Evaluation> before = Optional.ofNullable(fitted).map(Fitted::before);
      fitted = fit(model, planned, soFar, before);
    }
    return fitted;
  }

  private Fitted fit(
      JoinedModel model, PlannedPhase planned, History soFar, Optional<Evaluation> known)
      throws IOException {
    Phase phase = planned.phase();
    Split split = inputs.split();
    try (CutModel cut = model.cut(planned.plan());
        Featurizer featurizer = featurizer(cut)) {
      LabeledFeatures training = extract(featurizer, split.training());
      LabeledFeatures validation = extract(featurizer, split.validation());
      LabeledFeatures test = extract(featurizer, planned.last() ? split.test() : List.of());
      requireSome(training, validation);
      log.lap("features (" + phase.name() + ")");

      Trainer trainer = new Trainer(cut.graft(), phase);
      Evaluation before =
          known.isPresent() ? known.get() : trainer.evaluate(validation, split.labels());
      History history = trainer.fit(training, validation, soFar, log.listener());
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

  private Featurizer featurizer(CutModel cut) throws IOException {
    Optional<Path> folder = settings.out().features();
    return folder.isPresent()
        ? Featurizer.open(cut, inputs.preparation(), folder.get())
        : Featurizer.open(cut, inputs.preparation());
  }

  private LabeledFeatures extract(Featurizer featurizer, List<LabeledImage> images)
      throws IOException {
    LabeledFeatures features = featurizer.extract(images, log.listener());
    log.add(features);
    noteTurned(features.outcome().turned());
    return features;
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

  private static void requireSome(LabeledFeatures training, LabeledFeatures validation) {
    if (training.size() == 0 || validation.size() == 0) {
      throw new IllegalArgumentException(
          "No image is left for "
              + (training.size() == 0 ? "training" : "validation")
              + ": none of its files can be read.");
    }
  }
}
