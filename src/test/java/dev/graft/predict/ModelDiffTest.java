package dev.graft.predict;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.savedmodel.SavedModelWriter;
import dev.graft.savedmodel.SavedModelWriter.SignatureTensor;
import dev.graft.tensor.HostTensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.proto.DataType;
import org.tensorflow.types.TFloat32;

class ModelDiffTest {
  private static final HostTensor ONE = HostTensor.of(new float[] {3, 4}, 2);
  private static final HostTensor OTHER = HostTensor.of(new float[] {3, 4.5f}, 2);
  private static final HostTensor LONGER = HostTensor.of(new float[] {3, 4, 5}, 3);

  @TempDir private Path folder;

  @Test
  void aBackboneInsideAnotherModelIsFoundByTheEndOfTheNames() throws IOException {
    Path inner = model("inner", Map.of("conv/kernel", ONE, "conv/bias", OTHER));
    Path outer = model("outer", Map.of("base/conv/kernel", ONE, "base/conv/bias", ONE));
    ModelDiff diff = ModelDiff.of(inner, outer);
    assertThat(diff.onlyInFirst()).isEmpty();
    assertThat(diff.onlyInSecond()).isEmpty();
    assertThat(diff.shared())
        .extracting(one -> one.name() + " = " + one.otherName() + " " + one.identical())
        .containsExactlyInAnyOrder(
            "conv/kernel = base/conv/kernel true", "conv/bias = base/conv/bias false");
    assertThat(diff.unexpected()).containsExactly("conv/bias");
  }

  @Test
  void whatMayBeEitherOfTwoIsNeither() throws IOException {
    Path inner = model("inner", Map.of("conv/kernel", ONE));
    Path outer = model("outer", Map.of("a/conv/kernel", ONE, "b/conv/kernel", ONE));
    ModelDiff diff = ModelDiff.of(inner, outer);
    assertThat(diff.shared()).isEmpty();
    assertThat(diff.statement("A", "B")).isEqualTo("3 variables: 1 only in A, 2 only in B");
  }

  @Test
  void aDifferenceIsMeasured() throws IOException {
    ModelDiff.Shared one = only(ONE, OTHER);
    assertThat(one.largest()).isEqualTo(0.5);
    assertThat(one.relative()).isEqualTo(0.5 / 5);
    assertThat(only(ONE, ONE).identical()).isTrue();
    assertThat(only(ONE, ONE).largest()).isZero();
  }

  @Test
  void whatHasAnotherShapeOrNoNumberIsInfinitelyFar() throws IOException {
    HostTensor none = HostTensor.of(new float[] {3, Float.NaN}, 2);
    assertThat(only(ONE, LONGER).relative()).isInfinite();
    assertThat(only(ONE, LONGER).otherShape()).containsExactly(3L);
    assertThat(only(ONE, none).largest()).isInfinite();
    assertThat(only(none, none).identical()).isTrue();
  }

  private int made;

  private ModelDiff.Shared only(HostTensor first, HostTensor second) throws IOException {
    made++;
    ModelDiff diff =
        ModelDiff.of(
            model("first" + made, Map.of("dense/bias", first)),
            model("second" + made, Map.of("dense/bias", second)));
    assertThat(diff.shared()).hasSize(1);
    return diff.shared().get(0);
  }

  /** The sum of an input and of all elements of some variables. */
  private Path model(String name, Map<String, HostTensor> values) throws IOException {
    Path model = folder.resolve(name);
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      Operand<TFloat32> sum = tf.withName("x").placeholder(TFloat32.class);
      Map<String, String> nodes = new LinkedHashMap<>();
      for (Map.Entry<String, HostTensor> value : values.entrySet()) {
        String node = "variable" + nodes.size();
        nodes.put(value.getKey(), node);
        long[] shape = value.getValue().shape().stream().mapToLong(Long::longValue).toArray();
        Operand<TFloat32> read =
            tf.readVariableOp(
                tf.withName(node).varHandleOp(TFloat32.class, Shape.of(shape)), TFloat32.class);
        sum = tf.math.add(sum, tf.reduceSum(read, tf.constant(0)));
      }
      SavedModelWriter writer = new SavedModelWriter(graph.toGraphDef());
      nodes.forEach((key, node) -> writer.variable(node, key, values.get(key), true));
      String end = sum.asOutput().op().name() + ":0";
      writer
          .signature(
              "serving_default",
              Map.of("x", new SignatureTensor("x", DataType.DT_FLOAT, List.of(-1L))),
              Map.of("y", new SignatureTensor(end, DataType.DT_FLOAT, List.of(-1L))))
          .write(model);
    }
    return model;
  }
}
