package dev.graft.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.export.TinyClassifier;
import dev.graft.features.DrawnImages;
import dev.graft.metrics.Epoch;
import dev.graft.model.FreezePlan;
import dev.graft.model.Head;
import dev.graft.model.Initializer;
import dev.graft.model.JoinedModel;
import dev.graft.predict.Predictor;
import dev.graft.predict.Verification;
import dev.graft.savedmodel.SavedModel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tensorflow.op.Ops;

/** Heads from their definition to the answers of the reloaded model. */
class HeadInJavaTest {
  private static final Path POOL = Path.of("testdata", "models", "pool");

  @TempDir private Path folder;

  @BeforeEach
  void draw() throws Exception {
    DrawnImages.draw(folder.resolve("data"), 0, 5);
  }

  @Test
  void aHeadWithItsOwnVariablesAndLossIsTrainedExportedAndReloaded() throws Exception {
    TrainedRun run = train(new TinyClassifier.NearestCentre(), FreezePlan.allFrozen());
    List<Epoch> epochs = run.outcome().history().epochs();
    assertThat(epochs.get(epochs.size() - 1).loss()).isLessThan(epochs.get(0).loss());
    Path model = run.folder().resolve("model");
    assertThat(Verification.of(model).isPassed()).isTrue();
    var checkpoint = SavedModel.read(model).checkpoint();
    assertThat(checkpoint.read("head/centres/points").shape()).containsExactly(3L, 8L);
    assertThat(checkpoint.read("head/sharpness/factor").floats()[0]).isNotEqualTo(2);
    assertThat(Files.readString(run.folder().resolve("run.json"))).contains("\"nearest centre\"");
    requireSameAnswers(run);
  }

  @Test
  void aLambdaIsAHead() throws Exception {
    Head linear =
        (scope, features) -> {
          Ops tf = scope.tf();
          var kernel = scope.variable("kernel", Initializer.glorotUniform(), 8, scope.classes());
          var pooled = tf.math.mean(features, tf.constant(new int[] {1, 2}));
          return tf.linalg.matMul(pooled, kernel);
        };
    TrainedRun run = train(linear, FreezePlan.unfreeze("block1_conv"));
    assertThat(run.proof().frozen()).isEmpty();
    requireSameAnswers(run);
  }

  @Test
  void aLayerOfTheHeadMayBeCalledLikeALayerOfTheBackbone() throws Exception {
    Head head =
        (scope, features) -> {
          Ops tf = scope.tf();
          scope.layer("block1_conv");
          var kernel = scope.variable("kernel", Initializer.glorotUniform(), 8, scope.classes());
          var pooled = tf.math.mean(features, tf.constant(new int[] {1, 2}));
          return tf.linalg.matMul(pooled, kernel);
        };
    requireSameAnswers(train(head, FreezePlan.unfreeze("block1_conv")));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "flatten, dense(16, relu), dropout(0.3), dense(softmax)",
        "gmp, batchnorm, dense(8, tanh), dense(softmax)",
        "batchnorm, gap, dense(softmax)"
      })
  void headsOfTheLanguageAnswerAfterTheExportAsBefore(String head) throws Exception {
    TrainedRun run = train(Head.parse(head), FreezePlan.allFrozen());
    assertThat(Verification.of(run.folder().resolve("model")).isPassed()).isTrue();
    requireSameAnswers(run);
  }

  @Test
  void twoClassesMayBeToldApartByOneLogit() throws Exception {
    try (var files = Files.walk(folder.resolve("data/green"))) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
    TrainedRun run = train(Head.parse("gap, dense(sigmoid)"), FreezePlan.allFrozen());
    assertThat(run.outcome().after().accuracy()).isEqualTo(1);
    requireSameAnswers(run);
    assertThat(
            SavedModel.read(run.folder().resolve("model"))
                .checkpoint()
                .read("head/dense/kernel")
                .shape())
        .containsExactly(8L, 1L);
  }

  /** The evaluation before the export, on features, against the exported model on files. */
  private static void requireSameAnswers(TrainedRun run) throws Exception {
    JoinedModel model = run.model();
    try (Predictor predictor = Predictor.load(run.folder())) {
      assertThat(predictor.labels()).isEqualTo(model.labels());
      var evaluated =
          predictor.evaluate(
              run.images().split().validation(), model.labels(), TrainListener.none());
      assertThat(evaluated.evaluation().accuracy()).isEqualTo(run.outcome().after().accuracy());
    }
  }

  private TrainedRun train(Head head, FreezePlan plan) throws Exception {
    TrainSettings settings =
        TrainSettings.of(folder.resolve("data"), POOL, folder.resolve("run"))
            .withJoin(JoinSettings.of(POOL).withHead(head).withPlan(plan))
            .withLoop(
                new LoopSettings(
                    20, 4, Optimizer.parse("adam(0.01)"), LoopSettings.FineTune.NONE, 1))
            .withOut(
                new TrainSettings.OutputSettings(
                    folder.resolve("run"), false, Optional.of(folder.resolve("features"))));
    return TransferLearning.train(settings, TrainListener.none());
  }
}
