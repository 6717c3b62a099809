package dev.graft.cli;

import dev.graft.tensor.Precision;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** What {@code train}, {@code tune}, {@code batch} and {@code features} compute in. */
final class PrecisionOption {
  @Option(
      names = "--precision",
      converter = Converter.class,
      paramLabel = "NUMBERS",
      description =
          "What the frozen part is computed in: float32, bfloat16 (faster on processors that have it,"
              + " less exact: how much is said), or auto, which is bfloat16 where the processor has it (default:"
              + " float32).")
  private Precision precision = Precision.FLOAT32;

  private static final class Converter implements ITypeConverter<Precision> {
    @Override
    public Precision convert(String text) {
      try {
        return Precision.parse(text);
      } catch (IllegalArgumentException e) {
        throw new TypeConversionException(e.getMessage());
      }
    }
  }

  Precision precision() {
    return precision;
  }
}
