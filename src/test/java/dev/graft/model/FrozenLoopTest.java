package dev.graft.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.data.Npy;
import dev.graft.data.NpyArray;
import dev.graft.tensor.Arithmetic;
import dev.graft.tensor.HostTensor;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A recurrent layer's loop takes its variables into a function, which takes no constants. */
class FrozenLoopTest {
  private static final GoldenModel MODEL = new GoldenModel("obstacles");

  /** Half a unit in the last place of a bfloat16's seven bits, for each of ten roundings. */
  private static final double BFLOAT16 = 10 / 256.0;

  @ParameterizedTest
  @EnumSource(Arithmetic.class)
  void aLoopRunsFrozenWithItsValues(Arithmetic arithmetic) throws Exception {
    double allowed = arithmetic == Arithmetic.BFLOAT16 ? BFLOAT16 : 1e-5;
    Backbone backbone = MODEL.backbone();
    NpyArray<float[]> expected =
        Npy.readFloats(Path.of("testdata/models/obstacles/golden/logits.npy"));
    try (FrozenGraph graph =
        FrozenGraph.open(
            arithmetic,
            backbone.flat().graph(),
            backbone.values(),
            List.of(backbone.soleInput().node()),
            List.of(backbone.output()))) {
      HostTensor logits = graph.run(List.of(MODEL.inputs())).get(0);
      assertThat(Difference.relative(logits.floats(), expected.values())).isLessThan(allowed);
    }
  }

  @Test
  void whatComesBehindALoopTrains() throws Exception {
    JoinedModel model = MODEL.join("dense(softmax)", 3);
    try (CutModel cut = model.cut(FreezePlan.unfreeze("last"))) {
      assertThat(cut.trunk().run(List.of(MODEL.inputs()))).hasSameSizeAs(cut.tensors());
    }
  }
}
