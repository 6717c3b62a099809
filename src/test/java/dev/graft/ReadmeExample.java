package dev.graft;

import dev.graft.data.ImageFolder;
import dev.graft.data.LabeledImages;
import dev.graft.data.Preparation;
import dev.graft.data.Split;
import dev.graft.export.ModelExport;
import dev.graft.features.Featurizer;
import dev.graft.features.LabeledFeatures;
import dev.graft.metrics.Evaluation;
import dev.graft.model.Backbone;
import dev.graft.model.CutModel;
import dev.graft.model.FreezePlan;
import dev.graft.model.Head;
import dev.graft.model.JoinedModel;
import dev.graft.predict.Answer;
import dev.graft.predict.Predictor;
import dev.graft.train.Optimizer;
import dev.graft.train.Phase;
import dev.graft.train.Trainer;
import java.nio.file.Path;

/** The example in the README; {@link ReadmeExampleTest} compares, {@code ReadmeRunTest} runs it. */
final class ReadmeExample {
  private ReadmeExample() {}

  /** Trains on a folder of images; returns what the exported model says about a photo. */
  static Answer run(Path folder, Path exported, Path photo) throws Exception {
    // example
    // An image folder yields labelled images; a handoff brings a backbone and says how to prepare
    // its images.
    LabeledImages images = ImageFolder.read(folder);
    Split split = Split.of(images, 0.2, 1);
    Backbone backbone = Backbone.load(Path.of("savedmodels/efficientnet-lite0"));
    Preparation preparation = backbone.preparation().orElseThrow();

    // A freeze plan cuts the backbone into a trunk that stays and a graft that trains.
    Head head = Head.parse("gap, dense(softmax)");
    JoinedModel model = JoinedModel.join(backbone, head, images.labels(), 1);
    try (CutModel cut = model.cut(FreezePlan.allFrozen());
        Featurizer featurizer = Featurizer.open(cut, preparation)) {
      // The trunk turns images into features once; the trainer fits the graft on the features.
      LabeledFeatures training = featurizer.extract(split.training());
      LabeledFeatures validation = featurizer.extract(split.validation());
      Trainer trainer =
          new Trainer(cut.graft(), Phase.of("head", 30, Optimizer.parse("adam(1e-3)")));
      trainer.fit(training, validation);

      // An evaluation says how good it is.
      Evaluation evaluation = trainer.evaluate(validation, images.labels());
      System.out.println(evaluation.describe());
      model = model.with(cut.graft().values());
    }

    // The export is again a handoff, and answers photos.
    new ModelExport(model, preparation).write(exported);
    try (Predictor predictor = Predictor.load(exported)) {
      Answer answer = predictor.predict(photo);
      System.out.println(answer.label() + " " + answer.probability());
      return answer;
    }
    // end of example
  }
}
