package dev.graft.tensor;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;

/**
 * In what numbers a frozen part, or the backbone of an export, is computed. What trains is float32.
 */
public enum Precision {
  /** As Keras computes. */
  FLOAT32(Arithmetic.FUSED, "float32"),
  /**
   * Float32, with large 3×3 convolutions by Winograd's minimal filtering: faster, and by a few
   * millionths off. A large head that trains on such features under Adam may magnify that to a
   * hundredth of the loss, while its history in float32 equals Keras's.
   */
  WINOGRAD(Arithmetic.WINOGRAD, "float32 with Winograd's minimal filtering"),
  /**
   * Of 16 bits, on processors that multiply them by themselves; faster, and by 1e-2 and more off.
   */
  BFLOAT16(Arithmetic.BFLOAT16, "bfloat16");

  private static final Set<String> INSTRUCTIONS = Set.of("avx512_bf16", "amx_bf16");

  private final Arithmetic arithmetic;
  private final String description;

  Precision(Arithmetic arithmetic, String description) {
    this.arithmetic = arithmetic;
    this.description = description;
  }

  /** How a session computes so. */
  public Arithmetic arithmetic() {
    return arithmetic;
  }

  /** In words. */
  public String describe() {
    return description;
  }

  /** As the command line has it. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * Reads {@code float32}, {@code winograd}, {@code bfloat16}, or {@code auto}: bfloat16 on a
   * processor that has it.
   *
   * @param otherwise what {@code auto} is on other processors
   * @throws IllegalArgumentException if it is another word, or bfloat16 on a processor without it
   */
  public static Precision parse(String text, Precision otherwise) {
    return parse(text, otherwise, isInProcessor());
  }

  static Precision parse(String text, Precision otherwise, boolean bfloat16) {
    return switch (text.toLowerCase(Locale.ROOT)) {
      case "float32" -> FLOAT32;
      case "winograd" -> WINOGRAD;
      case "auto" -> bfloat16 ? BFLOAT16 : otherwise;
      case "bfloat16" -> {
        if (!bfloat16) {
          throw new IllegalArgumentException(
              "This processor has no instructions for bfloat16 (avx512_bf16 or amx_bf16 in"
                  + " /proc/cpuinfo): use --precision float32, winograd or auto.");
        }
        yield BFLOAT16;
      }
      default ->
          throw new IllegalArgumentException(
              "The precision is float32, winograd, bfloat16 or auto, but got \"" + text + "\".");
    };
  }

  /**
   * Reads what an export's backbone may be computed in, {@code float32} or {@code bfloat16},
   * whatever this processor has.
   *
   * @throws IllegalArgumentException if it is another word
   */
  public static Precision named(String text) {
    return Stream.of(FLOAT32, BFLOAT16)
        .filter(precision -> precision.word().equals(text))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "The precision is float32 or bfloat16, but got \"" + text + "\"."));
  }

  /** Whether the processor multiplies bfloat16 by itself; known on Linux only. */
  public static boolean isInProcessor() {
    return isIn(Processor.lines());
  }

  static boolean isIn(List<String> lines) {
    return lines.stream()
        .filter(line -> line.startsWith("flags"))
        .limit(1)
        .flatMap(line -> Arrays.stream(line.split("\\s+")))
        .anyMatch(INSTRUCTIONS::contains);
  }
}
