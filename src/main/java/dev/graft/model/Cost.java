package dev.graft.model;

import dev.graft.data.Preparation;
import dev.graft.savedmodel.FlatInput;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;

/**
 * What one answer of a model costs, from its graph alone.
 *
 * @param multiplications multiply-accumulate operations of convolutions and matrix products for one
 *     example; twice as many floating-point operations (FLOPs). What works element by element is
 *     left out, as in the tables that papers print
 * @param activationBytes the most that the tensors of one example take at the same time when one
 *     node runs after the other, without the weights; TensorFlow, which runs several at once and
 *     writes some results over their input, needs more or less
 * @param uncounted types of ops whose multiplications are not known, such as loops
 */
public record Cost(long multiplications, long activationBytes, List<String> uncounted) {
  private static final Set<String> WEIGHTS = Set.of("VarHandleOp", "ReadVariableOp", "Const");

  /** Ops whose result is their input's memory under another shape. */
  private static final Set<String> VIEWS =
      Set.of("Identity", "Reshape", "Squeeze", "ExpandDims", "StopGradient", "Placeholder");

  private static final Set<String> LOOPS =
      Set.of("While", "StatelessWhile", "If", "StatelessIf", "Case", "StatelessCase");

  /** Copies the list. */
  public Cost {
    uncounted = List.copyOf(uncounted);
  }

  /**
   * What a backbone costs with all its outputs, or with the one that was chosen.
   *
   * @return empty where the size of an input is known neither from the model nor from its
   *     preparation
   */
  public static Optional<Cost> of(Backbone backbone) {
    Backbone sized = sized(backbone);
    boolean known =
        sized.flat().inputs().stream()
            .map(FlatInput::shape)
            .allMatch(shape -> shape != null && shape.stream().skip(1).noneMatch(size -> size < 0));
    if (!known) {
      return Optional.empty();
    }
    List<String> inputs = sized.flat().inputs().stream().map(FlatInput::node).toList();
    GraphNodes nodes = new GraphNodes(sized.flat().graph());
    GraphDef graph = nodes.keep(nodes.ancestors(sized.ends())).build();
    List<String> present =
        inputs.stream()
            .filter(input -> graph.getNodeList().stream().anyMatch(n -> n.getName().equals(input)))
            .toList();
    return Optional.of(new Counting(graph, TensorShapes.ofOne(graph, present)).count());
  }

  /** A model for images of any size is asked for the size that its preparation makes. */
  private static Backbone sized(Backbone backbone) {
    Optional<Preparation.Resize> resize = backbone.preparation().map(Preparation::resize);
    boolean open =
        backbone.flat().inputs().size() == 1
            && Optional.ofNullable(backbone.flat().inputs().get(0).shape())
                .map(shape -> shape.size() == 4 && (shape.get(1) < 0 || shape.get(2) < 0))
                .orElse(false);
    return open && resize.isPresent()
        ? backbone.withInputSize(resize.get().height(), resize.get().width())
        : backbone;
  }

  /** Walks the nodes of a graph in their order, which is one in which they can run. */
  private static final class Counting {
    private final GraphDef graph;
    private final Map<TensorName, TensorShapes.Inferred> tensors;
    private final Set<String> uncounted = new TreeSet<>();

    Counting(GraphDef graph, Map<TensorName, TensorShapes.Inferred> tensors) {
      this.graph = graph;
      this.tensors = tensors;
    }

    Cost count() {
      long multiplications = 0;
      for (NodeDef node : graph.getNodeList()) {
        long own = multiplications(node);
        if (own < 0) {
          uncounted.add(node.getOp());
        } else {
          multiplications += own;
        }
      }
      return new Cost(multiplications, widest(), List.copyOf(uncounted));
    }

    /** Of a node, or -1 where they are not known. */
    private long multiplications(NodeDef node) {
      String op = node.getOp();
      if (LOOPS.contains(op) || op.startsWith("Xla")) {
        return -1;
      }
      return switch (op) {
        case "Conv2D", "Conv3D" -> product(output(node), perOutput(shape(node, 1)));
        case "DepthwiseConv2dNative" -> product(output(node), spatial(shape(node, 1)));
        case "Conv2DBackpropInput" -> product(size(shape(node, 2)), perOutput(shape(node, 1)));
        case "MatMul" -> product(output(node), inner(node, "transpose_a"));
        case "BatchMatMul", "BatchMatMulV2", "BatchMatMulV3" ->
            product(output(node), inner(node, "adj_x"));
        case "Einsum" -> einsum(node);
        default -> 0;
      };
    }

    private static long product(long a, long b) {
      return a < 0 || b < 0 ? -1 : Math.multiplyExact(a, b);
    }

    private long output(NodeDef node) {
      return size(shapeOf(new TensorName(node.getName(), 0)));
    }

    private Shape shape(NodeDef node, int input) {
      return shapeOf(GraphNodes.inputs(node).get(input));
    }

    private Shape shapeOf(TensorName tensor) {
      return tensors.get(tensor).shape();
    }

    private static long size(Shape shape) {
      return shape.isUnknown() || shape.hasUnknownDimension() ? -1 : shape.size();
    }

    /** Of a kernel {@code [height, width, in, out]}: how many numbers make one of the output. */
    private static long perOutput(Shape kernel) {
      return size(kernel) < 0 ? -1 : kernel.size() / kernel.get(kernel.numDimensions() - 1);
    }

    /** Of a kernel {@code [height, width, in, multiplier]}. */
    private static long spatial(Shape kernel) {
      return size(kernel) < 0 ? -1 : kernel.get(0) * kernel.get(1);
    }

    /** Length of the products of rows and columns. */
    private long inner(NodeDef node, String transposed) {
      Shape first = shape(node, 0);
      if (size(first) < 0) {
        return -1;
      }
      boolean turned =
          node.getAttrMap().containsKey(transposed) && node.getAttrOrThrow(transposed).getB();
      return first.get(first.numDimensions() - (turned ? 2 : 1));
    }

    /** One multiplication for each combination of all indices, for two factors. */
    private long einsum(NodeDef node) {
      String[] factors =
          node.getAttrOrThrow("equation").getS().toStringUtf8().split("->")[0].split(",");
      Map<Character, Long> sizes = new HashMap<>();
      for (int i = 0; i < factors.length; i++) {
        Shape shape = shape(node, i);
        if (size(shape) < 0 || shape.numDimensions() != factors[i].length()) {
          return -1; // an ellipsis, or a size that is not known
        }
        for (int axis = 0; axis < factors[i].length(); axis++) {
          sizes.put(factors[i].charAt(axis), shape.get(axis));
        }
      }
      return factors.length < 2 ? 0 : sizes.values().stream().reduce(1L, Math::multiplyExact);
    }

    private long widest() {
      Map<String, String> owners = new HashMap<>();
      Map<String, Integer> lastUse = new LinkedHashMap<>();
      for (int i = 0; i < graph.getNodeCount(); i++) {
        NodeDef node = graph.getNode(i);
        List<TensorName> inputs = GraphNodes.inputs(node);
        boolean view = VIEWS.contains(node.getOp()) && !inputs.isEmpty();
        owners.put(node.getName(), view ? owners.get(inputs.get(0).node()) : node.getName());
        for (TensorName input : inputs) {
          lastUse.put(owners.get(input.node()), i);
        }
      }
      Map<Integer, Long> freed = new HashMap<>();
      long alive = 0;
      long widest = 0;
      for (int i = 0; i < graph.getNodeCount(); i++) {
        String name = graph.getNode(i).getName();
        if (owners.get(name).equals(name) && !WEIGHTS.contains(graph.getNode(i).getOp())) {
          long own = bytes(graph.getNode(i));
          alive += own;
          freed.merge(lastUse.getOrDefault(name, graph.getNodeCount()), own, Long::sum);
        }
        widest = Math.max(widest, alive);
        alive -= freed.getOrDefault(i, 0L);
      }
      return widest;
    }

    /** Of all outputs; those of unknown size count as nothing. */
    private long bytes(NodeDef node) {
      long bytes = 0;
      TensorShapes.Inferred one;
      for (int i = 0; (one = tensors.get(new TensorName(node.getName(), i))) != null; i++) {
        bytes += Math.max(0, one.size()) * width(one);
      }
      return bytes;
    }

    private static int width(TensorShapes.Inferred tensor) {
      return switch (tensor.dtype()) {
        case DT_DOUBLE, DT_INT64 -> 8;
        case DT_HALF, DT_BFLOAT16 -> 2;
        case DT_BOOL, DT_INT8, DT_UINT8 -> 1;
        case DT_FLOAT, DT_INT32 -> 4;
        default -> 0;
      };
    }
  }
}
