package dev.graft.export;

import dev.graft.data.Labels;
import dev.graft.data.Task;
import dev.graft.handoff.Golden;
import dev.graft.handoff.Handoff;
import dev.graft.handoff.Layer;
import dev.graft.handoff.LayerVariable;
import dev.graft.handoff.Signature;
import dev.graft.handoff.TensorInfo;
import dev.graft.model.LayerOutputs;
import dev.graft.predict.ModelFolder;
import dev.graft.predict.Verification;
import dev.graft.savedmodel.Checkpoint;
import dev.graft.savedmodel.FlatInput;
import dev.graft.savedmodel.FlatModel;
import dev.graft.savedmodel.FlatVariable;
import dev.graft.savedmodel.ModelFormatException;
import dev.graft.savedmodel.SavedModel;
import dev.graft.tensor.HostTensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.tensorflow.proto.DataType;

/**
 * Exports the model of a run again, in a form that is asked for. The same model and form give the
 * same bytes.
 */
public final class ModelCopy {
  private final Path source;
  private final Handoff handoff;

  private ModelCopy(Path source, Handoff handoff) {
    this.source = source;
    this.handoff = handoff;
  }

  /**
   * Reads what is to be exported.
   *
   * @param modelOrRun a run's folder, or the model that training wrote
   * @throws ModelFormatException when it is not, was exported in bfloat16, or a file of it does not
   *     have the hash that its handoff says
   * @throws IOException when it can't be read
   */
  public static ModelCopy of(Path modelOrRun) throws IOException {
    Path folder = ModelFolder.of(modelOrRun);
    SavedModel.read(folder);
    Handoff handoff =
        Handoff.read(folder)
            .filter(ModelCopy::isTrained)
            .orElseThrow(
                () ->
                    new ModelFormatException(
                        folder,
                        folder
                            + " is no model that graft train made, so it can't be exported: give a"
                            + " run, or its model folder."));
    if (handoff.precision().isPresent()) {
      throw new ModelFormatException(
          folder,
          "%s computes its backbone in %s, which can't become float32 again: export from the run."
              .formatted(folder, handoff.precision().get().backbone().word()));
    }
    handoff.checkFiles(folder);
    return new ModelCopy(folder, handoff);
  }

  /** Whether Graft made the model, and no other exporter. */
  private static boolean isTrained(Handoff handoff) {
    return handoff.training().isPresent() || handoff.model().source().equals("graft");
  }

  /**
   * Writes the model, reads it again, and compares what it answers with the golden samples of the
   * one that was read; in bfloat16 with those that the new one has answered, whose differences from
   * the others its handoff says.
   *
   * @param folder where nothing is yet; on failure nothing is left there
   * @return the comparison, which passed
   * @throws IllegalArgumentException when something is there, the weights that are to be variables
   *     are constants, or a backbone has nothing that bfloat16 would change
   * @throws IllegalStateException when the written model does not answer as the one that was read
   * @throws IOException when it can't be written
   */
  public Verification write(Path folder, WeightForm form) throws IOException {
    return write(folder, form, false);
  }

  /**
   * As {@link #write(Path, WeightForm)}; a model that Graft exported may be there, which the new
   * one replaces once it is whole.
   *
   * @throws IllegalArgumentException also when something else is there
   */
  public Verification write(Path folder, WeightForm form, boolean overwrite) throws IOException {
    if (!Files.exists(folder)) {
      return ExportedFolder.write(folder, parts(form), form, this::add);
    }
    requireReplaceable(folder, overwrite);
    Path beside = folder.resolveSibling("." + folder.getFileName() + "." + UUID.randomUUID());
    Verification verification = ExportedFolder.write(beside, parts(form), form, this::add);
    FolderDeletion.delete(folder);
    Files.move(beside, folder);
    return verification;
  }

  private void requireReplaceable(Path folder, boolean overwrite) throws IOException {
    if (folder.toRealPath().equals(source.toRealPath())) {
      throw new IllegalArgumentException(
          folder + " is the model that is to be exported: choose another folder.");
    }
    if (Handoff.read(folder).filter(ModelCopy::isTrained).isEmpty()) {
      throw new IllegalArgumentException(
          folder + " is there and no model that was exported: choose another folder.");
    }
    if (!overwrite) {
      throw new IllegalArgumentException(
          folder + " exists already: choose another folder, or replace it with --overwrite.");
    }
  }

  private ServedParts parts(WeightForm form) throws IOException {
    SavedModel saved = SavedModel.read(source);
    FlatModel flat =
        saved
            .flatten(Signature.SERVING_DEFAULT)
            .withOutputs(output -> output.dtype() != DataType.DT_STRING);
    if (flat.variables().isEmpty() && form == WeightForm.VARIABLES) {
      throw new IllegalArgumentException(
          source
              + " has its weights as constants, which can't become variables again: export from the"
              + " run, or give --constants.");
    }
    Map<String, String> outputs = new LinkedHashMap<>();
    flat.outputs().forEach(output -> outputs.put(output.key(), output.tensor()));
    Task task =
        new Task(
            handoff.task().orElse(Task.Kind.CLASSES), new Labels(handoff.labels().orElseThrow()));
    boolean numbers = task.kind() == Task.Kind.NUMBERS;
    List<String> layers = handoff.layers().stream().map(Layer::name).toList();
    String features =
        LayerOutputs.ofBackbone(flat.graph(), layers)
            .orElseThrow(
                () -> new ModelFormatException(source, source + " has no layer of a backbone."));
    return new ServedParts(
        flat.graph(),
        inputs(flat),
        outputs.get(numbers ? ServingGraph.NUMBERS : ServingGraph.PROBABILITIES),
        Optional.ofNullable(outputs.get(ServingGraph.LOGITS)),
        features,
        variables(flat, saved.values(flat)),
        kept(flat, saved.checkpoint()),
        task,
        handoff.preparation());
  }

  private List<ServedParts.Input> inputs(FlatModel flat) {
    List<ServedParts.Input> inputs = new ArrayList<>();
    for (TensorInfo info : handoff.signature().inputs()) {
      FlatInput input =
          flat.inputs().stream()
              .filter(one -> one.key().equals(info.key()))
              .findFirst()
              .orElseThrow();
      inputs.add(new ServedParts.Input(info.alias(), input.node(), input.dtype(), input.shape()));
    }
    return inputs;
  }

  private static List<ServedParts.Variable> variables(
      FlatModel flat, Map<String, HostTensor> values) {
    return flat.variables().stream()
        .map(
            variable ->
                new ServedParts.Variable(
                    variable.node(),
                    variable.name(),
                    values.get(variable.node()),
                    variable.trainable()))
        .toList();
  }

  private Map<String, HostTensor> kept(FlatModel flat, Checkpoint checkpoint) throws IOException {
    Set<String> read = flat.variables().stream().map(FlatVariable::key).collect(Collectors.toSet());
    Map<String, HostTensor> kept = new LinkedHashMap<>();
    for (LayerVariable variable : handoff.variables()) {
      if (!read.contains(variable.key())) {
        kept.put(variable.name(), checkpoint.read(variable.key()));
      }
    }
    return kept;
  }

  /** The golden samples and the licence as they are. */
  private Handoff add(Path folder, ServingGraph graph) throws IOException {
    Golden golden = handoff.golden().orElseThrow();
    List<String> copied = new ArrayList<>(golden.files());
    handoff.weights().file().ifPresent(copied::add);
    for (String path : copied) {
      Path target = folder.resolve(path);
      Files.createDirectories(target.getParent());
      Files.copy(source.resolve(path), target, StandardCopyOption.REPLACE_EXISTING);
    }
    List<Signature> signatures = graph.signatures();
    return handoff.withSignatures(signatures.get(0), signatures.subList(1, signatures.size()));
  }
}
