package dev.graft.handoff;

import java.util.List;
import java.util.Optional;

/**
 * A layer of a model.
 *
 * @param name unique in the model; a layer of a nested model has the nested model's name and a
 *     slash before its own
 * @param className Keras's class, for example {@code Conv2D}
 * @param outputShape the size of each axis, -1 where it is not known; empty where the layer has no
 *     output or several
 * @param parameters number of weights, trainable or not
 * @param trainable the layer's own flag
 * @param variables in Keras's order
 */
public record Layer(
    String name,
    String className,
    Optional<List<Long>> outputShape,
    long parameters,
    boolean trainable,
    List<LayerVariable> variables) {
  /**
   * Checks the values.
   *
   * @throws IllegalArgumentException if a name is blank, a size is below -1 or the number of
   *     weights negative
   */
  public Layer {
    Checks.text("name of a layer", name);
    Checks.text("class of a layer", className);
    outputShape = outputShape.map(Checks::shape);
    Checks.notNegative("number of parameters of a layer", parameters);
    variables = List.copyOf(variables);
  }
}
