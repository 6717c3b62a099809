package dev.graft.savedmodel;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The ops whose gradients in TensorFlow 2.18's C++ registry were compared with finite differences,
 * and which of their inputs get one.
 */
final class GradientTable {
  private GradientTable() {}

  /** The inputs of an op that get a gradient. */
  enum Carried {
    NONE(0, 0),
    ALL(0, Integer.MAX_VALUE),
    FIRST(0, 1),
    SECOND(1, 2),
    FIRST_THREE(0, 3),
    ALL_BUT_FIRST(1, Integer.MAX_VALUE),
    ALL_BUT_LAST(0, -1);

    private final int from;
    private final int to;

    Carried(int from, int to) {
      this.from = from;
      this.to = to;
    }

    List<String> of(List<String> inputs) {
      int end = to < 0 ? inputs.size() + to : Math.min(to, inputs.size());
      return inputs.subList(Math.min(from, end), end);
    }
  }

  /** By op. */
  static final Map<String, Carried> CARRIED = new HashMap<>();

  /** Ops with a layout of channels that were checked with the channels last. */
  static final Set<String> WITH_LAYOUT =
      Set.of(
          "AvgPool",
          "AvgPool3D",
          "Conv2D",
          "Conv2DBackpropInput",
          "DepthToSpace",
          "DepthwiseConv2dNative",
          "FusedBatchNormV3",
          "MaxPool",
          "MaxPool3D",
          "MaxPoolV2",
          "SpaceToDepth");

  static {
    put(
        Carried.NONE,
        """
        Const Equal Floor Greater GreaterEqual Less LessEqual LogicalAnd LogicalNot LogicalOr
        NotEqual OneHot Rank Shape ShapeN Size StopGradient VarHandleOp ZerosLike
        """);
    put(
        Carried.ALL,
        """
        Abs Acos Acosh Add AddN AddV2 Asin Asinh Atan Atan2 Atanh AvgPool AvgPool3D BatchMatMul
        BatchMatMulV2 BatchMatMulV3 BiasAdd Cast CheckNumerics ClipByValue Conv2D Cos Cosh
        DepthToSpace DepthwiseConv2dNative Diag DiagPart Div DivNoNan Einsum Elu Erf Erfinv Exp
        Expm1 Identity Inv L2Loss LRN LeakyRelu Lgamma Log Log1p LogSoftmax MatMul MatrixDiag
        MaxPool MaxPool3D Maximum Minimum Mul Ndtri Neg Pack Pow ReadVariableOp RealDiv Reciprocal
        Relu Relu6 Rsqrt Selu Sigmoid Sign Sin Sinh Softmax SoftmaxCrossEntropyWithLogits Softplus
        Softsign SpaceToDepth Sqrt Square SquaredDifference Squeeze Sub Tan Tanh Unpack
        """);
    put(
        Carried.FIRST,
        """
        BatchToSpaceND BroadcastTo Cumsum ExpandDims GatherNd GatherV2 MatrixBandPart Max MaxPoolV2
        Mean Min MirrorPad Pad PadV2 Prod Reshape ResizeBicubic ResizeBilinear
        ResizeNearestNeighbor ReverseSequence ReverseV2 Roll ScaleAndTranslate SegmentSum Slice
        SpaceToBatchND SplitV StridedSlice Sum Tile Transpose UnsortedSegmentMax UnsortedSegmentMin
        UnsortedSegmentSum
        """);
    put(Carried.SECOND, "Fill ScatterNd Split");
    put(Carried.FIRST_THREE, "FusedBatchNormV3");
    put(Carried.ALL_BUT_FIRST, "Conv2DBackpropInput Select SelectV2");
    put(Carried.ALL_BUT_LAST, "ConcatV2");
  }

  private static void put(Carried carried, String ops) {
    for (String op : ops.strip().split("\\s+")) {
      CARRIED.put(op, carried);
    }
  }
}
