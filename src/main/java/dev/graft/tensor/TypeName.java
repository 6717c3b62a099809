package dev.graft.tensor;

import java.util.Arrays;
import java.util.Locale;
import org.tensorflow.proto.DataType;

/** What the types of tensors are called outside TensorFlow: as numpy does, {@code float32}. */
public final class TypeName {
  private static final String PREFIX = "DT_";

  private TypeName() {}

  /** The name of a type. */
  public static String of(DataType type) {
    return switch (type) {
      case DT_FLOAT -> "float32";
      case DT_DOUBLE -> "float64";
      case DT_HALF -> "float16";
      default -> type.name().replace(PREFIX, "").toLowerCase(Locale.ROOT);
    };
  }

  /**
   * The type of a name.
   *
   * @throws IllegalArgumentException when no type is called so
   */
  public static DataType type(String name) {
    return Arrays.stream(DataType.values())
        .filter(type -> type.name().startsWith(PREFIX) && of(type).equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "No type is called \"%s\"; expected one of numpy's, such as float32."
                        .formatted(name)));
  }
}
