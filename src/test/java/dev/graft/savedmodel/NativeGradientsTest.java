package dev.graft.savedmodel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.tensor.HostTensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.tensorflow.Graph;
import org.tensorflow.Output;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.proto.DataType;
import org.tensorflow.types.TFloat32;

/** TensorFlow's native gradients, op by op, against finite differences. */
class NativeGradientsTest {
  private static final boolean[] BOTH = {false, true};
  private static final HostTensor PADDINGS = HostTensor.of(new int[] {1, 0, 0, 2}, 2, 2);

  @ParameterizedTest
  @MethodSource("right")
  void whatIsInTheTableEqualsFiniteDifferences(OpCase op) {
    assertThat(verdict(op)).isInstanceOf(OpGradient.Right.class);
    assertThat(op.error()).isLessThan(op.isSingle() ? 2e-2 : 1e-5);
  }

  @ParameterizedTest
  @MethodSource("wrong")
  void whatIsWrongIsRefused(OpCase op) {
    assertThat(verdict(op)).isInstanceOf(OpGradient.Refused.class);
    double error;
    try {
      error = op.error();
    } catch (RuntimeException e) {
      return; // it fails by itself
    }
    assertThat(Double.isNaN(error) || error > 0.1).as("error of %s", error).isTrue();
  }

  /** These are not run: the first can end the process, the others need not run on a CPU. */
  @ParameterizedTest
  @MethodSource("unrunnable")
  void whatMayNotRunIsRefused(OpCase op) {
    assertThat(verdict(op)).isInstanceOf(OpGradient.Refused.class);
  }

  @Test
  void everyOpOfTheTableIsChecked() {
    Set<String> checked = new LinkedHashSet<>();
    right().forEach(op -> checked.add(op.node().getOp()));
    Set<String> carrying = new LinkedHashSet<>(GradientTable.CARRIED.keySet());
    carrying.removeIf(op -> GradientTable.CARRIED.get(op) == GradientTable.Carried.NONE);
    carrying.remove("ReadVariableOp"); // every model's gradients are with respect to a handle
    assertThat(checked).containsAll(carrying);
  }

  @Test
  void gradientsStopWhereTheTableSaysSo() {
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      Placeholder<TFloat32> x = tf.placeholder(TFloat32.class);
      List<Output<?>> stopped =
          List.of(
              tf.stopGradient(x).asOutput(),
              tf.shape(x).asOutput(),
              tf.size(x).asOutput(),
              tf.rank(x).asOutput(),
              tf.zerosLike(x).asOutput(),
              tf.math.floor(x).asOutput(),
              tf.math.greaterEqual(x, x).asOutput(),
              tf.math.equal(x, x).asOutput());
      for (Output<?> y : stopped) {
        assertThat(GradientTable.CARRIED.get(y.op().type()))
            .as(y.op().type())
            .isEqualTo(GradientTable.Carried.NONE);
        Output<?> gradient = graph.addGradients(y, new Output<?>[] {x.asOutput()})[0];
        // TensorFlow Java hands out an output of no op.
        assertThatThrownBy(() -> gradient.op().type())
            .as(y.op().type())
            .isInstanceOf(IllegalStateException.class);
      }
    }
  }

  @Test
  void inputsThatOnlySayHowGetNoGradient() {
    OpCase reshape = new OpCase("Reshape").x(2, 6).ints(3, -1);
    assertThat(verdict(reshape)).isEqualTo(new OpGradient.Right(List.of("x0")));
    OpCase concat = new OpCase("ConcatV2").x(2, 3).x(2, 1).number(1);
    assertThat(verdict(concat)).isEqualTo(new OpGradient.Right(List.of("x0", "x1")));
  }

  private static OpGradient verdict(OpCase op) {
    try (NativeGradients gradients = new NativeGradients(op.graph())) {
      return gradients.of(op.node());
    }
  }

  static Stream<OpCase> right() {
    return Stream.of(
            elementwise(),
            pairs(),
            choices(),
            reductions(),
            products(),
            convolutions(),
            normalizations(),
            images(),
            shapes(),
            parts(),
            gathers())
        .flatMap(List::stream);
  }

  static Stream<OpCase> wrong() {
    return Stream.of(
        new OpCase("Atan2").x(2, 1, 3).x(4, 1),
        new OpCase("LogSoftmax").x(2),
        new OpCase("LogSoftmax").x(2, 3, 4),
        new OpCase("LogSoftmax").x(2, 3, 4, 5),
        new OpCase("LRN").floats().between(-2, 2).with("depth_radius", 1).x(1, 2, 2, 6),
        new OpCase("GatherV2").x(3, 4, 5).ints(2, 0, 2).number(-1),
        new OpCase("Cast").with("DstT", Nodes.type(DataType.DT_INT32)).x(3),
        new OpCase("Conv2D")
            .with("padding", "EXPLICIT")
            .list("explicit_paddings", 0, 0, 1, 1, 1, 1, 0, 0)
            .list("strides", 1, 1, 1, 1)
            .x(2, 6, 7, 2)
            .x(3, 3, 2, 3),
        new OpCase("Conv3D")
            .floats()
            .with("padding", "SAME")
            .list("strides", 1, 1, 1, 1, 1)
            .x(1, 4, 4, 4, 2)
            .x(2, 2, 2, 2, 2),
        new OpCase("MaxPoolWithArgmax")
            .floats()
            .with("padding", "VALID")
            .list("strides", 1, 2, 2, 1)
            .list("ksize", 1, 2, 2, 1)
            .x(1, 4, 4, 2),
        new OpCase("TopKV2").x(2, 5).number(2),
        new OpCase("Xlogy").x(3).x(3),
        new OpCase("Round").x(3));
  }

  static Stream<OpCase> unrunnable() {
    return Stream.of(
        convolution("Conv2D", "VALID", 1).list("dilations", 1, 2, 2, 1).x(2, 6, 7, 2).x(3, 3, 2, 3),
        convolution("Conv2D", "SAME", 2).list("dilations", 1, 2, 1, 1).x(2, 6, 7, 2).x(3, 3, 2, 3),
        convolution("DepthwiseConv2dNative", "SAME", 1)
            .list("dilations", 1, 2, 2, 1)
            .x(2, 6, 7, 2)
            .x(3, 3, 2, 3),
        convolution("Conv2D", "SAME", 1).with("data_format", "NCHW").x(2, 2, 6, 7).x(3, 3, 2, 3),
        new OpCase("MaxPool")
            .with("data_format", "NCHW")
            .with("padding", "SAME")
            .list("strides", 1, 1, 2, 2)
            .list("ksize", 1, 1, 2, 2)
            .x(1, 2, 4, 4));
  }

  private static List<OpCase> elementwise() {
    List<OpCase> cases = new ArrayList<>();
    for (String op :
        ("Abs Asin Asinh Acos Atan Atanh Cos Cosh Elu Erf Erfinv Exp Expm1 Identity L2Loss"
                + " LeakyRelu Neg Relu Relu6 Selu Sigmoid Sign Sin Sinh Softplus Softsign Square"
                + " Tan Tanh")
            .split(" ")) {
      cases.add(new OpCase(op).between(-0.9, 0.9).x(3, 5));
    }
    for (String op : "Inv Lgamma Log Log1p Ndtri Reciprocal Rsqrt Sqrt".split(" ")) {
      cases.add(new OpCase(op).x(3, 5));
    }
    cases.add(new OpCase("Acosh").between(1.5, 2).x(4));
    cases.add(new OpCase("CheckNumerics").with("message", "not a number").x(4));
    cases.add(new OpCase("LeakyRelu").between(-1, 1).with("alpha", 0.4f).x(7));
    cases.add(new OpCase("Cast").with("DstT", Nodes.type(DataType.DT_DOUBLE)).x(3));
    cases.add(new OpCase("LogSoftmax").x(2, 3));
    long[] shape = {2, 3, 4, 5};
    for (int rank = 1; rank <= 4; rank++) {
      cases.add(new OpCase("Softmax").x(Arrays.copyOf(shape, rank)));
    }
    return cases;
  }

  private static List<OpCase> pairs() {
    List<OpCase> cases = new ArrayList<>();
    for (String op :
        "Add AddV2 Sub Mul Div RealDiv DivNoNan Pow Maximum Minimum SquaredDifference".split(" ")) {
      cases.add(new OpCase(op).x(2, 3).x(2, 3));
      cases.add(new OpCase(op).x(2, 1, 3).x(4, 1));
    }
    cases.add(new OpCase("Atan2").x(2, 3).x(2, 3));
    cases.add(new OpCase("AddN").x(2, 3).x(2, 3).x(2, 3));
    // Its kernel's gradient takes for granted that the labels of a row sum to one.
    HostTensor labels = HostTensor.of(new float[] {1, 0, 0, 0.25f, 0.5f, 0.25f}, 2, 3);
    cases.add(new OpCase("SoftmaxCrossEntropyWithLogits").floats().x(2, 3).tensor(labels));
    long[] shape = {2, 3, 4, 5, 6};
    for (int rank = 2; rank <= 5; rank++) {
      cases.add(new OpCase("BiasAdd").x(Arrays.copyOf(shape, rank)).x(shape[rank - 1]));
    }
    for (int rank = 3; rank <= 5; rank++) {
      cases.add(
          new OpCase("BiasAdd").with("data_format", "NCHW").x(Arrays.copyOf(shape, rank)).x(3));
    }
    return cases;
  }

  private static List<OpCase> choices() {
    HostTensor three = truths(new byte[] {1, 0, 1}, 3);
    HostTensor six = truths(new byte[] {1, 0, 1, 0, 0, 1}, 2, 3);
    return List.of(
        new OpCase("SelectV2").tensor(three).x(2, 3).x(2, 1),
        new OpCase("SelectV2").tensor(six).x(3).x(),
        new OpCase("Select").tensor(six).x(2, 3).x(2, 3),
        new OpCase("Select").tensor(truths(new byte[] {1, 0}, 2)).x(2, 3).x(2, 3),
        new OpCase("Select").tensor(truths(new byte[] {1})).x(2, 3).x(2, 3),
        new OpCase("ClipByValue").x(2, 5).between(0.3, 0.31).x().between(0.6, 0.61).x());
  }

  private static HostTensor truths(byte[] values, long... shape) {
    return HostTensor.wrap(DataType.DT_BOOL, values, shape);
  }

  private static List<OpCase> reductions() {
    List<OpCase> cases = new ArrayList<>();
    for (String op : "Sum Mean Max Min Prod".split(" ")) {
      for (boolean keep : BOTH) {
        cases.add(new OpCase(op).with("keep_dims", keep).x(2, 3, 4).ints(-1));
        cases.add(new OpCase(op).with("keep_dims", keep).x(2, 3, 4).ints(0, 2));
        cases.add(new OpCase(op).with("keep_dims", keep).x(2, 3, 4).number(1));
      }
      cases.add(new OpCase(op).x(2, 3).ints(0, 1));
      cases.add(new OpCase(op).x(2, 3).ints());
    }
    cases.add(new OpCase("Cumsum").x(3, 4).number(1));
    cases.add(new OpCase("Cumsum").with("exclusive", true).with("reverse", true).x(3, 4).number(0));
    return cases;
  }

  private static List<OpCase> products() {
    List<OpCase> cases = new ArrayList<>();
    for (boolean first : BOTH) {
      for (boolean second : BOTH) {
        long[] a = first ? new long[] {3, 2} : new long[] {2, 3};
        long[] b = second ? new long[] {4, 3} : new long[] {3, 4};
        cases.add(
            new OpCase("MatMul").with("transpose_a", first).with("transpose_b", second).x(a).x(b));
        for (String op : List.of("BatchMatMul", "BatchMatMulV2", "BatchMatMulV3")) {
          cases.add(batched(op, first, second).x(5, a[0], a[1]).x(5, b[0], b[1]));
        }
        for (String op : List.of("BatchMatMulV2", "BatchMatMulV3")) {
          cases.add(batched(op, first, second).x(5, 1, a[0], a[1]).x(6, b[0], b[1]));
          cases.add(batched(op, first, second).x(5, a[0], a[1]).x(b));
        }
      }
    }
    for (String equation :
        "ab,bc->ac abc,cde->abde aecd,abcd->acbe acbe,aecd->abcd abc,dc->abd ...a,ab->...b ab,ab-> ab,b->a"
            .split(" ")) {
      OpCase einsum = new OpCase("Einsum").with("equation", equation);
      for (String axes : equation.split("->")[0].split(",")) {
        einsum.x(axes.replace("...", "xy").chars().mapToLong(axis -> 2 + axis % 3).toArray());
      }
      cases.add(einsum);
    }
    return cases;
  }

  private static OpCase batched(String op, boolean first, boolean second) {
    OpCase product = new OpCase(op).with("adj_x", first).with("adj_y", second);
    return op.endsWith("3") ? product.with("Tout", Nodes.type(DataType.DT_DOUBLE)) : product;
  }

  private static List<OpCase> convolutions() {
    List<OpCase> cases = new ArrayList<>();
    for (String padding : List.of("SAME", "VALID")) {
      for (int stride : new int[] {1, 2}) {
        cases.add(convolution("Conv2D", padding, stride).x(2, 6, 7, 2).x(3, 3, 2, 3));
        cases.add(convolution("Conv2D", padding, stride).x(2, 6, 7, 2).x(2, 4, 2, 3));
        cases.add(convolution("Conv2D", padding, stride).floats().x(2, 6, 7, 4).x(3, 3, 2, 6));
        cases.add(
            convolution("DepthwiseConv2dNative", padding, stride).x(2, 6, 7, 2).x(3, 3, 2, 3));
        int small = padding.equals("SAME") ? 8 / stride : (8 - 3) / stride + 1;
        cases.add(
            convolution("Conv2DBackpropInput", padding, stride)
                .ints(2, 8, 8, 3)
                .x(3, 3, 3, 2)
                .x(2, small, small, 2));
        for (String op : List.of("MaxPool", "AvgPool")) {
          cases.add(convolution(op, padding, stride).list("ksize", 1, 3, 3, 1).x(2, 6, 7, 2));
        }
        for (String op : List.of("MaxPool3D", "AvgPool3D")) {
          cases.add(
              new OpCase(op)
                  .floats()
                  .between(-9, 9)
                  .with("padding", padding)
                  .list("strides", 1, stride, stride, stride, 1)
                  .list("ksize", 1, 2, 2, 2, 1)
                  .x(1, 4, 4, 4, 2));
        }
        cases.add(
            new OpCase("MaxPoolV2")
                .floats()
                .between(-9, 9)
                .with("padding", padding)
                .x(2, 6, 7, 2)
                .ints(1, 3, 3, 1)
                .ints(1, stride, stride, 1));
      }
    }
    return cases;
  }

  private static OpCase convolution(String op, String padding, int stride) {
    return new OpCase(op).with("padding", padding).list("strides", 1, stride, stride, 1);
  }

  private static List<OpCase> normalizations() {
    List<OpCase> cases = new ArrayList<>();
    for (boolean training : BOTH) {
      int statistics = training ? 0 : 2;
      cases.add(
          new OpCase("FusedBatchNormV3")
              .floats()
              .with("is_training", training)
              .with("epsilon", 0.1f)
              .between(-3, 3)
              .x(3, 4, 4, 2)
              .between(1, 2)
              .x(2)
              .x(2)
              .fixed(statistics)
              .fixed(statistics));
    }
    cases.add(new OpCase("LRN").floats().between(-2, 2).x(1, 2, 2, 6));
    return cases;
  }

  private static List<OpCase> images() {
    List<OpCase> cases = new ArrayList<>();
    for (String op : "ResizeBilinear ResizeNearestNeighbor ResizeBicubic".split(" ")) {
      for (String mode : List.of("align_corners", "half_pixel_centers")) {
        for (boolean on : BOTH) {
          cases.add(resize(op).with(mode, on).x(1, 3, 4, 2).ints(7, 5));
          cases.add(resize(op).with(mode, on).x(1, 8, 9, 2).ints(3, 4));
        }
      }
    }
    for (String kernel : List.of("lanczos3", "triangle")) {
      for (boolean antialias : BOTH) {
        cases.add(
            resize("ScaleAndTranslate")
                .with("kernel_type", kernel)
                .with("antialias", antialias)
                .x(1, 6, 7, 2)
                .ints(4, 9)
                .tensor(HostTensor.of(new float[] {0.66f, 1.3f}, 2))
                .tensor(HostTensor.of(new float[] {0.1f, 0.2f}, 2)));
      }
    }
    cases.add(new OpCase("DepthToSpace").with("block_size", 2).x(1, 2, 3, 8));
    cases.add(new OpCase("SpaceToDepth").with("block_size", 2).x(1, 4, 6, 2));
    HostTensor margins = HostTensor.of(new int[] {0, 1, 0, 0}, 2, 2);
    cases.add(new OpCase("SpaceToBatchND").x(1, 5, 6, 2).ints(2, 3).tensor(margins));
    cases.add(new OpCase("BatchToSpaceND").x(6, 2, 2, 2).ints(2, 3).tensor(margins));
    return cases;
  }

  private static OpCase resize(String op) {
    return new OpCase(op).floats().between(-3, 3);
  }

  private static List<OpCase> shapes() {
    return List.of(
        new OpCase("Reshape").x(2, 6).ints(3, -1),
        new OpCase("Transpose").x(2, 3, 4).ints(2, 0, 1),
        new OpCase("Squeeze").x(2, 1, 3),
        new OpCase("ExpandDims").x(2, 3).number(-1),
        new OpCase("Tile").x(2, 3).ints(2, 3),
        new OpCase("Fill").ints(2, 3).x(),
        new OpCase("BroadcastTo").x(3, 1).ints(2, 3, 4),
        new OpCase("Pad").x(2, 3).tensor(PADDINGS),
        new OpCase("PadV2").x(2, 3).tensor(PADDINGS).fixed(),
        new OpCase("MirrorPad").with("mode", "REFLECT").x(3, 4).tensor(PADDINGS),
        new OpCase("MirrorPad").with("mode", "SYMMETRIC").x(3, 4).tensor(PADDINGS),
        new OpCase("ReverseV2").x(2, 3).ints(1),
        new OpCase("ReverseSequence").with("seq_dim", 1).x(2, 3).ints(2, 3),
        new OpCase("Roll").x(2, 5).ints(2).ints(1),
        new OpCase("MatrixBandPart").x(3, 4).number(1).number(0),
        new OpCase("MatrixDiag").x(2, 3),
        new OpCase("Diag").x(3),
        new OpCase("DiagPart").x(3, 3));
  }

  private static List<OpCase> parts() {
    List<OpCase> cases = new ArrayList<>();
    for (int axis : new int[] {0, 1, -1}) {
      cases.add(new OpCase("Pack").with("axis", axis).x(2, 3).x(2, 3));
    }
    for (int axis : new int[] {1, -1}) {
      cases.add(new OpCase("Unpack").with("num", 3).with("axis", axis).output(1).x(2, 3));
      cases.add(new OpCase("Split").with("num_split", 2).output(1).number(axis).x(2, 4));
      cases.add(
          new OpCase("SplitV").with("num_split", 2).output(1).x(2, 4).ints(1, 3).number(axis));
      cases.add(new OpCase("ConcatV2").x(2, 3).x(2, 1).number(axis));
    }
    cases.add(new OpCase("Slice").x(4, 5).ints(1, 2).ints(2, -1));
    cases.add(new OpCase("StridedSlice").x(4, 5).ints(1, 0).ints(4, 5).ints(2, 1));
    cases.add(
        new OpCase("StridedSlice")
            .with("shrink_axis_mask", 2)
            .with("begin_mask", 1)
            .with("end_mask", 1)
            .x(4, 5)
            .ints(0, -1)
            .ints(0, 0)
            .ints(1, 1));
    cases.add(
        new OpCase("StridedSlice")
            .with("ellipsis_mask", 1)
            .with("new_axis_mask", 2)
            .x(4, 5)
            .ints(0, 0)
            .ints(0, 0)
            .ints(1, 1));
    cases.add(
        new OpCase("StridedSlice")
            .with("begin_mask", 1)
            .with("end_mask", 1)
            .x(4, 5)
            .ints(0)
            .ints(0)
            .ints(-1));
    return cases;
  }

  private static List<OpCase> gathers() {
    List<OpCase> cases = new ArrayList<>();
    HostTensor pairs = HostTensor.of(new int[] {0, 2, 2, 1}, 2, 2);
    for (int axis : new int[] {0, 1, 2}) {
      cases.add(new OpCase("GatherV2").x(3, 4, 5).ints(2, 0, 2).number(axis));
    }
    cases.add(new OpCase("GatherV2").with("batch_dims", 1).x(2, 4, 3).tensor(pairs).number(1));
    cases.add(new OpCase("GatherNd").x(3, 4).tensor(pairs));
    HostTensor rows = HostTensor.of(new int[] {0, 3}, 2, 1);
    cases.add(new OpCase("ScatterNd").tensor(rows).x(2, 3).ints(5, 3));
    cases.add(new OpCase("SegmentSum").x(4, 2).ints(0, 0, 1, 2));
    for (String op : "UnsortedSegmentSum UnsortedSegmentMax UnsortedSegmentMin".split(" ")) {
      cases.add(new OpCase(op).x(4, 2).ints(1, 0, 1, 0).number(2));
    }
    return cases;
  }
}
