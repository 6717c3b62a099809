package dev.graft.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.data.Npy;
import dev.graft.savedmodel.FlatVariable;
import dev.graft.savedmodel.ModelFormatException;
import dev.graft.tensor.Arithmetic;
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

  /** What comes behind the layers of the nested model, computed by hand. */
  @Test
  void aNestedLayerAnswersWhatKerasComputesThere() throws IOException {
    GoldenModel nested = new GoldenModel("nested");
    float[] expected = Npy.readFloats(nested.folder().resolve("golden/probabilities.npy")).values();
    Backbone convolution = nested.backbone().withOutput("backbone/conv1");
    float[] normed = answers(nested, "backbone/conv1");
    float[] gamma = value(convolution, "backbone/bn1/gamma");
    float[] beta = value(convolution, "backbone/bn1/beta");
    float[] mean = value(convolution, "backbone/bn1/moving_mean");
    float[] variance = value(convolution, "backbone/bn1/moving_variance");
    for (int i = 0; i < normed.length; i++) {
      int c = i % gamma.length;
      double scale = gamma[c] / Math.sqrt(variance[c] + 1e-3);
      normed[i] = (float) ((normed[i] - mean[c]) * scale + beta[c]);
    }
    assertThat(Difference.relative(answers(nested, "backbone/bn1"), normed)).isLessThan(1e-5);
    assertThat(Difference.relative(probabilities(convolution, normed), expected)).isLessThan(1e-5);
  }

  private static float[] answers(GoldenModel model, String layer) throws IOException {
    Backbone backbone = model.backbone().withOutput(layer);
    try (FrozenGraph graph =
        FrozenGraph.open(
            Arithmetic.AS_BUILT,
            backbone.flat().graph(),
            backbone.values(),
            List.of(backbone.soleInput().node()),
            List.of(backbone.output()))) {
      return graph.run(List.of(model.inputs())).get(0).floats();
    }
  }

  private static float[] value(Backbone backbone, String name) throws IOException {
    FlatVariable variable =
        backbone.flat().variables().stream()
            .filter(one -> one.name().equals(name))
            .findFirst()
            .orElseThrow();
    return backbone.values().get(variable.node()).floats();
  }

  /** Mean over 9 × 9 places, dense, softmax. */
  private static float[] probabilities(Backbone backbone, float[] maps) throws IOException {
    float[] kernel = value(backbone, "predictions/kernel");
    float[] bias = value(backbone, "predictions/bias");
    int channels = kernel.length / bias.length;
    float[] answers = new float[maps.length / (81 * channels) * bias.length];
    for (int image = 0; image < answers.length / bias.length; image++) {
      double[] exponentials = new double[bias.length];
      double sum = 0;
      for (int label = 0; label < bias.length; label++) {
        double logit = bias[label];
        for (int i = 0; i < 81 * channels; i++) {
          logit +=
              maps[image * 81 * channels + i] * kernel[i % channels * bias.length + label] / 81.0;
        }
        exponentials[label] = Math.exp(logit);
        sum += exponentials[label];
      }
      for (int label = 0; label < bias.length; label++) {
        answers[image * bias.length + label] = (float) (exponentials[label] / sum);
      }
    }
    return answers;
  }

  @ParameterizedTest
  @CsvSource({"nested,backbone/inner_images", "residual,block1_dropout"})
  void aLayerThatDoesNothingIsNoPlaceForAHead(String model, String layer) throws IOException {
    Backbone backbone = new GoldenModel(model).backbone();
    assertThatThrownBy(() -> backbone.withOutput(layer))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("Layer \"" + layer + "\"")
        .hasMessageContaining("does nothing in inference");
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
