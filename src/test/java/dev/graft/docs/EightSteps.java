package dev.graft.docs;

import dev.graft.data.LabeledImages;
import dev.graft.data.Split;
import dev.graft.export.ModelExport;
import dev.graft.features.Featurizer;
import dev.graft.features.LabeledFeatures;
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
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The Java of docs/transfer-learning.md: what stands there between fences stands here between the
 * marks.
 */
final class EightSteps {
  private EightSteps() {}

  static Answer run(Path photos, Path exported, Path photo) throws Exception {
    // shown
    Path folder = Path.of("savedmodels/efficientnet-lite0");
    // end

    // shown
    Backbone backbone = Backbone.load(folder);
    backbone.layers().forEach(layer -> System.out.println(layer.name() + " " + layer.parameters()));
    // end

    // shown
    FreezePlan frozen = FreezePlan.allFrozen();
    FreezePlan lastBlock = FreezePlan.unfreeze("block7a_*", "top_*");
    // end

    // shown
    LabeledImages images = LabeledImages.read(photos);
    Split split = Split.of(images, 0.2, 1);
    Head head = Head.parse("gap, dropout(0.2), dense(softmax)");
    JoinedModel model = JoinedModel.join(backbone, head, split.labels(), 1);
    // end

    // shown
    Phase alone = Phase.of("head", 10, Optimizer.parse("adam(1e-3)"));
    Phase tuning = Phase.of("fine-tune", 5, Optimizer.parse("adam(1e-4)"));
    // end

    // shown
    JoinedModel trained = fit(model, split, frozen, alone);
    // end

    // shown
    JoinedModel tuned = fit(trained, split, lastBlock, tuning);
    // end

    // shown
    new ModelExport(tuned, backbone.preparation().orElseThrow()).write(exported);
    try (Predictor predictor = Predictor.load(exported)) {
      Answer answer = predictor.predict(Files.readAllBytes(photo));
      System.out.println(answer.label() + " " + answer.probability());
      return answer;
    }
    // end
  }

  // shown
  static JoinedModel fit(JoinedModel model, Split split, FreezePlan plan, Phase phase)
      throws IOException {
    try (CutModel cut = model.cut(plan);
        Featurizer featurizer =
            Featurizer.open(cut, model.backbone().preparation().orElseThrow())) {
      LabeledFeatures training = featurizer.extract(split.training());
      LabeledFeatures validation = featurizer.extract(split.validation());
      Trainer trainer = new Trainer(cut.graft(), phase);
      System.out.print(trainer.fit(training, validation).toCsv());
      System.out.println(trainer.evaluate(validation, split.labels()).describe());
      return model.with(cut.graft().values());
    }
  }

  // end
}
