package dev.graft.handoff;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** What every value of a handoff must be; each throws IllegalArgumentException with a sentence. */
final class Checks {
  private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");
  private static final Pattern DRIVE = Pattern.compile("[A-Za-z]:.*", Pattern.DOTALL);
  private static final Set<String> DTYPES =
      Set.of(
          "bool",
          "string",
          "float16",
          "bfloat16",
          "float32",
          "float64",
          "int8",
          "int16",
          "int32",
          "int64",
          "uint8",
          "uint16",
          "uint32",
          "uint64",
          "complex64",
          "complex128");

  private Checks() {}

  static void text(String what, String text) {
    if (text.isBlank()) {
      throw new IllegalArgumentException("The " + what + " must not be blank.");
    }
  }

  static void notNegative(String what, long number) {
    if (number < 0) {
      throw new IllegalArgumentException(
          "The " + what + " must not be negative, but is " + number + ".");
    }
  }

  static void dtype(String dtype) {
    if (!DTYPES.contains(dtype)) {
      throw new IllegalArgumentException(
          "An element type is one of %s, but got \"%s\"."
              .formatted(String.join(", ", DTYPES.stream().sorted().toList()), dtype));
    }
  }

  static List<Long> shape(List<Long> shape) {
    if (shape.stream().anyMatch(size -> size < -1)) {
      throw new IllegalArgumentException(
          "A size is 0 or more, or -1 where it is not known, but the shape is " + shape + ".");
    }
    return List.copyOf(shape);
  }

  static void sha256(String hash) {
    if (!SHA256.matcher(hash).matches()) {
      throw new IllegalArgumentException(
          "A SHA-256 value is 64 lower-case hexadecimal digits, but got \"" + hash + "\".");
    }
  }

  /** A path that stays in the folder on every system. */
  static void path(String path) {
    boolean stays = !path.contains("\\") && !path.contains("\0") && !DRIVE.matcher(path).matches();
    for (String part : path.split("/", -1)) {
      stays &= !part.isEmpty() && !part.equals(".") && !part.equals("..");
    }
    if (!stays) {
      throw new IllegalArgumentException(
          "A path must lie in the model's folder and be written with /, but got \"" + path + "\".");
    }
  }

  static void distinct(String what, Stream<String> names) {
    Set<String> seen = new HashSet<>();
    List<String> repeated = names.filter(name -> !seen.add(name)).distinct().toList();
    if (!repeated.isEmpty()) {
      throw new IllegalArgumentException(
          "The %s must be unique, but there are several of \"%s\"."
              .formatted(what, String.join("\", \"", repeated)));
    }
  }
}
