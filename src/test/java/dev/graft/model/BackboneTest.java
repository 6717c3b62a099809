package dev.graft.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.savedmodel.ModelFormatException;
import dev.graft.tensor.HostTensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BackboneTest {
  @ParameterizedTest
  @CsvSource({
    "residual,block1_project_bn",
    "residual,block2_add",
    "residual,stem_activation",
    "dilated,valid_relu",
    "dilated,pad",
    "nested,pool",
    "nested,backbone/bn1",
    "pool,block1_conv"
  })
  void aHeadJoinsAnyLayer(String model, String layer) throws IOException {
    Backbone backbone = new GoldenModel(model).backbone().withOutput(layer);
    List<Long> shape =
        backbone.layers().stream()
            .filter(known -> known.name().equals(layer))
            .findFirst()
            .orElseThrow()
            .outputShape()
            .orElseThrow();
    assertThat(backbone.outputRank()).isEqualTo(shape.size());
    int values = Math.toIntExact(-shape.stream().reduce(1L, (a, b) -> a * b));
    JoinedModel joined = JoinedModel.join(backbone, new SeededSum(), GoldenModel.labels(values), 1);
    try (FrozenGraph graph = joined.open()) {
      List<HostTensor> answers = graph.run(List.of(new GoldenModel(model).inputs()));
      assertThat(answers.get(0).shape()).containsExactly(3L, (long) values);
    }
  }

  @Test
  void theLastLayerIsTheOutput() throws IOException {
    GoldenModel residual = new GoldenModel("residual");
    Backbone last = residual.backbone().withOutput("top");
    JoinedModel named = JoinedModel.join(last, new SeededSum(), GoldenModel.labels(960), 1);
    try (FrozenGraph byName = named.open();
        FrozenGraph byDefault = residual.join(new SeededSum(), 960).open()) {
      assertThat(byName.run(List.of(residual.inputs())))
          .isEqualTo(byDefault.run(List.of(residual.inputs())));
    }
  }

  @Test
  void anUnknownLayerIsAnsweredWithTheLayers() throws IOException {
    Backbone pool = new GoldenModel("pool").backbone();
    assertThatThrownBy(() -> pool.withOutput("block2_pool"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("\"block2_pool\"; its layers are images, block1_conv, block1_pool.");
  }

  @Test
  void theLayersCarryTheirWeights() throws IOException {
    Backbone residual = new GoldenModel("residual").backbone();
    assertThat(residual.parameters()).isEqualTo(736);
    assertThat(residual.layerNames())
        .startsWith("images", "stem_conv")
        .endsWith("block2_add", "top");
    residual
        .flat()
        .variables()
        .forEach(
            variable -> assertThat(variable.name()).startsWith(residual.layerOf(variable) + "/"));
    assertThat(residual.values()).hasSize(residual.flat().variables().size());
  }

  @Test
  void withoutAHandoffTheVariablesNameTheLayers() throws IOException {
    Backbone plain = new GoldenModel("keras3-saved").backbone();
    assertThat(plain.layerNames())
        .containsExactlyInAnyOrder("block1_conv", "block1_bn", "block2_conv", "logits");
    assertThat(plain.preparation()).isEmpty();
  }

  @Test
  void aFolderWithoutAModelIsRefused(@TempDir Path folder) {
    assertThatThrownBy(() -> Backbone.load(folder))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining(folder.toString());
  }
}
