package dev.graft.export;

import dev.graft.data.Task;
import dev.graft.handoff.Signature;
import dev.graft.handoff.TensorInfo;
import dev.graft.image.BatchPreparation;
import dev.graft.savedmodel.SavedModelWriter;
import dev.graft.savedmodel.SavedModelWriter.SignatureTensor;
import dev.graft.tensor.TypeName;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TString;
import org.tensorflow.types.family.TType;

/**
 * A model's graph with all that its signatures need.
 *
 * <p>All share the model's nodes: the input of prepared images is a {@code PlaceholderWithDefault},
 * whose default is what the preparation makes of {@code image_bytes}. Who feeds the pixels runs no
 * preparation, who feeds the bytes runs both.
 */
final class ServingGraph {
  private static final String SCOPE = "serving";
  static final String PROBABILITIES = "probabilities";
  static final String LOGITS = "logits";
  static final String NUMBERS = "numbers";
  static final String LABEL = "label";
  static final String LABELS = "labels";

  private final ServedParts parts;
  private final boolean takesBytes;
  private final List<Named> signatures = new ArrayList<>();
  private final GraphDef graph;

  /** A tensor of a signature. */
  private record Endpoint(String name, String tensor, DataType dtype, List<Long> shape) {
    static Endpoint of(String name, Operand<? extends TType> operand, List<Long> shape) {
      Output<? extends TType> output = operand.asOutput();
      return new Endpoint(
          name, output.op().name() + ":" + output.index(), output.dataType(), shape);
    }

    SignatureTensor signatureTensor() {
      return new SignatureTensor(tensor, dtype, shape);
    }

    TensorInfo info() {
      return new TensorInfo(name, name, TypeName.of(dtype), shape);
    }
  }

  private record Named(String name, List<Endpoint> inputs, List<Endpoint> outputs) {}

  private ServingGraph(ServedParts parts) {
    this.parts = parts;
    takesBytes = parts.preparation().filter(how -> how.resize() != null).isPresent();
    try (Graph whole = new Graph()) {
      whole.importGraphDef(takesBytes ? withPreparation() : parts.graph());
      addSignatures(whole);
      graph = whole.toGraphDef();
    }
  }

  /** Builds it. */
  static ServingGraph of(ServedParts parts) {
    return new ServingGraph(parts);
  }

  /** Prepares the writing of the graph, the variables and the signatures. */
  SavedModelWriter writer() {
    SavedModelWriter writer = new SavedModelWriter(graph);
    for (ServedParts.Variable variable : parts.variables()) {
      writer.variable(variable.node(), variable.name(), variable.value(), variable.trainable());
    }
    parts.kept().forEach(writer::kept);
    for (Named signature : signatures) {
      writer.signature(signature.name(), tensors(signature.inputs()), tensors(signature.outputs()));
    }
    return writer;
  }

  /** What the handoff says of the signatures, the one to call first. */
  List<Signature> signatures() {
    return signatures.stream()
        .map(
            named ->
                new Signature(
                    named.name(),
                    named.inputs().stream().map(Endpoint::info).toList(),
                    named.outputs().stream().map(Endpoint::info).toList()))
        .toList();
  }

  private static Map<String, SignatureTensor> tensors(List<Endpoint> endpoints) {
    Map<String, SignatureTensor> tensors = new LinkedHashMap<>();
    endpoints.forEach(endpoint -> tensors.put(endpoint.name(), endpoint.signatureTensor()));
    return tensors;
  }

  private GraphDef withPreparation() {
    GraphDef preparation = BatchPreparation.graph(parts.preparation().orElseThrow());
    GraphDef.Builder both = parts.graph().toBuilder().clearNode();
    both.addAllNode(preparation.getNodeList());
    both.getLibraryBuilder().addAllFunction(preparation.getLibrary().getFunctionList());
    String images = parts.inputs().get(0).node();
    parts.graph().getNodeList().stream()
        .map(node -> node.getName().equals(images) ? withDefault(node) : node)
        .forEach(both::addNode);
    return both.build();
  }

  private static NodeDef withDefault(NodeDef placeholder) {
    AttrValue dtype = placeholder.getAttrOrThrow("dtype");
    return placeholder.toBuilder()
        .setOp("PlaceholderWithDefault")
        .addInput(BatchPreparation.PIXELS)
        .clearAttr()
        .putAttr("dtype", dtype)
        .putAttr("shape", placeholder.getAttrOrThrow("shape"))
        .build();
  }

  private void addSignatures(Graph whole) {
    Ops tf = Ops.create(whole).withSubScope(SCOPE);
    List<Endpoint> inputs =
        parts.inputs().stream()
            .map(in -> new Endpoint(in.name(), in.node() + ":0", in.dtype(), in.shape()))
            .toList();
    List<Endpoint> answers = answers(whole, tf);
    signatures.add(new Named(Signature.SERVING_DEFAULT, inputs, answers));
    if (takesBytes) {
      signatures.add(bytes(whole, tf, answers));
    }
    Output<?> features = whole.outputOrThrow(parts.features());
    Endpoint output =
        Endpoint.of(
            Signature.FEATURES,
            tf.withName(Signature.FEATURES).identity(features),
            shape(features.shape()));
    signatures.add(new Named(Signature.FEATURES, inputs, List.of(output)));
  }

  private List<Endpoint> answers(Graph whole, Ops tf) {
    Output<TFloat32> values = whole.outputOrThrow(parts.answers()).expect(TFloat32.class);
    List<Long> shape = List.of(-1L, (long) parts.task().size());
    List<Endpoint> answers = new ArrayList<>();
    answers.add(Endpoint.of(parts.answersName(), values, shape));
    if (parts.logits().isPresent()) {
      Output<?> logits = whole.outputOrThrow(parts.logits().get());
      answers.add(Endpoint.of(LOGITS, logits.expect(TFloat32.class), shape(logits.shape())));
    }
    String[] labels = parts.task().labels().names().toArray(String[]::new);
    Operand<TString> names = tf.withName("names").constant(StandardCharsets.UTF_8, labels);
    if (parts.task().kind() == Task.Kind.CLASSES) {
      Operand<TString> label =
          tf.withName(LABEL).gather(names, tf.math.argMax(values, tf.constant(1)), tf.constant(0));
      answers.add(Endpoint.of(LABEL, label, List.of(-1L)));
    }
    Operand<TInt32> rows =
        tf.slice(tf.shape(values), tf.constant(new int[] {0}), tf.constant(new int[] {1}));
    Operand<TString> tiled = // a row for each example, as TensorFlow Serving asks of all outputs
        tf.withName(LABELS)
            .tile(
                tf.expandDims(names, tf.constant(0)),
                tf.concat(List.of(rows, tf.constant(new int[] {1})), tf.constant(0)));
    answers.add(Endpoint.of(LABELS, tiled, shape));
    return answers;
  }

  /** The same answers without the row that a lone image has too many. */
  private Named bytes(Graph whole, Ops tf, List<Endpoint> answers) {
    Output<TString> bytes =
        whole.outputOrThrow(BatchPreparation.BYTES + ":0").expect(TString.class);
    Operand<TInt32> count = tf.reshape(tf.size(bytes), tf.constant(new int[] {1}));
    List<Endpoint> outputs = new ArrayList<>();
    for (Endpoint answer : answers) {
      int others = answer.shape().size() - 1;
      int[] all = new int[others];
      Arrays.fill(all, -1);
      Operand<? extends TType> asked =
          tf.withName(BatchPreparation.BYTES + "_" + answer.name())
              .slice(
                  whole.outputOrThrow(answer.tensor()),
                  tf.constant(new int[1 + others]),
                  tf.concat(List.of(count, tf.constant(all)), tf.constant(0)));
      outputs.add(Endpoint.of(answer.name(), asked, answer.shape()));
    }
    Endpoint input = Endpoint.of(BatchPreparation.BYTES, bytes, List.of(-1L));
    return new Named(Signature.IMAGE_BYTES, List.of(input), outputs);
  }

  /** Unknown sizes are -1; the first axis is the batch's. */
  private static List<Long> shape(Shape shape) {
    List<Long> sizes = new ArrayList<>();
    for (long size : shape.asArray()) {
      sizes.add(sizes.isEmpty() ? Long.valueOf(-1) : Long.valueOf(size));
    }
    return List.copyOf(sizes);
  }
}
