package dev.graft.docs;

import dev.graft.data.LabeledImages;
import dev.graft.data.Labels;
import dev.graft.data.Preparation;
import dev.graft.data.Split;
import dev.graft.export.ModelExport;
import dev.graft.features.Featurizer;
import dev.graft.features.LabeledFeatures;
import dev.graft.image.BadImageException;
import dev.graft.image.ImageFile;
import dev.graft.metrics.Epoch;
import dev.graft.metrics.History;
import dev.graft.model.Backbone;
import dev.graft.model.CutModel;
import dev.graft.model.FreezePlan;
import dev.graft.model.Head;
import dev.graft.model.HeadScope;
import dev.graft.model.Initializer;
import dev.graft.model.JoinedModel;
import dev.graft.predict.Answer;
import dev.graft.predict.ForeignClassifier;
import dev.graft.predict.MicroBatching;
import dev.graft.predict.Predicted;
import dev.graft.predict.Predictor;
import dev.graft.predict.PredictorListener;
import dev.graft.predict.PredictorSettings;
import dev.graft.predict.Verification;
import dev.graft.tensor.Arithmetic;
import dev.graft.train.Optimizer;
import dev.graft.train.Phase;
import dev.graft.train.TrainListener;
import dev.graft.train.TrainSettings;
import dev.graft.train.TrainedRun;
import dev.graft.train.Trainer;
import dev.graft.train.TransferLearning;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Stream;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

/** The Java of docs/java.md: what stands there between fences stands here between the marks. */
final class JavaGuide {
  private JavaGuide() {}

  static TrainedRun trainInOneCall(Path images, Path backbone, Path out) throws IOException {
    // shown
    TrainSettings settings = TrainSettings.of(images, backbone, out);
    TrainedRun run = TransferLearning.train(settings, TrainListener.none());
    System.out.println(run.outcome().after().describe());
    // end
    return run;
  }

  static TrainedRun trainWithSettings(Path images, Path backbone, Path out, Path features)
      throws IOException {
    // shown
    TrainSettings defaults = TrainSettings.of(images, backbone, out);
    TrainSettings settings =
        defaults
            .withJoin(
                defaults
                    .join()
                    .withHead(Head.parse("gap, dense(64, relu), dropout(0.3), dense(softmax)"))
                    .withPlan(FreezePlan.unfreeze("block2_*")))
            .withLoop(
                defaults
                    .loop()
                    .withEpochs(10)
                    .withOptimizer(Optimizer.parse("rmsprop(1e-3)"))
                    .withFineTune(5, 1e-5))
            .withOut(new TrainSettings.OutputSettings(out, true, Optional.of(features)));
    TrainListener watching =
        new TrainListener() {
          @Override
          public void epoch(Epoch epoch) {
            System.out.printf("%d: %.4f%n", epoch.number(), epoch.validationAccuracy());
          }
        };
    TrainedRun run = TransferLearning.train(settings, watching);
    // end
    return run;
  }

  static JoinedModel trainInTwoPhases(Path data, Path folder, Path features, Path out)
      throws IOException {
    // shown
    LabeledImages images = LabeledImages.read(data);
    Split split = images.hasValidation() ? Split.given(images) : Split.of(images, 0.2, 1);
    Backbone backbone = Backbone.load(folder);
    Head head = Head.parse("gap, dropout(0.2), dense(softmax)");
    JoinedModel model = JoinedModel.join(backbone, head, split.labels(), 1);

    Phase alone = Phase.of("head", 10, Optimizer.parse("adam(1e-3)"));
    model = fit(model, split, FreezePlan.allFrozen(), alone, features);
    Phase tuning = Phase.of("fine-tune", 5, Optimizer.parse("adam(1e-5)"));
    model = fit(model, split, FreezePlan.unfreeze("block2_*"), tuning, features);
    new ModelExport(model, backbone.preparation().orElseThrow()).write(out);
    // end
    return model;
  }

  // shown
  /** Trains what the plan unfreezes; what stays before it is computed once an image. */
  static JoinedModel fit(
      JoinedModel model, Split split, FreezePlan plan, Phase phase, Path features)
      throws IOException {
    Preparation preparation = model.backbone().preparation().orElseThrow();
    try (CutModel cut = model.cut(plan);
        Featurizer featurizer = Featurizer.open(cut, preparation, features)) {
      LabeledFeatures training = featurizer.extract(split.training());
      LabeledFeatures validation = featurizer.extract(split.validation());
      Trainer trainer = new Trainer(cut.graft(), phase);
      History history = trainer.fit(training, validation);
      System.out.print(history.toCsv());
      System.out.println(trainer.evaluate(validation, split.labels()).describe());
      return model.with(cut.graft().values());
    }
  }

  // end

  // shown
  /** The average and the maximum of each channel, side by side, and a dense layer on both. */
  record AverageAndMaximum() implements Head {
    @Override
    public Operand<TFloat32> logits(HeadScope scope, Operand<TFloat32> features) {
      scope.layer("answer");
      Ops tf = scope.tf();
      Operand<TFloat32> average = tf.math.mean(features, tf.constant(new int[] {1, 2}));
      Operand<TFloat32> maximum = tf.reduceMax(features, tf.constant(new int[] {1, 2}));
      Operand<TFloat32> both = tf.concat(List.of(average, maximum), tf.constant(1));
      long width = 2 * features.shape().get(3);
      Operand<TFloat32> kernel =
          scope.variable("kernel", Initializer.glorotUniform(), width, scope.classes());
      Operand<TFloat32> bias = scope.variable("bias", Initializer.zeros(), scope.classes());
      return tf.nn.biasAdd(tf.linalg.matMul(both, kernel), bias); // [batch, classes]
    }

    @Override
    public String describe() {
      return "average and maximum, dense(softmax)";
    }
  }

  // end

  static List<String> predict(Path run, Path image, List<Path> files)
      throws IOException, BadImageException {
    List<String> said = new ArrayList<>();
    // shown
    try (Predictor predictor = Predictor.load(run)) {
      Answer answer = predictor.predict(image);
      System.out.printf("%s %.4f%n", answer.label(), answer.probability());
      answer.top(3).forEach(guess -> System.out.println(guess.label()));

      try (Stream<Predicted<ImageFile>> all =
          predictor.predict(files.stream().map(ImageFile::new))) {
        all.forEach(
            file ->
                said.add(
                    file.source()
                        + ": "
                        + file.answer().map(Answer::label).or(file::rejection).orElseThrow()));
      }
    }
    // end
    return said;
  }

  static Counts predictForManyCallers(Path run, List<Path> photos) throws Exception {
    // shown
    LongAdder images = new LongAdder();
    LongAdder batches = new LongAdder();
    LongAdder rejected = new LongAdder();
    PredictorListener metrics =
        new PredictorListener() {
          @Override
          public void ran(int batch, Duration time) {
            images.add(batch);
            batches.increment();
          }

          @Override
          public void rejected(String reason) {
            rejected.increment();
          }
        };
    PredictorSettings settings =
        PredictorSettings.defaults()
            .withArithmetic(Arithmetic.FUSED)
            .withMicroBatching(
                MicroBatching.defaults().withMaxQueue(64).withPatience(Duration.ofSeconds(2)))
            .withListener(metrics);
    try (Predictor predictor = Predictor.load(run, settings)) {
      photos.parallelStream().forEach(photo -> System.out.println(describe(predictor, photo)));
    }
    // end
    return new Counts(images.intValue(), batches.intValue(), rejected.intValue());
  }

  /** What the listener counted. */
  record Counts(int images, int batches, int rejected) {}

  // shown
  static String describe(Predictor predictor, Path photo) {
    try {
      return photo + ": " + predictor.predict(photo).label();
    } catch (BadImageException e) {
      return photo + " " + e.getMessage();
    }
  }

  // end

  static Answer predictWithForeignModel(Path savedModel, BufferedImage image) throws Exception {
    // shown
    Labels labels = Labels.of("ant", "bee", "cat", "dog");
    Preparation preparation = Preparation.named("none", 12, 12);
    ForeignClassifier foreign =
        ForeignClassifier.of(labels, preparation).withSignature("serving_default").withLogits();
    try (Predictor predictor = Predictor.load(savedModel, foreign, PredictorSettings.defaults())) {
      Answer answer = predictor.predict(image);
      System.out.println(answer.label());
      return answer;
    }
    // end
  }

  static Verification verify(Path model) throws IOException {
    // shown
    Verification verification = Verification.of(model);
    if (!verification.isPassed()) {
      throw new IllegalStateException(verification.complaint());
    }
    // end
    return verification;
  }
}
