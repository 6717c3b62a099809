package dev.graft.handoff;

/**
 * What a model is.
 *
 * @param name for example {@code vgg16}
 * @param source {@code keras.applications}, {@code graft_export}, {@code file:NAME.keras} or {@code
 *     graft}
 * @param includeTop whether the classifier that the model was first trained with is part of it
 * @param parameters number of weights, trainable or not
 */
public record ModelInfo(String name, String source, boolean includeTop, long parameters) {
  /**
   * Checks the values.
   *
   * @throws IllegalArgumentException if a text is blank or the number negative
   */
  public ModelInfo {
    Checks.text("name of a model", name);
    Checks.text("source of a model", source);
    Checks.notNegative("number of parameters of a model", parameters);
  }
}
