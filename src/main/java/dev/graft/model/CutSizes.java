package dev.graft.model;

import dev.graft.savedmodel.FlatInput;
import dev.graft.savedmodel.FlatVariable;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** How much of an image is stored when training starts at a layer. */
public final class CutSizes {
  private CutSizes() {}

  /**
   * Bytes an image at the cut, by the name of the first layer that trains (see {@link
   * FreezePlan#unfreezeFrom}), for the layers with trainable variables from which on all can train.
   * Empty when the size of the model's input is not known.
   */
  public static Map<String, Long> of(Backbone backbone) {
    List<String> inputs = backbone.flat().inputs().stream().map(FlatInput::node).toList();
    TensorShapes shapes = TensorShapes.of(backbone.flat().graph(), inputs);
    GraphNodes nodes = new GraphNodes(backbone.flat().graph());
    Preflight preflight = Preflight.of(backbone);
    List<String> changing = new ArrayList<>();
    Map<String, Long> sizes = new LinkedHashMap<>();
    for (int i = backbone.layers().size() - 1; i >= 0; i--) {
      BackboneLayer layer = backbone.layers().get(i);
      if (!preflight.verdicts().get(i).canTrain()) {
        continue;
      }
      layer.variables().stream()
          .filter(FlatVariable::trainable)
          .forEach(variable -> changing.add(variable.node()));
      try {
        Cut cut = Cut.of(nodes, new Cut.Sources(inputs, changing, backbone.ends()), shapes);
        sizes.put(
            layer.name(), cut.tensors().stream().mapToLong(CutTensor::rowSize).sum() * Float.BYTES);
      } catch (IllegalArgumentException unknownSize) {
        return Map.of();
      }
    }
    return sizes;
  }
}
