package dev.graft.cli;

import dev.graft.tensor.Precision;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** What {@code --precision} takes. */
final class PrecisionConverter implements ITypeConverter<Precision> {
  static final String DESCRIPTION =
      "What the frozen part is computed in: float32, bfloat16 (faster on processors that have it,"
          + " less exact: how much is said), or auto, which is bfloat16 where the processor has it (default:"
          + " float32).";

  @Override
  public Precision convert(String text) {
    try {
      return Precision.parse(text);
    } catch (IllegalArgumentException e) {
      throw new TypeConversionException(e.getMessage());
    }
  }
}
