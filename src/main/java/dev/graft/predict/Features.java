package dev.graft.predict;

import dev.graft.handoff.Handoff;
import dev.graft.handoff.Layer;
import dev.graft.model.LayerOutputs;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.tensorflow.proto.GraphDef;

/**
 * Whether a model gives the features of its backbone beside what it answers, and from which layer.
 *
 * @param wanted whether it does
 * @param layer whose output they are; if not said, the last of the backbone
 */
public record Features(boolean wanted, Optional<String> layer) {
  /** No features. */
  public static final Features NONE = new Features(false, Optional.empty());

  /** What the backbone hands to the head. */
  public static final Features OF_BACKBONE = new Features(true, Optional.empty());

  /** What a layer answers. */
  public static Features of(String layer) {
    return new Features(true, Optional.of(layer));
  }

  /**
   * The tensor of the features.
   *
   * @throws IllegalArgumentException when there is no such layer
   */
  Optional<String> tensor(Path model, GraphDef graph, Optional<Handoff> handoff) {
    if (!wanted) {
      return Optional.empty();
    }
    List<String> names =
        handoff.stream().flatMap(known -> known.layers().stream()).map(Layer::name).toList();
    Optional<String> found =
        layer.isPresent()
            ? LayerOutputs.find(graph, layer.get(), names)
            : LayerOutputs.ofBackbone(graph, names);
    return Optional.of(
        found.orElseThrow(
            () ->
                new IllegalArgumentException(
                    "No layer of %s is called \"%s\"; its layers are %s."
                        .formatted(model, layer.orElse(""), String.join(", ", names)))));
  }
}
