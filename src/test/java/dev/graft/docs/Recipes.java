package dev.graft.docs;

import dev.graft.data.Augmentation;
import dev.graft.model.FreezePlan;
import dev.graft.model.Head;
import dev.graft.train.EpochSettings;
import dev.graft.train.Optimizer;
import dev.graft.train.PreparationSettings;
import dev.graft.train.TrainSettings;
import java.nio.file.Path;

/** The Java of docs/recipes: what stands there between fences stands here between the marks. */
final class Recipes {
  private Recipes() {}

  static TrainSettings vgg16(Path photos, Path backbone, Path run) {
    // shown
    TrainSettings defaults = TrainSettings.of(photos, backbone, run);
    return defaults
        .withData(defaults.data().withPreparation(PreparationSettings.named("rescale")))
        .withJoin(
            defaults.join().withHead(Head.parse("flatten, dense(1024, relu), dense(10, softmax)")))
        .withLoop(
            defaults
                .loop()
                .withOptimizer(Optimizer.parse("adam(1e-3)"))
                .withBatchSize(32)
                .withEpochs(10));
    // end
  }

  static TrainSettings catsAndDogs(Path photos, Path backbone, Path run) {
    // shown
    TrainSettings defaults = TrainSettings.of(photos, backbone, run);
    return defaults
        .withData(defaults.data().withPreparation(PreparationSettings.named("rescale")))
        .withJoin(
            defaults.join().withHead(Head.parse("flatten, dense(256, relu), dense(1, sigmoid)")))
        .withLoop(
            defaults
                .loop()
                .withOptimizer(Optimizer.parse("rmsprop(2e-5)"))
                .withBatchSize(20)
                .withEpochs(30)
                .withEpoch(EpochSettings.PASS.withSteps(100).withValidationSteps(50)));
    // end
  }

  static TrainSettings flowers(Path photos, Path backbone, Path run) {
    // shown
    TrainSettings defaults = TrainSettings.of(photos, backbone, run);
    return defaults
        .withJoin(
            defaults
                .join()
                .withOutput("fc2")
                .withHead(Head.parse("dense(5, softmax)"))
                .withPlan(FreezePlan.unfreeze("fc2")))
        .withLoop(
            defaults
                .loop()
                .withOptimizer(Optimizer.parse("sgd(5e-5, momentum=0.9, nesterov)"))
                .withEpochs(10)
                .withFineTune(10, 5e-5));
    // end
  }

  static TrainSettings lastBlock(Path photos, Path backbone, Path run) {
    // shown
    TrainSettings defaults = TrainSettings.of(photos, backbone, run);
    return defaults
        .withJoin(
            defaults
                .join()
                .withHead(Head.parse("flatten, dense(256, relu), dropout(0.5), dense(10, softmax)"))
                .withPlan(FreezePlan.unfreeze("block5_*")))
        .withLoop(
            defaults
                .loop()
                .withOptimizer(Optimizer.parse("rmsprop(1e-3)"))
                .withEpochs(10)
                .withFineTune(10, 1e-5));
    // end
  }

  static TrainSettings resnet50(Path photos, Path backbone, Path run) {
    // shown
    TrainSettings defaults = TrainSettings.of(photos, backbone, run);
    return defaults
        .withData(
            defaults.data().withAugmentation(Augmentation.parse("rotation(0.1), shift(0.1), flip")))
        .withJoin(defaults.join().withHead(Head.parse("gap, dense(10, softmax)")))
        .withLoop(defaults.loop().withOptimizer(Optimizer.parse("adam(1e-3)")).withEpochs(10));
    // end
  }
}
