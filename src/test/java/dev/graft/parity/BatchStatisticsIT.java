package dev.graft.parity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.graft.PythonEnvironment;
import dev.graft.cli.Ran;
import dev.graft.data.Labels;
import dev.graft.data.Npy;
import dev.graft.data.NpyArray;
import dev.graft.data.Target;
import dev.graft.features.Examples;
import dev.graft.model.Backbone;
import dev.graft.model.CutModel;
import dev.graft.model.CutTensor;
import dev.graft.model.FreezePlan;
import dev.graft.model.Graft;
import dev.graft.model.Head;
import dev.graft.model.JoinedModel;
import dev.graft.savedmodel.Checkpoint;
import dev.graft.savedmodel.SavedModel;
import dev.graft.tensor.HostTensor;
import dev.graft.train.Optimizer;
import dev.graft.train.Phase;
import dev.graft.train.Trainer;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Unfrozen layers in training mode against Keras's {@code fit}, frozen ones in inference mode. */
class BatchStatisticsIT {
  private static final FreezePlan PLAN =
      FreezePlan.unfreeze(
          "block/conv1", "block/shared_bn", "block/conv2", "block/dropout", "top_*");
  private static final List<String> UNFROZEN =
      List.of("conv1", "shared_bn", "conv2", "top_conv", "top_bn");

  private static final String HEAD = "gap, dense(softmax)";
  private static final String OPTIMIZER = "sgd(0.05, momentum=0.9)";
  private static final long SEED = 1;
  private static final int BATCH = 4;

  @TempDir static Path folder;

  private static JsonNode row;
  private static JoinedModel model;

  @BeforeAll
  static void make() throws IOException {
    writeHead();
    PythonEnvironment.get().python("src/test/python/batch_statistics.py", folder.toString());
    row = new ObjectMapper().readTree(folder.resolve("row.json").toFile());
    model = joined(Backbone.load(folder.resolve("backbone")).withTrainingMode());
  }

  private static JoinedModel joined(Backbone backbone) throws IOException {
    return JoinedModel.join(backbone, Head.parse(HEAD), new Labels(List.of("a", "b", "c")), SEED);
  }

  /** The first values of the head, which follow the seed and the eight channels alone. */
  private static void writeHead() throws IOException {
    JoinedModel other = joined(Backbone.load(Path.of("testdata", "models", "pool")));
    for (JoinedModel.Weight weight : other.weights()) {
      if (weight.head()) {
        String file = weight.name().substring(weight.name().lastIndexOf('/') + 1) + ".npy";
        HostTensor value = weight.value();
        Npy.writeFloats(folder.resolve(file), new NpyArray<>(value.shape(), value.floats()));
      }
    }
  }

  @Test
  void weightsAndMovingStatisticsEndWhereKerasEnds() throws IOException {
    Map<String, float[]> trained = train(model);
    assertThat(trained).hasSize(13);
    requireKeras(trained);
  }

  @Test
  void theCommandExportsTheStatisticsAsTrained() throws IOException {
    Path run = folder.resolve("run");
    Ran.graft(
            List.of(
                "train",
                folder.resolve("data.npz"),
                "--backbone",
                folder.resolve("backbone"),
                "--out",
                run,
                "--features",
                folder.resolve("features"),
                "--head",
                HEAD,
                "--unfreeze",
                "block/conv1,block/shared_bn,block/conv2,block/dropout,top_*",
                "--batch-norm",
                "training",
                "--optimizer",
                OPTIMIZER,
                "--epochs",
                1,
                "--batch-size",
                BATCH))
        .done();
    Checkpoint checkpoint = SavedModel.read(run.resolve("model")).checkpoint();
    Map<String, float[]> exported = new LinkedHashMap<>();
    for (String key : checkpoint.keys().keySet()) {
      exported.put(layerAndVariable(key), checkpoint.read(key).floats());
    }
    assertThat(exported)
        .hasSize(row.get("weights").size())
        .containsKeys("shared_bn/moving_mean", "top_bn/moving_variance");
    requireKeras(exported);
  }

  /** Compares every weight of Keras: those that train, and those that must not have changed. */
  private static void requireKeras(Map<String, float[]> trained) throws IOException {
    int compared = 0;
    for (int i = 0; i < row.get("weights").size(); i++) {
      String name = layerAndVariable(row.get("weights").get(i).asText());
      float[] first = tensor("first-" + i + ".npy").floats();
      float[] expected = tensor("trained-" + i + ".npy").floats();
      double change = Distance.between(expected, first);
      boolean trains =
          UNFROZEN.contains(name.substring(0, name.indexOf('/'))) || name.startsWith("dense");
      assertThat(change > 0).as(name + " changes in Keras").isEqualTo(trains);
      if (trains) {
        double apart = Distance.between(trained.get(name), expected);
        assertThat(apart / change).as(name).isLessThan(Tolerances.SINGLE.change());
        assertThat(apart / Distance.norm(expected))
            .as(name)
            .isLessThan(Tolerances.SINGLE.weights());
        compared++;
      } else if (trained.containsKey(name)) {
        assertThat(trained.get(name)).as(name).containsExactly(first);
      }
    }
    assertThat(compared).isEqualTo(13);
  }

  @Test
  void theFrozenPartIsOneTrunkForBothPaths() {
    try (CutModel cut = model.cut(PLAN)) {
      assertThat(cut.tensors()).hasSize(1);
    }
  }

  @Test
  void aBackboneWithoutTheSignatureSaysHowToGetIt() throws IOException {
    Backbone plain = Backbone.load(Path.of("testdata", "models", "residual"));
    assertThatThrownBy(plain::withTrainingMode)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("export it again with graft-export --with-training");
  }

  @Test
  void withoutItTheStatisticsStay() throws IOException {
    Map<String, float[]> trained = train(joined(Backbone.load(folder.resolve("backbone"))));
    assertThat(trained.keySet()).noneMatch(name -> name.contains("moving"));
  }

  private static Map<String, float[]> train(JoinedModel joined) throws IOException {
    try (CutModel cut = joined.cut(PLAN)) {
      Phase phase = new Phase("fit", 1, BATCH, Optimizer.parse(OPTIMIZER), SEED);
      Examples examples = examples(cut, cut.trunk().run(List.of(tensor("images.npy"))));
      new Trainer(cut.graft(), phase).fit(examples, examples);
      Map<String, HostTensor> values = cut.graft().values();
      Map<String, float[]> trained = new LinkedHashMap<>();
      for (Graft.Variable variable : cut.graft().variables()) {
        trained.put(layerAndVariable(variable.name()), values.get(variable.node()).floats());
      }
      return trained;
    }
  }

  /** Names of nested layers differ by what is before the layer. */
  private static String layerAndVariable(String path) {
    String[] parts = path.split("/");
    return parts[parts.length - 2] + "/" + parts[parts.length - 1];
  }

  private static Examples examples(CutModel cut, List<HostTensor> features) {
    List<float[]> values = new ArrayList<>();
    features.forEach(tensor -> values.add(tensor.floats()));
    List<CutTensor> tensors = cut.tensors();
    return new Examples() {
      @Override
      public int size() {
        return row.get("labels").size();
      }

      @Override
      public Target target(int example) {
        return new Target.OfClass(row.get("labels").get(example).asInt());
      }

      @Override
      public void read(int tensor, int example, FloatBuffer destination) {
        int size = tensors.get(tensor).rowSize();
        destination.put(values.get(tensor), example * size, size);
      }
    };
  }

  private static HostTensor tensor(String file) throws IOException {
    var array = Npy.readFloats(folder.resolve(file));
    return HostTensor.of(
        array.values(), array.shape().stream().mapToLong(Long::longValue).toArray());
  }
}
