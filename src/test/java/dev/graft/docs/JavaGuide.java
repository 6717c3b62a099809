package dev.graft.docs;

import dev.graft.data.ImageFolder;
import dev.graft.data.LabeledImage;
import dev.graft.data.LabeledImages;
import dev.graft.data.Preparation;
import dev.graft.data.Split;
import dev.graft.export.ModelExport;
import dev.graft.features.FeatureExtraction;
import dev.graft.features.FeatureKey;
import dev.graft.features.FeatureSpec;
import dev.graft.features.FeatureStore;
import dev.graft.handoff.Versions;
import dev.graft.image.BadImageException;
import dev.graft.image.ImageReader;
import dev.graft.metrics.Epoch;
import dev.graft.metrics.History;
import dev.graft.model.Backbone;
import dev.graft.model.CutModel;
import dev.graft.model.CutTensor;
import dev.graft.model.FreezePlan;
import dev.graft.model.Head;
import dev.graft.model.HeadScope;
import dev.graft.model.ImagePipeline;
import dev.graft.model.Initializer;
import dev.graft.model.JoinedModel;
import dev.graft.predict.Answer;
import dev.graft.predict.Predictor;
import dev.graft.predict.Verification;
import dev.graft.train.Examples;
import dev.graft.train.Optimizer;
import dev.graft.train.Phase;
import dev.graft.train.TrainListener;
import dev.graft.train.TrainSettings;
import dev.graft.train.TrainedRun;
import dev.graft.train.Trainer;
import dev.graft.train.TransferLearning;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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

  static History trainStepByStep(Path folder, Path model, Path store, Path out) throws IOException {
    // shown
    LabeledImages images = ImageFolder.read(folder);
    Split split = Split.of(images, 0.2, 1);
    Backbone backbone = Backbone.load(model);
    Preparation preparation = backbone.preparation().orElseThrow();
    Head head = Head.parse("gap, dropout(0.2), dense(softmax)");
    JoinedModel joined = JoinedModel.join(backbone, head, split.labels(), 1);
    try (CutModel cut = joined.cut(FreezePlan.allFrozen());
        ImageReader reader = ImageReader.open(preparation);
        FeatureStore features =
            FeatureStore.open(store, StoredImages.key(cut, preparation), StoredImages.specs(cut))) {
      FeatureExtraction extraction =
          new FeatureExtraction(features, cut.trunk(), reader, TrainListener.none());
      Examples training = StoredImages.of(extraction, features, split.training());
      Examples validation = StoredImages.of(extraction, features, split.validation());

      Phase phase = new Phase("head", 10, 32, Optimizer.Adam.of(1e-3), 1);
      Trainer trainer = new Trainer(cut.graft(), phase);
      History history = trainer.fit(training, validation, History.empty(), TrainListener.none());

      JoinedModel trained = joined.with(cut.graft().values());
      new ModelExport(trained, preparation, Map.of("epochs", 10)).write(out);
      // end
      return history;
    }
  }

  // shown
  /** Images whose features are in a store. */
  record StoredImages(FeatureStore store, List<LabeledImage> images, List<String> hashes)
      implements Examples {
    /** Fills the store; images that cannot be read are left out. */
    static StoredImages of(
        FeatureExtraction extraction, FeatureStore store, List<LabeledImage> images)
        throws IOException {
      List<Path> files = images.stream().map(LabeledImage::path).toList();
      List<Optional<String>> hashes = extraction.extract(files).hashes();
      List<LabeledImage> readable = new ArrayList<>();
      for (int i = 0; i < images.size(); i++) {
        if (hashes.get(i).isPresent()) {
          readable.add(images.get(i));
        }
      }
      return new StoredImages(store, readable, hashes.stream().flatMap(Optional::stream).toList());
    }

    /** Everything that can change a bit of a feature. */
    static FeatureKey key(CutModel cut, Preparation preparation) {
      Map<String, String> key = new LinkedHashMap<>(Versions.current());
      key.put("trunk", cut.trunkHash());
      key.put("preparation", preparation.toString());
      key.put("batch", String.valueOf(ImagePipeline.BATCH));
      return FeatureKey.of(key);
    }

    /** The tensors that cross from the trunk to the graft. */
    static List<FeatureSpec> specs(CutModel cut) {
      return cut.tensors().stream().map(StoredImages::spec).toList();
    }

    private static FeatureSpec spec(CutTensor tensor) {
      long[] shape = Arrays.stream(tensor.rowShape()).asLongStream().toArray();
      return FeatureSpec.of(tensor.placeholder(), shape);
    }

    @Override
    public int size() {
      return images.size();
    }

    @Override
    public int label(int example) {
      return images.get(example).label();
    }

    @Override
    public void read(int tensor, int example, FloatBuffer destination) {
      try {
        store.read(hashes.get(example), tensor, destination);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
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
      Answer answer = predictor.predict(Files.readAllBytes(image));
      System.out.printf("%s %.4f%n", answer.label(), answer.probability());
      answer.top(3).forEach(guess -> System.out.println(guess.label()));

      predictor.predict(
          files,
          (file, answered, rejection) ->
              said.add(
                  file + ": " + answered.map(Answer::label).or(() -> rejection).orElseThrow()));
    }
    // end
    return said;
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
