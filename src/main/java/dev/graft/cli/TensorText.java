package dev.graft.cli;

import dev.graft.savedmodel.SavedSignature;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** Tensors of a signature in plain words. */
final class TensorText {
  private TensorText() {}

  /**
   * Such as {@code images: float32 [?, 16, 16, 3], any number of images of 16 × 16, 3 channels}.
   */
  static String input(SavedSignature.Tensor tensor) {
    return plain(tensor) + words(tensor, "%s of %s × %s, %s channels");
  }

  /**
   * The same for what is answered.
   *
   * @param labels number of labels of the model; 0 where it has none
   */
  static String output(SavedSignature.Tensor tensor, int labels) {
    List<Long> shape = tensor.shape();
    boolean isOfLabels = labels > 0 && shape != null && shape.size() == 2 && shape.get(1) == labels;
    return isOfLabels
        ? plain(tensor) + ", for each example one number a label"
        : plain(tensor) + words(tensor, "%s, each a map of %s × %s with %s channels");
  }

  private static String plain(SavedSignature.Tensor tensor) {
    return "%s: %s %s".formatted(tensor.key(), type(tensor.dtype().name()), shape(tensor.shape()));
  }

  private static String words(SavedSignature.Tensor tensor, String ofImages) {
    List<Long> shape = tensor.shape();
    if (shape == null || shape.isEmpty()) {
      return "";
    }
    boolean texts = tensor.dtype().name().equals("DT_STRING");
    String count = shape.get(0) < 0 ? "any number of " : "exactly " + shape.get(0) + " ";
    List<String> sizes =
        shape.stream().skip(1).map(size -> size < 0 ? "any" : String.valueOf(size)).toList();
    return ", "
        + switch (sizes.size()) {
          case 0 -> count + (texts ? "strings or files" : "numbers");
          case 1 -> count + "rows of " + sizes.get(0) + (texts ? " strings" : " numbers");
          case 2 ->
              count + "sequences of " + sizes.get(0) + " rows of " + sizes.get(1) + " numbers";
          case 3 -> ofImages.formatted(count + "images", sizes.get(0), sizes.get(1), sizes.get(2));
          default -> count + "arrays of " + String.join(" × ", sizes);
        };
  }

  /** As numpy calls it. */
  static String type(Enum<?> dtype) {
    return type(dtype.name());
  }

  private static String type(String name) {
    return switch (name) {
      case "DT_FLOAT" -> "float32";
      case "DT_DOUBLE" -> "float64";
      case "DT_HALF" -> "float16";
      default -> name.replace("DT_", "").toLowerCase(Locale.ROOT);
    };
  }

  /** Such as {@code [?, 224, 224, 3]}. */
  static String shape(List<Long> shape) {
    return shape == null
        ? "of unknown shape"
        : shape.stream()
            .map(size -> size < 0 ? "?" : String.valueOf(size))
            .collect(Collectors.joining(", ", "[", "]"));
  }
}
