package dev.graft.handoff;

import java.util.List;
import java.util.stream.Stream;

/**
 * The signature of the SavedModel to call.
 *
 * @param name for example {@code serving_default}
 * @param inputs at least one
 * @param outputs at least one
 */
public record Signature(String name, List<TensorInfo> inputs, List<TensorInfo> outputs) {
  /** From prepared inputs to answers. */
  public static final String SERVING_DEFAULT = "serving_default";

  /** From the bytes of image files to answers. */
  public static final String IMAGE_BYTES = "image_bytes";

  /** From prepared inputs to what the backbone hands to the head. */
  public static final String FEATURES = "features";

  /**
   * Checks the values.
   *
   * @throws IllegalArgumentException if the name is blank, a list is empty, or two inputs or two
   *     outputs share a name
   */
  public Signature {
    Checks.text("name of a signature", name);
    inputs = List.copyOf(inputs);
    outputs = List.copyOf(outputs);
    for (List<TensorInfo> tensors : List.of(inputs, outputs)) {
      if (tensors.isEmpty()) {
        throw new IllegalArgumentException(
            "A signature needs inputs and outputs, but has %d and %d."
                .formatted(inputs.size(), outputs.size()));
      }
      Checks.distinct("alias of a tensor", tensors.stream().map(TensorInfo::alias));
      Checks.distinct("key of a tensor", tensors.stream().map(TensorInfo::key));
    }
  }

  /** What people call an input: its alias, or the key itself where there is none. */
  public String inputName(String key) {
    return inputs.stream()
        .filter(input -> input.key().equals(key))
        .map(TensorInfo::alias)
        .findFirst()
        .orElse(key);
  }

  /** The aliases of the outputs, in order. */
  public Stream<String> outputAliases() {
    return outputs.stream().map(TensorInfo::alias);
  }
}
