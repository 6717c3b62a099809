package dev.graft.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.savedmodel.FlatInput;
import dev.graft.tensor.Arithmetic;
import dev.graft.tensor.HostTensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tensorflow.Graph;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.types.TFloat32;

class LoneRowsTest {
  private static final int SIZE = 64;

  @ParameterizedTest
  @EnumSource(value = Arithmetic.class, names = "BFLOAT16", mode = EnumSource.Mode.EXCLUDE)
  void aRowHasTheSameBitsAloneAsAmongOthers(Arithmetic arithmetic) throws IOException {
    Backbone backbone = Backbone.load(Path.of("testdata", "models", "residual"));
    try (FrozenGraph graph =
        FrozenGraph.open(
            arithmetic,
            backbone.flat().graph(),
            backbone.values(),
            backbone.flat().inputs().stream().map(FlatInput::node).toList(),
            List.of(backbone.output()))) {
      List<Long> shape = backbone.flat().inputs().get(0).shape();
      long[] row = shape.stream().mapToLong(size -> size < 0 ? SIZE : size).toArray();
      requireSameAlone(graph, row);
    }
  }

  @Test
  void aMatrixProductOfOneRowHasTheBitsThatItHasAmongOthers() {
    try (FrozenGraph graph =
        FrozenGraph.open(
            Arithmetic.AS_BUILT, product(), Map.of(), List.of("rows"), List.of("out:0"))) {
      requireSameAlone(graph, new long[] {-1, 999});
    }
  }

  /** Three rows together, and each one several times alone. */
  private static void requireSameAlone(FrozenGraph graph, long[] shape) {
    long[] three = shape.clone();
    three[0] = 3;
    long[] one = shape.clone();
    one[0] = 1;
    int size = Math.toIntExact(Arrays.stream(one).reduce(1, Math::multiplyExact));
    float[] rows = noise(3 * size);
    float[] among = graph.run(List.of(HostTensor.of(rows, three))).get(0).floats();
    int answer = among.length / 3;
    for (int turn = 0; turn < 9; turn++) {
      int row = turn % 3;
      float[] lone = Arrays.copyOfRange(rows, row * size, (row + 1) * size);
      assertThat(graph.run(List.of(HostTensor.of(lone, one))).get(0).floats())
          .isEqualTo(Arrays.copyOfRange(among, row * answer, (row + 1) * answer));
    }
  }

  /** 999 numbers to 77. */
  private static GraphDef product() {
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      var rows =
          tf.withName("rows").placeholder(TFloat32.class, Placeholder.shape(Shape.of(-1, 999)));
      var weights = tf.reshape(tf.constant(noise(999 * 77)), tf.constant(new int[] {999, 77}));
      tf.withName("out").linalg.matMul(rows, weights);
      return graph.toGraphDef();
    }
  }

  @Test
  void rowsRunOnceAfterSomeThatProvedIt() {
    LoneRows rows = LoneRows.of(GraphDef.getDefaultInstance());
    AtomicInteger runs = new AtomicInteger();
    for (int i = 0; i < 10; i++) {
      rows.run(List.of(row(i)), batch -> counted(batch, runs));
    }
    assertThat(rows.isAlone()).isTrue();
    assertThat(runs).hasValue(1 + 3 * 2 + 6);
  }

  private static HostTensor row(float value) {
    return HostTensor.of(new float[] {value}, 1);
  }

  private static List<HostTensor> counted(List<HostTensor> batch, AtomicInteger runs) {
    runs.incrementAndGet();
    return batch;
  }

  @Test
  void aGraphThatRoundsDifferentlyForOneRowNeverRunsAlone() {
    LoneRows rows = LoneRows.of(GraphDef.getDefaultInstance());
    for (int i = 0; i < 10; i++) {
      List<HostTensor> answers = rows.run(List.of(row(i)), LoneRowsTest::rounded);
      assertThat(answers.get(0).floats()).containsExactly(i);
    }
    assertThat(rows.isAlone()).isFalse();
  }

  private static List<HostTensor> rounded(List<HostTensor> batch) {
    float[] values = batch.get(0).floats();
    return values.length == 1 ? List.of(row(values[0] + 1e-3f)) : batch;
  }

  @ParameterizedTest
  @ValueSource(strings = {"BatchMatMulV2", "Sigmoid"})
  void anOpThatIsNotKnownToRoundTheSameIsRunTwice(String op) {
    GraphDef graph =
        GraphDef.newBuilder().addNode(NodeDef.newBuilder().setName("x").setOp(op)).build();
    LoneRows rows = LoneRows.of(graph);
    for (int i = 0; i < 10; i++) {
      rows.run(List.of(row(i)), batch -> batch);
    }
    assertThat(rows.isAlone()).isFalse();
  }

  private static float[] noise(int count) {
    Random random = new Random(5);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }
}
