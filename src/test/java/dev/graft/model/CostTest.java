package dev.graft.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.handoff.Handoff;
import dev.graft.handoff.Layer;
import dev.graft.handoff.LayerVariable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class CostTest {
  private static Cost of(String model) throws IOException {
    return Cost.of(new GoldenModel(model).backbone()).orElseThrow();
  }

  @Test
  void convolutionsAndProductsAreCounted() throws IOException {
    assertThat(of("pool").multiplications()).isEqualTo(16 * 16 * 8 * 27);
    assertThat(of("vector").multiplications()).isEqualTo(4 * 8 + 8 * 3);
    assertThat(of("nested").multiplications()).isEqualTo(9 * 9 * 8 * 27 + 8 * 5);
  }

  /** The handoff's own shapes say how often each kernel is used. */
  @Test
  void aWholeNetworkIsCountedAsItsLayersSay() throws IOException {
    Path folder = Path.of("savedmodels", "efficientnet-lite0");
    long expected = 0;
    for (Layer layer : Handoff.read(folder).orElseThrow().layers()) {
      for (LayerVariable variable : layer.variables()) {
        if (variable.name().endsWith("kernel")) {
          long places = product(layer.outputShape().orElseThrow().subList(1, 3));
          expected += places * product(variable.shape());
        }
      }
    }
    Cost cost = Cost.of(Backbone.load(folder)).orElseThrow();
    assertThat(cost.multiplications()).isEqualTo(expected).isEqualTo(383_907_552);
    assertThat(cost.uncounted()).isEmpty();
    // The widest place: 112 × 112 × 96, before and after one op.
    assertThat(cost.activationBytes()).isBetween(4L * 112 * 112 * 96, 3 * 4L * 112 * 112 * 96);
  }

  private static long product(List<Long> sizes) {
    return sizes.stream().reduce(1L, Math::multiplyExact);
  }

  @Test
  void aDilatedConvolutionCountsAsOneOfItsKernel() throws IOException {
    // Rewritten, it runs on parts of the image, which are padded to equal sizes.
    Cost cost = of("dilated");
    assertThat(cost.multiplications()).isGreaterThan(24 * 24 * 8 * 27);
    assertThat(cost.uncounted()).isEmpty();
  }

  @Test
  void aLoopIsNamedAsNotCountedAndWhatFollowsWithUnknownSizes() throws IOException {
    assertThat(of("obstacles").uncounted()).containsExactly("MatMul", "While");
  }
}
