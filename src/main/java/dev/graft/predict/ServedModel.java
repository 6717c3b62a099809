package dev.graft.predict;

import dev.graft.handoff.Handoff;
import dev.graft.image.ImageShape;
import dev.graft.model.FrozenGraph;
import dev.graft.savedmodel.FlatInput;
import dev.graft.savedmodel.FlatModel;
import dev.graft.savedmodel.FlatOutput;
import dev.graft.savedmodel.ModelFormatException;
import dev.graft.savedmodel.SavedModel;
import dev.graft.tensor.Arithmetic;
import dev.graft.tensor.HostTensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.tensorflow.proto.DataType;

/**
 * A SavedModel as it was saved, in float32, its variables as constants. Run as built it is the
 * truth that golden samples, final figures and exports are measured with. Owns a {@link
 * FrozenGraph}; close it. Safe for many threads.
 *
 * @param handoff of the model, if it has one
 * @param inputs what to feed, in order
 * @param outputs names of the outputs in order: the handoff's aliases, else the signature's keys
 * @param graph takes the inputs and gives the outputs
 */
record ServedModel(
    Optional<Handoff> handoff, List<FlatInput> inputs, List<String> outputs, FrozenGraph graph)
    implements AutoCloseable {

  /** The name of the additional output of {@link #open(Path, Arithmetic, Features)}. */
  static final String FEATURES = "features";

  static ServedModel open(Path folder, Arithmetic arithmetic) throws IOException {
    return open(folder, arithmetic, Features.NONE);
  }

  static ServedModel open(Path folder, Arithmetic arithmetic, Features features)
      throws IOException {
    SavedModel saved = SavedModel.read(folder);
    Optional<Handoff> handoff = Handoff.read(folder);
    FlatModel flat = saved.flatten(handoff.map(known -> known.signature().name()).orElse(null));
    return open(saved, flat, handoff, arithmetic, features);
  }

  /** Opens a model of others for images of a shape, whatever else lies in its folder. */
  static ServedModel open(
      Path folder, Arithmetic arithmetic, Optional<String> signature, ImageShape image)
      throws IOException {
    SavedModel saved = SavedModel.read(folder);
    FlatModel flat = ForeignInput.floats(saved.flatten(signature.orElse(null)), image);
    return open(saved, flat, Optional.empty(), arithmetic, Features.NONE);
  }

  private static ServedModel open(
      SavedModel saved,
      FlatModel whole,
      Optional<Handoff> handoff,
      Arithmetic arithmetic,
      Features features)
      throws IOException {
    Path folder = saved.directory();
    FlatModel flat = whole.withOutputs(output -> output.dtype() != DataType.DT_STRING);
    Map<String, String> tensors =
        flat.outputs().stream()
            .collect(
                Collectors.toMap(FlatOutput::key, FlatOutput::tensor, (a, b) -> a, HashMap::new));
    Map<String, String> named = named(flat, handoff);
    Optional<String> layer = features.tensor(folder, flat.graph(), handoff);
    layer.ifPresent(
        tensor -> {
          named.put(FEATURES, FEATURES);
          tensors.put(FEATURES, tensor);
        });
    List<String> fetched = fetched(folder, named, tensors);
    FrozenGraph graph =
        FrozenGraph.open(
            arithmetic,
            flat.graph(),
            saved.values(flat),
            flat.inputs().stream().map(FlatInput::node).toList(),
            fetched);
    return new ServedModel(handoff, flat.inputs(), List.copyOf(named.keySet()), graph);
  }

  private static List<String> fetched(
      Path folder, Map<String, String> named, Map<String, String> tensors)
      throws ModelFormatException {
    for (String key : named.values()) {
      if (!tensors.containsKey(key)) {
        throw new ModelFormatException(
            folder,
            "The handoff names the output \""
                + key
                + "\" but the model has "
                + String.join(", ", tensors.keySet())
                + "; export it again.");
      }
    }
    return named.values().stream().map(tensors::get).toList();
  }

  /** Alias to key, or key to key without a handoff. */
  private static Map<String, String> named(FlatModel flat, Optional<Handoff> handoff) {
    Map<String, String> named = new LinkedHashMap<>();
    if (handoff.isPresent()) {
      // Of labels there is nothing to compute: they follow from the other answers.
      handoff.get().signature().outputs().stream()
          .filter(output -> !output.dtype().equals("string"))
          .forEach(output -> named.put(output.alias(), output.key()));
    } else {
      flat.outputs().forEach(output -> named.put(output.key(), output.key()));
    }
    return named;
  }

  /** What people call an input: its alias in the handoff, or its key. */
  String inputName(FlatInput input) {
    return handoff.map(known -> known.signature().inputName(input.key())).orElse(input.key());
  }

  /** Runs a batch; the answers by name of the output. */
  Map<String, HostTensor> run(List<HostTensor> batch) {
    List<HostTensor> answers = graph.run(batch);
    Map<String, HostTensor> named = new LinkedHashMap<>();
    for (int i = 0; i < outputs.size(); i++) {
      named.put(outputs.get(i), answers.get(i));
    }
    return named;
  }

  @Override
  public void close() {
    graph.close();
  }
}
