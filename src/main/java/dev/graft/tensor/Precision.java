package dev.graft.tensor;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * In what numbers a frozen part, or the backbone of an export, is computed. What trains is float32.
 */
public enum Precision {
  /** As Keras computes. */
  FLOAT32(Arithmetic.WINOGRAD),
  /**
   * Of 16 bits, on processors that multiply them by themselves; faster, and by 1e-2 and more off.
   */
  BFLOAT16(Arithmetic.BFLOAT16);

  private static final Set<String> INSTRUCTIONS = Set.of("avx512_bf16", "amx_bf16");

  private final Arithmetic arithmetic;

  Precision(Arithmetic arithmetic) {
    this.arithmetic = arithmetic;
  }

  /** How a session computes so. */
  public Arithmetic arithmetic() {
    return arithmetic;
  }

  /**
   * How a session computes features that something is trained on: float32 without minimal
   * filtering, whose few millionths a large head under Adam magnifies to a hundredth of the loss,
   * while its history is to equal Keras's.
   */
  public Arithmetic trainingArithmetic() {
    return this == FLOAT32 ? Arithmetic.FUSED : arithmetic;
  }

  /** As the command line has it. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * Reads {@code float32}, {@code bfloat16}, or {@code auto}: bfloat16 on a processor that has it,
   * else float32.
   *
   * @throws IllegalArgumentException if it is another word, or bfloat16 on a processor without it
   */
  public static Precision parse(String text) {
    return parse(text, isInProcessor());
  }

  static Precision parse(String text, boolean bfloat16) {
    return switch (text.toLowerCase(Locale.ROOT)) {
      case "float32" -> FLOAT32;
      case "auto" -> bfloat16 ? BFLOAT16 : FLOAT32;
      case "bfloat16" -> {
        if (!bfloat16) {
          throw new IllegalArgumentException(
              "This processor has no instructions for bfloat16 (avx512_bf16 or amx_bf16 in"
                  + " /proc/cpuinfo): use --precision float32, or auto.");
        }
        yield BFLOAT16;
      }
      default ->
          throw new IllegalArgumentException(
              "The precision is float32, bfloat16 or auto, but got \"" + text + "\".");
    };
  }

  /**
   * Reads {@code float32} or {@code bfloat16}, whatever this processor has.
   *
   * @throws IllegalArgumentException if it is another word
   */
  public static Precision named(String text) {
    return Arrays.stream(values())
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
