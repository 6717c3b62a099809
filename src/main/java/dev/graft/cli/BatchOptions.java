package dev.graft.cli;

import dev.graft.batch.BatchPredictor;
import dev.graft.batch.BatchSettings;
import dev.graft.batch.Execution;
import dev.graft.batch.MaxRejected;
import dev.graft.batch.PathFilter;
import dev.graft.batch.Source;
import dev.graft.batch.WhenThere;
import dev.graft.image.Decoding;
import dev.graft.model.Calibration;
import dev.graft.predict.CalibrationMemory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.TypeConversionException;

/** What {@code batch} and {@code features} are told alike. */
final class BatchOptions {
  @Parameters(
      index = "0",
      paramLabel = "MODEL",
      description = "A run, or the folder of an exported model.")
  private Path model;

  @Parameters(
      index = "1",
      paramLabel = "INPUT",
      description =
          "Folder of images (sub-folders too), list of paths (.csv with a header, else one a line),"
              + " or .parquet file with bytes or paths.")
  private Path input;

  @Option(
      names = "--column",
      paramLabel = "NAME",
      description =
          "Column of a .csv or .parquet file with the images (default: path; in Parquet the only"
              + " one of bytes).")
  private String column;

  @Option(
      names = "--include",
      paramLabel = "GLOB",
      description =
          "Take only matching files of a folder, as in \"*.jpg\" or \"2024/**\"; may be repeated"
              + " (default: images, by their endings).")
  private List<String> include = List.of();

  @Option(
      names = "--exclude",
      paramLabel = "GLOB",
      description = "Leave matching files of a folder out; may be repeated.")
  private List<String> exclude = List.of();

  @Option(
      names = "--max-rejected",
      paramLabel = "N|SHARE",
      converter = MaxRejectedConverter.class,
      description =
          "Stop when more records are bad than this: 100, 0.01 or 1%% (default: never stop).")
  private MaxRejected maxRejected = MaxRejected.UNLIMITED;

  @Mixin private PrecisionOption precision;

  @Option(
      names = "--reduced-decode",
      description =
          "Decode JPEG files at a half, a quarter or an eighth of their size where that is still as"
              + " large as the model's images: faster for large photographs. It changes the pixels.")
  private boolean reduced;

  @Mixin private CalibrateOption calibrate;

  @ArgGroup private Again again;

  /** At most one thing to do about an earlier result. */
  private static final class Again {
    @Option(names = "--resume", description = "Go on where an interrupted job stopped.")
    private boolean resume;

    @Option(names = "--overwrite", description = "Replace a result that is there already.")
    private boolean overwrite;
  }

  private static final class MaxRejectedConverter implements ITypeConverter<MaxRejected> {
    @Override
    public MaxRejected convert(String text) {
      try {
        return MaxRejected.parse(text);
      } catch (IllegalArgumentException e) {
        throw new TypeConversionException(e.getMessage());
      }
    }
  }

  /**
   * What the options say. Sets the number of threads of this process.
   *
   * @param out where the result goes
   */
  BatchSettings settings(Console console, Path out) throws IOException {
    BatchSettings settings = settings();
    Optional<Calibration> begun =
        settings.whenThere() == WhenThere.RESUME ? BatchPredictor.begun(out) : Optional.empty();
    Optional<Calibration> way =
        begun.isPresent() || !begins(out, settings.whenThere())
            ? begun
            : new Calibrating(console, CalibrationMemory.ofUser())
                .find(calibrate.when(), model, precision.or(Execution.STANDARD), input, true);
    way.ifPresent(Calibrating::apply);
    return way.map(settings::withCalibration).orElse(settings);
  }

  /** What is missing or in the way is said by the job itself. */
  private boolean begins(Path out, WhenThere whenThere) {
    return Files.exists(model)
        && Files.exists(input)
        && (whenThere == WhenThere.OVERWRITE || !Files.exists(out));
  }

  private BatchSettings settings() {
    WhenThere whenThere =
        again == null ? WhenThere.REFUSE : again.resume ? WhenThere.RESUME : WhenThere.OVERWRITE;
    return new BatchSettings(
        model,
        new Source(input, new PathFilter(include, exclude), Optional.ofNullable(column)),
        maxRejected,
        whenThere,
        Execution.standard()
            .withPrecision(precision.or(Execution.STANDARD))
            .withDecoding(reduced ? Decoding.REDUCED : Decoding.FULL));
  }
}
