package dev.graft.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.data.Target;
import dev.graft.export.ModelExport;
import dev.graft.features.Examples;
import dev.graft.metrics.History;
import dev.graft.model.Backbone;
import dev.graft.model.CutModel;
import dev.graft.model.FreezePlan;
import dev.graft.model.GoldenModel;
import dev.graft.model.JoinedModel;
import dev.graft.savedmodel.Checkpoint;
import dev.graft.savedmodel.SavedModel;
import dev.graft.tensor.HostTensor;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Frozen means frozen, in memory and in the checkpoint on disk. */
class FreezingTest {
  private static final GoldenModel RESIDUAL = new GoldenModel("residual");

  static Stream<Arguments> plans() {
    return Stream.of(
        Arguments.of("sgd(0.01)", FreezePlan.allFrozen(), Set.of()),
        Arguments.of(
            "adam(1e-3)",
            FreezePlan.unfreeze("block2_project*"),
            Set.of("block2_project/kernel", "block2_project_bn/gamma", "block2_project_bn/beta")),
        Arguments.of(
            "sgd(0.01, momentum=0.9)",
            FreezePlan.unfreeze("stem_conv", "shared_conv"),
            Set.of("stem_conv/kernel", "shared_conv/kernel", "shared_conv/bias")),
        Arguments.of(
            "sgd(0.01)",
            FreezePlan.unfreeze("*_bn"),
            Set.of(
                "stem_bn/gamma", "stem_bn/beta",
                "block1_bn/gamma", "block1_bn/beta",
                "block1_project_bn/gamma", "block1_project_bn/beta",
                "block2_bn/gamma", "block2_bn/beta",
                "block2_project_bn/gamma", "block2_project_bn/beta")));
  }

  @ParameterizedTest
  @MethodSource("plans")
  void exactlyWhatThePlanUnfreezesChanges(
      String optimizer, FreezePlan plan, Set<String> unfrozen, @TempDir Path folder)
      throws IOException {
    JoinedModel before = RESIDUAL.join("gap, batchnorm, dense(softmax)", 3);
    JoinedModel after = train(before, plan, Optimizer.parse(optimizer));
    Path exported = folder.resolve("model");
    Backbone backbone = before.backbone();
    new ModelExport(after, backbone.preparation().orElseThrow(), Map.of()).write(exported);
    Checkpoint checkpoint = SavedModel.read(exported).checkpoint();
    Set<String> changedInMemory = new TreeSet<>();
    Set<String> changedOnDisk = new TreeSet<>();
    for (int i = 0; i < before.weights().size(); i++) {
      JoinedModel.Weight weight = before.weights().get(i);
      String key = weight.head() ? "head/" + weight.name() : weight.name();
      HostTensor now = after.weights().get(i).value();
      assertThat(checkpoint.read(key)).as(key).isEqualTo(now);
      if (!now.equals(weight.value())) {
        changedInMemory.add(key);
      }
      if (!checkpoint.read(key).sha256().equals(weight.value().sha256())) {
        changedOnDisk.add(key);
      }
    }
    Set<String> expected = new TreeSet<>(unfrozen);
    expected.addAll(
        List.of(
            "head/batch_normalization/gamma",
            "head/batch_normalization/beta",
            "head/batch_normalization/moving_mean",
            "head/batch_normalization/moving_variance",
            "head/dense/kernel",
            "head/dense/bias"));
    assertThat(changedInMemory).isEqualTo(expected);
    assertThat(changedOnDisk).isEqualTo(expected);
    List<FrozenVariable> proof =
        FrozenProof.of(backbone, plan.unfrozen(backbone.layerNames()), exported);
    assertThat(proof).hasSize(before.weights().size() - expected.size());
    assertThat(proof).allMatch(FrozenVariable::isUntouched);
  }

  @Test
  void aFrozenVariableThatDidChangeIsFound(@TempDir Path folder) throws IOException {
    JoinedModel before = RESIDUAL.join("gap, dense(softmax)", 3);
    JoinedModel after = train(before, FreezePlan.unfreeze("block2_*"), Optimizer.parse("sgd"));
    Path exported = folder.resolve("model");
    Backbone backbone = before.backbone();
    new ModelExport(after, backbone.preparation().orElseThrow(), Map.of()).write(exported);
    assertThatThrownBy(() -> FrozenProof.of(backbone, Set.of("block2_bn"), exported))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("block2_dwconv/kernel")
        .hasMessageContaining("block2_project/kernel")
        .hasMessageNotContaining("block2_bn")
        .hasMessageNotContaining("block1");
  }

  private static JoinedModel train(JoinedModel model, FreezePlan plan, Optimizer optimizer)
      throws IOException {
    Phase phase = new Phase("head and backbone", 3, 2, optimizer, 1);
    try (CutModel cut = model.cut(plan)) {
      Examples examples = new Trunked(cut.trunk().run(List.of(RESIDUAL.inputs())));
      new Trainer(cut.graft(), phase)
          .fit(examples, examples, History.empty(), TrainListener.none());
      return model.with(cut.graft().values());
    }
  }

  /** The golden images behind the trunk. */
  private record Trunked(List<HostTensor> features) implements Examples {
    @Override
    public int size() {
      return Math.toIntExact(features.get(0).shape().get(0));
    }

    @Override
    public Target target(int example) {
      return new Target.OfClass(example);
    }

    @Override
    public void read(int tensor, int example, FloatBuffer destination) {
      int row = Math.toIntExact(features.get(tensor).size()) / size();
      destination.put(features.get(tensor).floats(), example * row, row);
    }
  }
}
