package dev.graft.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.model.Preflight.Verdict;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PreflightTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "pool",
        "residual",
        "nested",
        "dilated",
        "vector",
        "keras2",
        "keras3-export",
        "keras3-saved"
      })
  void everyLayerWithWeightsCanTrain(String model) throws IOException {
    List<Verdict> verdicts = Preflight.of(new GoldenModel(model).backbone()).verdicts();
    assertThat(verdicts.stream().filter(Verdict::hasWeights)).isNotEmpty();
    assertThat(verdicts).allMatch(verdict -> verdict.canTrain() == verdict.hasWeights());
  }

  @Test
  void whatIsFrozenInKerasHasNothingToUnfreeze() throws IOException {
    Preflight preflight = Preflight.of(new GoldenModel("nested").backbone());
    assertThat(preflight.verdict("backbone/conv1").orElseThrow().hasWeights()).isFalse();
    assertThat(preflight.verdict("backbone/bn1").orElseThrow().canTrain()).isTrue();
    assertThat(preflight.verdict("nothing")).isEmpty();
  }

  @Test
  void aLoopIsInTheWayOfEverythingBeforeIt() throws IOException {
    Preflight preflight = Preflight.of(new GoldenModel("obstacles").backbone());
    assertThat(preflight.verdict("last").orElseThrow().canTrain()).isTrue();
    assertThat(preflight.verdict("unrolled").orElseThrow().canTrain()).isTrue();
    for (String layer : List.of("loop", "middle_conv", "strided_dilated_conv", "first_conv")) {
      Obstacle obstacle = preflight.verdict(layer).orElseThrow().obstacle().orElseThrow();
      assertThat(obstacle.layer()).isEqualTo("loop");
      assertThat(obstacle.reason()).contains("loops");
      assertThat(obstacle.remedy()).contains("unroll=True");
    }
  }

  @Test
  void aLoopIsNamedAfterItsLayerWithoutAHandoff() throws IOException {
    Backbone backbone = Backbone.load(Path.of("testdata", "parity", "tf221-lstm", "model"));
    Preflight preflight = Preflight.of(backbone);
    for (String layer : List.of("conv", "lstm/lstm_cell")) {
      Obstacle obstacle = preflight.verdict(layer).orElseThrow().obstacle().orElseThrow();
      assertThat(obstacle.layer()).isEqualTo("lstm");
      assertThat(obstacle.describe()).startsWith("layer lstm (model_1/lstm_1/").contains("loops");
    }
  }

  @Test
  void onlyWhatLiesBeforeTheJoinIsInTheWay() throws IOException {
    Backbone backbone = new GoldenModel("obstacles").backbone().withOutput("middle_conv");
    Preflight preflight = Preflight.of(backbone);
    assertThat(preflight.verdict("middle_conv").orElseThrow().canTrain()).isTrue();
    for (String layer : List.of("strided_dilated_conv", "first_conv")) {
      Obstacle obstacle = preflight.verdict(layer).orElseThrow().obstacle().orElseThrow();
      assertThat(obstacle.layer()).isEqualTo("strided_dilated_conv");
      assertThat(obstacle.op()).isEqualTo("Conv2D");
      assertThat(obstacle.reason()).contains("dilated");
    }
    assertThat(preflight.verdict("last").orElseThrow().obstacle().orElseThrow().reason())
        .contains("no gradient reaches it");
  }

  @ParameterizedTest
  @CsvSource({
    "loop, last, loop, loops and branches",
    "first_conv, last, loop, loops and branches",
    "first_conv, middle_conv, strided_dilated_conv, dilated convolution",
    "last, middle_conv, last, no gradient reaches it",
  })
  void aCutRefusesByNameWhatCannotTrain(String layer, String join, String culprit, String why)
      throws IOException {
    Head head = Head.parse(join.equals("last") ? "dense(softmax)" : "gap, dense(softmax)");
    Backbone backbone = new GoldenModel("obstacles").backbone().withOutput(join);
    JoinedModel model = JoinedModel.join(backbone, head, GoldenModel.labels(3), 1);
    assertThatThrownBy(() -> model.cut(FreezePlan.unfreeze(layer)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("Variable " + layer + "/")
        .hasMessageContaining("layer " + culprit + " (")
        .hasMessageContaining(why);
  }

  @Test
  void aFrozenLoopIsNotInTheWayOfWhatIsBehindIt() throws IOException {
    JoinedModel model = new GoldenModel("obstacles").join("dense(softmax)", 3);
    try (CutModel head = model.cut(FreezePlan.allFrozen());
        CutModel behind = model.cut(FreezePlan.unfreeze("unrolled", "last"))) {
      assertThat(head.graft().gradients()).hasSize(2);
      assertThat(behind.graft().gradients()).hasSize(7);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "block1_conv1_1/convolution, block1_conv1",
    "model_1/block1_conv1_2_1/convolution, block1_conv1_2",
    "top_1/backbone_1/conv1_1/BiasAdd, backbone/conv1",
    "other/conv1/BiasAdd, ''",
    "add, ''",
  })
  void theScopeOfANodeTellsItsLayer(String node, String layer) {
    LayerScopes scopes =
        new LayerScopes(List.of("block1_conv1", "block1_conv1_2", "backbone/conv1"));
    assertThat(scopes.of(node).orElse("")).isEqualTo(layer);
  }

  @ParameterizedTest
  @CsvSource({
    "model_1/lstm_1/TensorArrayV2Stack/TensorListStack, lstm",
    "top_1/both_1/forward_lstm_1/while, both/forward_lstm",
    "top_1/both_1/ReverseV2, both",
    "top_1/conv_1/BiasAdd, ''",
  })
  void theScopeOfANodeTellsTheLayerAroundACell(String node, String layer) {
    LayerScopes scopes =
        LayerScopes.around(List.of("conv", "lstm/lstm_cell", "both/forward_lstm/lstm_cell"));
    assertThat(scopes.of(node).orElse("")).isEqualTo(layer);
  }
}
