package dev.graft.model;

import dev.graft.tensor.HostTensor;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;

/**
 * How a graph runs a row that is alone. Its answer must have the bits that it has among others, and
 * some kernels round differently for a single row, so in doubt the row is run twice. A graph of
 * nothing but ops that are known not to, {@link PaddedProducts padded}, has to prove it on this
 * machine: after its first row it runs some both ways, and from then on alone if every bit was the
 * same. {@code Sigmoid} is not among them: the end of its tensor, which lies elsewhere for another
 * number of rows, is rounded differently. Safe for many threads.
 */
final class LoneRows {
  private static final Set<String> SAME_ALONE =
      Set.of(
          "Add",
          "AddV2",
          "AvgPool",
          "BiasAdd",
          "Cast",
          "ConcatV2",
          "Const",
          "Conv2D",
          "DepthwiseConv2dNative",
          "ExpandDims",
          "FusedBatchNormV3",
          "Identity",
          "IdentityN",
          "LeakyRelu",
          "MatMul",
          "MaxPool",
          "Maximum",
          "Mean",
          "Minimum",
          "Mul",
          "Neg",
          "NoOp",
          "Pack",
          "Pad",
          "PadV2",
          "Placeholder",
          "RealDiv",
          "Relu",
          "Relu6",
          "Reshape",
          "Rsqrt",
          "Shape",
          "Slice",
          "Softmax",
          "Sqrt",
          "Square",
          "Squeeze",
          "StridedSlice",
          "Sub",
          "Tanh");

  private static final int PROOFS = 3;

  private final boolean mayRunAlone;
  private final AtomicInteger rows = new AtomicInteger();
  private volatile boolean differs;

  private LoneRows(boolean mayRunAlone) {
    this.mayRunAlone = mayRunAlone;
  }

  static LoneRows of(GraphDef graph) {
    return new LoneRows(
        graph.getNodeList().stream()
            .filter(node -> !WinogradConvolutions.made(node))
            .map(NodeDef::getOp)
            .allMatch(SAME_ALONE::contains));
  }

  /** Whether the next row will be run once. */
  boolean isAlone() {
    return mayRunAlone && !differs && rows.get() > PROOFS;
  }

  /**
   * Runs a row.
   *
   * @param run of a batch
   */
  List<HostTensor> run(List<HostTensor> row, UnaryOperator<List<HostTensor>> run) {
    if (isAlone()) {
      return run.apply(row);
    }
    List<HostTensor> answers =
        run.apply(row.stream().map(Rows::twice).toList()).stream().map(Rows::first).toList();
    // The first row of a process pays nothing for what only later ones gain.
    if (mayRunAlone && !differs && rows.getAndIncrement() > 0) {
      differs |= !isSame(answers, run.apply(row));
    }
    return answers;
  }

  private static boolean isSame(List<HostTensor> some, List<HostTensor> others) {
    for (int i = 0; i < some.size(); i++) {
      if (!Arrays.equals(Rows.bytes(some.get(i)), Rows.bytes(others.get(i)))) {
        return false;
      }
    }
    return true;
  }
}
