package dev.graft.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CutSizesTest {
  @ParameterizedTest
  @ValueSource(strings = {"block2_project", "shared_conv", "stem_bn"})
  void sizesAreThoseOfTheCutThatTrainingMakes(String layer) throws IOException {
    GoldenModel golden = new GoldenModel("residual");
    long bytes = CutSizes.of(golden.backbone()).get(layer);
    try (CutModel cut = golden.join("gap, dense(softmax)", 3).cut(FreezePlan.unfreezeFrom(layer))) {
      assertThat(bytes)
          .isEqualTo(cut.tensors().stream().mapToLong(tensor -> 4L * tensor.rowSize()).sum());
    }
  }

  @Test
  void onlyLayersThatCanTrainHaveASize() throws IOException {
    Map<String, Long> sizes = CutSizes.of(new GoldenModel("obstacles").backbone());
    assertThat(sizes.keySet()).containsExactlyInAnyOrder("unrolled", "last");
  }
}
