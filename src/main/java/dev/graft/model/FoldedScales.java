package dev.graft.model;

import dev.graft.tensor.HostTensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;

/**
 * Folds what follows a convolution, a scale and a shift of each channel, into its kernel and a
 * bias: {@code (conv(x, k) + b) · s + t} is {@code conv(x, k · s) + (b · s + t)}. So Keras 3 writes
 * a BatchNorm in inference mode. TensorFlow then runs convolution, bias and activation as one op,
 * which it does not manage by itself after a depthwise convolution or before an addition. A result
 * moves by a few millionths.
 */
final class FoldedScales {
  private static final Set<String> CONVOLUTIONS = Set.of("Conv2D", "DepthwiseConv2dNative");
  private static final Set<String> ADDITIONS = Set.of("AddV2", "Add", "BiasAdd");

  /** Ops whose value is constant when their inputs are; others are taken for variable. */
  private static final Set<String> PURE =
      Set.of(
          "Identity",
          "Mul",
          "AddV2",
          "Add",
          "Sub",
          "Neg",
          "RealDiv",
          "Rsqrt",
          "Sqrt",
          "Reshape",
          "Squeeze",
          "ExpandDims",
          "Cast");

  private final GraphNodes nodes;
  private final Set<String> fetched;
  private final Map<String, Boolean> constant = new HashMap<>();

  private FoldedScales(GraphNodes nodes, Set<String> fetched) {
    this.nodes = nodes;
    this.fetched = fetched;
  }

  /** A convolution with what follows it; the tensors are constants. */
  private record Chain(
      NodeDef convolution,
      TensorName kernel,
      Optional<NodeDef> addition,
      Optional<TensorName> bias,
      NodeDef product,
      TensorName scale,
      NodeDef sum,
      TensorName shift) {
    List<TensorName> constants() {
      List<TensorName> constants = new ArrayList<>(List.of(kernel, scale, shift));
      bias.ifPresent(constants::add);
      return constants;
    }
  }

  /**
   * Folds all that there are.
   *
   * @param graph whose variables are constants
   * @param outputs names of the tensors that will be fetched: they stay
   */
  static GraphDef fold(GraphDef graph, List<String> outputs) {
    Set<String> fetched =
        outputs.stream().map(name -> TensorName.parse(name).node()).collect(Collectors.toSet());
    FoldedScales folding = new FoldedScales(new GraphNodes(graph), fetched);
    List<Chain> chains = folding.chains();
    return chains.isEmpty() ? graph : folding.replace(graph, chains);
  }

  private List<Chain> chains() {
    List<Chain> chains = new ArrayList<>();
    for (NodeDef node : nodes.all()) {
      if (node.getOp().equals("Mul")) {
        chain(node).ifPresent(chains::add);
      }
    }
    return chains;
  }

  private Optional<Chain> chain(NodeDef product) {
    Optional<TensorName> scale = constantInput(product);
    Optional<NodeDef> sum = soleConsumer(product).filter(next -> isAddition(next));
    if (scale.isEmpty() || sum.isEmpty()) {
      return Optional.empty();
    }
    NodeDef before = other(product, scale.get());
    Optional<NodeDef> addition = Optional.of(before).filter(this::isAddition);
    Optional<TensorName> bias = addition.flatMap(this::constantInput);
    NodeDef convolution = bias.isPresent() ? other(before, bias.get()) : before;
    boolean fits =
        isFoldable(convolution)
            && (addition.isEmpty() || isSoleInput(convolution, before))
            && isSoleInput(before, product);
    TensorName kernel = fits ? GraphNodes.inputs(convolution).get(1) : null;
    return fits && isConstant(kernel.node())
        ? Optional.of(
            new Chain(
                convolution,
                kernel,
                addition,
                bias,
                product,
                scale.get(),
                sum.get(),
                constantInput(sum.get()).orElseThrow()))
        : Optional.empty();
  }

  private boolean isFoldable(NodeDef node) {
    String format =
        node.getAttrOrDefault("data_format", AttrValue.getDefaultInstance()).getS().toStringUtf8();
    return CONVOLUTIONS.contains(node.getOp())
        && node.getAttrOrThrow("T").getType() == DataType.DT_FLOAT
        && (format.isEmpty() || format.equals("NHWC"));
  }

  private boolean isAddition(NodeDef node) {
    return ADDITIONS.contains(node.getOp()) && constantInput(node).isPresent();
  }

  /** The one input that is constant, if the other is not. */
  private Optional<TensorName> constantInput(NodeDef node) {
    List<TensorName> inputs = GraphNodes.inputs(node);
    List<TensorName> constants = inputs.stream().filter(input -> isConstant(input.node())).toList();
    return inputs.size() == 2 && constants.size() == 1
        ? Optional.of(constants.get(0))
        : Optional.empty();
  }

  private NodeDef other(NodeDef node, TensorName constantInput) {
    List<TensorName> inputs = GraphNodes.inputs(node);
    TensorName other = inputs.get(inputs.get(0).equals(constantInput) ? 1 : 0);
    return nodes.get(other.node());
  }

  private Optional<NodeDef> soleConsumer(NodeDef node) {
    List<String> consumers = nodes.consumers().getOrDefault(node.getName(), List.of());
    return consumers.size() == 1 && !fetched.contains(node.getName())
        ? Optional.of(nodes.get(consumers.get(0)))
        : Optional.empty();
  }

  private boolean isSoleInput(NodeDef node, NodeDef of) {
    return soleConsumer(node).filter(next -> next.getName().equals(of.getName())).isPresent();
  }

  private boolean isConstant(String name) {
    Boolean known = constant.get(name);
    if (known == null) {
      NodeDef node = nodes.get(name);
      boolean free = node.getInputList().stream().noneMatch(input -> input.startsWith("^"));
      known =
          free
              && (node.getOp().equals("Const")
                  || PURE.contains(node.getOp())
                      && GraphNodes.inputs(node).stream()
                          .allMatch(input -> isConstant(input.node())));
      constant.put(name, known);
    }
    return known;
  }

  private GraphDef replace(GraphDef graph, List<Chain> chains) {
    Map<String, HostTensor> values = values(graph, chains);
    Map<String, List<NodeDef>> replaced = new HashMap<>();
    Set<String> dropped = new HashSet<>();
    for (Chain chain : chains) {
      folded(chain, values)
          .ifPresent(
              added -> {
                replaced.put(chain.convolution.getName(), added.subList(0, 2));
                replaced.put(chain.sum.getName(), added.subList(2, 4));
                dropped.add(chain.product.getName());
                chain.addition.ifPresent(node -> dropped.add(node.getName()));
              });
    }
    GraphDef.Builder folded = graph.toBuilder().clearNode();
    for (NodeDef node : nodes.all()) {
      if (replaced.containsKey(node.getName())) {
        folded.addAllNode(replaced.get(node.getName()));
      } else if (!dropped.contains(node.getName())) {
        folded.addNode(node);
      }
    }
    return folded.build();
  }

  /** The constants of all chains. */
  private static Map<String, HostTensor> values(GraphDef definition, List<Chain> chains) {
    return ConstantValues.of(
        definition,
        chains.stream()
            .flatMap(chain -> chain.constants().stream())
            .map(TensorName::toString)
            .distinct()
            .toList());
  }

  /** New kernel and convolution, new bias and its addition; empty if it is no value a channel. */
  private Optional<List<NodeDef>> folded(Chain chain, Map<String, HostTensor> values) {
    HostTensor kernel = values.get(chain.kernel.toString());
    HostTensor scale = values.get(chain.scale.toString());
    HostTensor shift = values.get(chain.shift.toString());
    Optional<HostTensor> bias = chain.bias.map(name -> values.get(name.toString()));
    int channels = channels(chain.convolution, kernel);
    boolean fits =
        isOfChannels(scale, channels)
            && isOfChannels(shift, channels)
            && bias.stream().allMatch(value -> isOfChannels(value, channels));
    if (!fits) {
      return Optional.empty();
    }
    float[] weights = kernel.floats();
    float[] factors = scale.floats();
    float[] offsets = shift.floats();
    for (int i = 0; i < weights.length; i++) {
      weights[i] *= factors[i % channels];
    }
    float[] biases = bias.map(HostTensor::floats).orElseGet(() -> new float[channels]);
    for (int i = 0; i < channels; i++) {
      offsets[i] += biases[i] * factors[i];
    }
    long[] shape = kernel.shape().stream().mapToLong(Long::longValue).toArray();
    String conv = chain.convolution.getName();
    String sum = chain.sum.getName();
    return Optional.of(
        List.of(
            ConstantVariables.constant(conv + "/graft_kernel", HostTensor.of(weights, shape)),
            chain.convolution.toBuilder().setInput(1, conv + "/graft_kernel").build(),
            ConstantVariables.constant(sum + "/graft_bias", HostTensor.of(offsets, channels)),
            NodeDef.newBuilder()
                .setName(sum)
                .setOp("BiasAdd")
                .setDevice(chain.sum.getDevice())
                .addInput(conv)
                .addInput(sum + "/graft_bias")
                .putAttr("T", chain.convolution.getAttrOrThrow("T"))
                .build()));
  }

  /** The last axis of a kernel, of a depthwise one the last two: {@code [h, w, in, multiplier]}. */
  private static int channels(NodeDef convolution, HostTensor kernel) {
    List<Long> shape = kernel.shape();
    long last = shape.get(3);
    return Math.toIntExact(convolution.getOp().equals("Conv2D") ? last : shape.get(2) * last);
  }

  /** Whether there is a value a channel, on the last axis. */
  private static boolean isOfChannels(HostTensor tensor, int channels) {
    List<Long> shape = tensor.shape();
    return !shape.isEmpty()
        && shape.size() <= 4
        && shape.get(shape.size() - 1) == channels
        && shape.stream().reduce(1L, Math::multiplyExact) == channels;
  }
}
