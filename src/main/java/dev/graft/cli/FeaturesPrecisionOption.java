package dev.graft.cli;

import dev.graft.features.StoredNumbers;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** What {@code train} and {@code tune} store features in. */
final class FeaturesPrecisionOption {
  @Option(
      names = "--features-precision",
      converter = Converter.class,
      paramLabel = "NUMBERS",
      description =
          "What features are stored in: float32, or float16, which takes half the space on disk and"
              + " rounds them (what that changes is said at the end; default: float32).")
  private StoredNumbers stored = StoredNumbers.FLOAT32;

  private static final class Converter implements ITypeConverter<StoredNumbers> {
    @Override
    public StoredNumbers convert(String text) {
      try {
        return StoredNumbers.parse(text);
      } catch (IllegalArgumentException e) {
        throw new TypeConversionException(e.getMessage());
      }
    }
  }

  StoredNumbers stored() {
    return stored;
  }
}
