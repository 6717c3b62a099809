package dev.graft.bench;

import dev.graft.data.LabeledArrays;
import dev.graft.data.LabeledImages;
import dev.graft.data.ProgressListener;
import dev.graft.data.Split;
import dev.graft.features.ArrayFeaturizer;
import dev.graft.features.FeatureCache;
import dev.graft.features.LabeledFeatures;
import dev.graft.features.StoredNumbers;
import dev.graft.metrics.History;
import dev.graft.model.ArrayBatch;
import dev.graft.model.Backbone;
import dev.graft.model.CutModel;
import dev.graft.model.FreezePlan;
import dev.graft.model.Head;
import dev.graft.model.JoinedModel;
import dev.graft.model.Objective;
import dev.graft.train.Optimizer;
import dev.graft.train.Phase;
import dev.graft.train.Trainer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** An epoch of the work of the row {@code head}: its steps and its validation, nothing beside. */
@State(Scope.Benchmark)
public class HeadEpoch {
  private static final int SIZE = 8192;

  /** Where {@code bench/run head} made its models and arrays. */
  @Param("")
  public String work;

  /** How the head is updated. */
  @Param({"rmsprop(2e-5)", "adam(1e-3)"})
  public String optimizer;

  /** Examples a step. */
  @Param("20")
  public int batch;

  /** What the features are stored in. */
  @Param({"FLOAT32", "FLOAT16"})
  public StoredNumbers stored;

  private Path store;
  private CutModel cut;
  private ArrayFeaturizer featurizer;
  private LabeledFeatures training;
  private LabeledFeatures validation;
  private Trainer trainer;

  /** Made by JMH. */
  public HeadEpoch() {}

  /** Opens the model and stores the features. */
  @Setup
  public void open() throws IOException {
    LabeledArrays arrays =
        LabeledArrays.read(Path.of(work, "vectors-2000-1000.npz"), Optional.empty());
    LabeledImages examples = arrays.examples();
    Backbone backbone = Backbone.load(Path.of(work, "models", "vector-" + SIZE, "handoff"));
    Head head = Head.parse("dense(256, relu), dense(1, sigmoid)");
    JoinedModel model = JoinedModel.join(backbone, head, Objective.of(examples.task()), 1);
    cut = model.cut(FreezePlan.allFrozen());
    store = Files.createTempDirectory("head-epoch");
    ArrayBatch inputs =
        ArrayBatch.of(
            arrays,
            backbone.flat().inputs().stream()
                .map(input -> new ArrayBatch.Feed(backbone.inputName(input), input))
                .toList());
    featurizer = ArrayFeaturizer.open(cut, inputs, new FeatureCache(store, Long.MAX_VALUE, stored));
    Split split = Split.given(examples);
    training = featurizer.extract(split.training(), ProgressListener.none());
    validation = featurizer.extract(split.validation(), ProgressListener.none());
    trainer = new Trainer(cut.graft(), new Phase("head", 1, batch, Optimizer.parse(optimizer), 1));
  }

  /** Closes and deletes what was made. */
  @TearDown
  public void close() throws IOException {
    featurizer.close();
    cut.close();
    try (Stream<Path> files = Files.walk(store)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  /** Trains and validates once. */
  @Benchmark
  @BenchmarkMode(Mode.AverageTime)
  @OutputTimeUnit(TimeUnit.MILLISECONDS)
  public History epoch() {
    return trainer.fit(training, validation);
  }
}
