package dev.graft.model;

import dev.graft.image.ImageShape;
import dev.graft.model.WinogradConvolutions.Filtered;
import dev.graft.tensor.Arithmetic;
import dev.graft.tensor.HostTensor;
import dev.graft.tensor.NativeLibrary;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.tensorflow.Graph;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.proto.GraphDef;

/**
 * A graph whose variables do not change, ready to run. Owns a graph and a session; close it. Safe
 * for many threads; {@link #close} waits for nobody, so close it when the last run has ended.
 *
 * <p>A row's answer does not depend on its neighbours, to the last bit, nor on whether it has any:
 * some of TensorFlow's kernels round differently for a single row, so a lone one is run twice where
 * that may be so.
 */
public final class FrozenGraph implements AutoCloseable {
  /**
   * Whether convolutions may be minimally filtered: where it was seen that a product's rows have
   * the same bits whatever their number. TensorFlow multiplies with another library elsewhere, and
   * on GPUs.
   */
  private static final boolean FILTERS =
      NativeLibrary.platform().endsWith("x86_64")
          && !NativeLibrary.isOnClassPath(NativeLibrary.platform() + NativeLibrary.GPU);

  private final Arithmetic arithmetic;
  private final boolean constant;
  private final List<String> inputs;
  private final List<String> outputs;
  private final Graph graph;
  private final Session session;
  private final LoneRows loneRows;
  private volatile boolean closed;

  private FrozenGraph(
      Arithmetic arithmetic,
      boolean constant,
      List<String> inputs,
      List<String> outputs,
      Graph graph,
      LoneRows loneRows) {
    this.arithmetic = arithmetic;
    this.constant = constant;
    this.inputs = List.copyOf(inputs);
    this.outputs = List.copyOf(outputs);
    this.graph = graph;
    this.loneRows = loneRows;
    this.session = new Session(graph, arithmetic.config());
  }

  /**
   * Opens a graph.
   *
   * @param arithmetic whether TensorFlow may rearrange it
   * @param definition a flat graph
   * @param values of every variable in it, by the name of its {@code VarHandleOp}
   * @param inputs names of the placeholders to feed, first axis the batch
   * @param outputs names of the tensors to fetch, {@code node:index}, first axis the batch
   */
  public static FrozenGraph open(
      Arithmetic arithmetic,
      GraphDef definition,
      Map<String, HostTensor> values,
      List<String> inputs,
      List<String> outputs) {
    GraphDef filled = ConstantVariables.fill(definition, values);
    Map<String, HostTensor> live = ConstantVariables.live(definition, values);
    GraphDef arranged =
        arithmetic.isFolded()
            ? FoldedScales.fold(FoldedPads.fold(filled, inputs), outputs)
            : filled;
    GraphDef padded = PaddedProducts.pad(arranged);
    Filtered ready =
        arithmetic == Arithmetic.WINOGRAD && FILTERS
            ? WinogradConvolutions.replace(padded, inputs)
            : new Filtered(padded, Map.of());
    Map<String, HostTensor> variables = new LinkedHashMap<>(live);
    variables.putAll(ready.kernels());
    Set<String> wanted = new HashSet<>(inputs);
    wanted.addAll(variables.keySet());
    outputs.forEach(output -> wanted.add(TensorName.parse(output).node()));
    GraphDef pruned = PrunedGraph.of(ready.graph(), wanted);
    return openFilled(arithmetic, pruned, variables, inputs, outputs);
  }

  /**
   * Opens a graph that {@link #write} wrote, in whatever process.
   *
   * @throws IOException when it can't be read, or is none
   */
  public static FrozenGraph read(InputStream in) throws IOException {
    DataInputStream data = new DataInputStream(in);
    Arithmetic arithmetic = Arithmetic.valueOf(data.readUTF());
    List<String> inputs = readNames(data);
    List<String> outputs = readNames(data);
    return openFilled(arithmetic, GraphDef.parseFrom(data), Map.of(), inputs, outputs);
  }

  private static List<String> readNames(DataInputStream data) throws IOException {
    List<String> names = new ArrayList<>();
    for (int left = data.readInt(); left > 0; left--) {
      names.add(data.readUTF());
    }
    return names;
  }

  /**
   * Writes the graph with its weights, for {@link #read} in another process of the same platform.
   *
   * @throws IllegalStateException when it holds variables: those inside a loop, or the kernels of
   *     minimal filtering
   */
  public void write(OutputStream out) throws IOException {
    if (!constant) {
      throw new IllegalStateException(
          "The graph holds variables (inside a loop or a condition, or of minimal filtering), so it"
              + " can't leave its process.");
    }
    DataOutputStream data = new DataOutputStream(out);
    data.writeUTF(arithmetic.name());
    for (List<String> names : List.of(inputs, outputs)) {
      data.writeInt(names.size());
      for (String name : names) {
        data.writeUTF(name);
      }
    }
    graph.toGraphDef().writeTo(data);
    data.flush();
  }

  private static FrozenGraph openFilled(
      Arithmetic arithmetic,
      GraphDef filled,
      Map<String, HostTensor> live,
      List<String> inputs,
      List<String> outputs) {
    Graph graph = new Graph();
    try {
      graph.importGraphDef(filled);
      FrozenGraph frozen =
          new FrozenGraph(arithmetic, live.isEmpty(), inputs, outputs, graph, LoneRows.of(filled));
      try {
        VariableValues.assign(graph, frozen.session, live);
        return frozen;
      } catch (RuntimeException | Error e) {
        frozen.session.close();
        throw e;
      }
    } catch (RuntimeException | Error e) {
      graph.close();
      throw e;
    }
  }

  /** How it computes. */
  public Arithmetic arithmetic() {
    return arithmetic;
  }

  /** Names of the placeholders to feed, in order. */
  public List<String> inputs() {
    return inputs;
  }

  /**
   * Runs a batch.
   *
   * @param batch one tensor for each input, in their order; all with the same first axis, at least
   *     one row
   * @return one tensor for each output, in their order
   * @throws IllegalArgumentException when the number of tensors or rows is wrong
   * @throws IllegalStateException when closed
   */
  public List<HostTensor> run(List<HostTensor> batch) {
    requireOpen();
    long rows = rows(batch);
    return rows == 1 ? loneRows.run(batch, this::runNative) : runNative(batch);
  }

  /**
   * Runs a batch of images, as {@link #run} does, with a copy less.
   *
   * @param shape of each
   * @param images values of each, row-major, at least one image
   */
  List<HostTensor> run(ImageShape shape, List<float[]> images) {
    if (images.size() == 1 || inputs.size() != 1 || outputs.stream().anyMatch(this::isInput)) {
      return run(List.of(ImageBatch.of(shape, images)));
    }
    requireOpen();
    try (Tensor batch = ImageBatch.toNative(shape, images)) {
      return fetch(List.of(batch), outputs);
    }
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("The model was closed; load it again to run it.");
    }
  }

  private long rows(List<HostTensor> batch) {
    if (batch.size() != inputs.size()) {
      throw new IllegalArgumentException(
          "Expected one tensor for each of the inputs "
              + inputs
              + " but got "
              + batch.size()
              + ".");
    }
    List<Long> counts =
        batch.stream()
            .map(tensor -> tensor.shape().isEmpty() ? Long.valueOf(0) : tensor.shape().get(0))
            .distinct()
            .toList();
    if (counts.size() != 1 || counts.get(0) < 1) {
      throw new IllegalArgumentException(
          "Expected a batch of at least one row in each of the inputs "
              + inputs
              + " but got "
              + counts
              + " rows.");
    }
    return counts.get(0);
  }

  private List<HostTensor> runNative(List<HostTensor> batch) {
    // TensorFlow refuses to fetch what is fed: an input that is asked for is handed through.
    List<String> computed = outputs.stream().filter(output -> !isInput(output)).toList();
    List<HostTensor> answers = computed.isEmpty() ? List.of() : compute(batch, computed);
    return outputs.stream()
        .map(
            output ->
                isInput(output)
                    ? batch.get(inputs.indexOf(TensorName.parse(output).node()))
                    : answers.get(computed.indexOf(output)))
        .toList();
  }

  private List<HostTensor> compute(List<HostTensor> batch, List<String> tensors) {
    List<Tensor> fed = new ArrayList<>();
    try {
      batch.forEach(tensor -> fed.add(tensor.toNative()));
      return fetch(fed, tensors);
    } finally {
      fed.forEach(Tensor::close);
    }
  }

  private List<HostTensor> fetch(List<Tensor> fed, List<String> tensors) {
    Session.Runner runner = session.runner();
    for (int i = 0; i < inputs.size(); i++) {
      runner.feed(inputs.get(i), fed.get(i));
    }
    tensors.forEach(runner::fetch);
    try (Result result = runner.run()) {
      List<HostTensor> fetched = new ArrayList<>();
      for (int i = 0; i < tensors.size(); i++) {
        fetched.add(HostTensor.fromNative(result.get(i)));
      }
      return fetched;
    }
  }

  private boolean isInput(String output) {
    return inputs.contains(TensorName.parse(output).node());
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      session.close();
      graph.close();
    }
  }
}
