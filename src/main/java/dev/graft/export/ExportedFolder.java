package dev.graft.export;

import dev.graft.data.Labels;
import dev.graft.handoff.Handoff;
import dev.graft.handoff.Layer;
import dev.graft.handoff.LayerVariable;
import dev.graft.predict.Verification;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Writes the folder of a model, reads it again, and compares what it answers. */
final class ExportedFolder {
  private ExportedFolder() {}

  /** Adds what the SavedModel alone has not, and says what the handoff is to say. */
  interface Addition {
    /**
     * Writes golden samples, and whatever else, into the folder.
     *
     * @return the handoff without its list of files
     */
    Handoff write(Path folder, ServingGraph graph) throws IOException;
  }

  /**
   * Writes a model.
   *
   * @param folder where nothing is yet; on failure nothing is left there
   * @throws IllegalStateException when the written model does not answer as it should
   */
  static Verification write(Path folder, ServedParts given, WeightForm form, Addition addition)
      throws IOException {
    ServedParts parts = given.in(form);
    ServingGraph graph = ServingGraph.of(parts);
    graph.writer().asset("labels.txt", lines(parts.task().labels())).write(folder);
    try {
      Handoff built = withVariablesOf(parts, addition.write(folder, graph));
      Handoff handoff =
          form == WeightForm.BFLOAT16 ? Bfloat16Samples.replace(folder, parts, built) : built;
      new ServingExtras(handoff, handoff.golden().orElseThrow().read(folder)).write(folder);
      Files.writeString(folder.resolve(ModelCard.FILE_NAME), ModelCard.of(handoff));
      handoff.withFiles(Handoff.hashFiles(folder)).write(folder);
      Verification verification = Verification.of(folder);
      if (!verification.isPassed()) {
        throw new IllegalStateException(
            "The exported model does not answer as the trained one. " + verification.complaint());
      }
      return verification;
    } catch (IOException | RuntimeException | Error e) {
      FolderDeletion.delete(folder);
      throw e;
    }
  }

  private static byte[] lines(Labels labels) {
    return (String.join("\n", labels.names()) + "\n").getBytes(StandardCharsets.UTF_8);
  }

  /** Constants are no variables of the checkpoint. */
  private static Handoff withVariablesOf(ServedParts parts, Handoff handoff) {
    Set<String> written = new HashSet<>(parts.kept().keySet());
    parts.variables().forEach(variable -> written.add(variable.name()));
    List<Layer> layers = new ArrayList<>();
    for (Layer layer : handoff.layers()) {
      List<LayerVariable> variables =
          layer.variables().stream().filter(variable -> written.contains(variable.name())).toList();
      layers.add(
          new Layer(
              layer.name(),
              layer.className(),
              layer.outputShape(),
              layer.parameters(),
              layer.trainable(),
              variables));
    }
    return handoff.withLayers(layers);
  }
}
