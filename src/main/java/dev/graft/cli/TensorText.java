package dev.graft.cli;

import dev.graft.savedmodel.SavedSignature;
import dev.graft.tensor.TypeName;
import java.util.List;
import java.util.stream.Collectors;

/** Tensors of a signature in plain words. */
final class TensorText {
  private TensorText() {}

  /**
   * Such as {@code images: float32 [?, 16, 16, 3], any number of images of 16 × 16, 3 channels}.
   */
  static String input(SavedSignature.Tensor tensor) {
    List<Long> shape = tensor.shape();
    if (shape == null || shape.isEmpty()) {
      return plain(tensor);
    }
    String count = shape.get(0) < 0 ? "any number of " : "exactly " + shape.get(0) + " ";
    List<String> sizes = sizes(shape);
    String unit = isText(tensor) ? "strings" : "numbers";
    String example =
        switch (sizes.size()) {
          case 0 -> isText(tensor) ? "strings, such as the bytes of files" : unit;
          case 1 -> "rows of %s %s".formatted(sizes.get(0), unit);
          case 2 -> "sequences of %s rows of %s %s".formatted(sizes.get(0), sizes.get(1), unit);
          case 3 -> "images of %s × %s, %s channels".formatted(sizes.toArray());
          default -> "arrays of " + String.join(" × ", sizes);
        };
    return plain(tensor) + ", " + count + example;
  }

  /**
   * The same for what is answered.
   *
   * @param labels number of labels of the model; 0 where it has none
   */
  static String output(SavedSignature.Tensor tensor, int labels) {
    List<Long> shape = tensor.shape();
    if (shape == null || shape.isEmpty()) {
      return plain(tensor);
    }
    List<String> sizes = sizes(shape);
    String unit = isText(tensor) ? "string" : "number";
    String answer =
        switch (sizes.size()) {
          case 0 -> "a " + unit;
          case 1 ->
              labels > 0 && shape.get(1) == labels
                  ? "a %s a label".formatted(unit)
                  : "%s %ss".formatted(sizes.get(0), unit);
          case 2 -> "%s rows of %s %ss".formatted(sizes.get(0), sizes.get(1), unit);
          case 3 -> "a map of %s × %s, %s channels".formatted(sizes.toArray());
          default -> "an array of " + String.join(" × ", sizes);
        };
    return plain(tensor) + ", for each example " + answer;
  }

  private static String plain(SavedSignature.Tensor tensor) {
    return "%s: %s %s".formatted(tensor.key(), TypeName.of(tensor.dtype()), shape(tensor.shape()));
  }

  private static boolean isText(SavedSignature.Tensor tensor) {
    return tensor.dtype().name().equals("DT_STRING");
  }

  /** Without the first, which counts the examples. */
  private static List<String> sizes(List<Long> shape) {
    return shape.stream().skip(1).map(size -> size < 0 ? "any" : String.valueOf(size)).toList();
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
