package dev.graft.batch;

import dev.graft.image.Decoding;
import dev.graft.model.Calibration;
import dev.graft.tensor.Precision;
import java.util.Objects;
import java.util.Optional;

/**
 * How a job computes.
 *
 * @param threads that prepare images, and, where nothing was measured, as many runs of the model
 *     side by side; at least 1
 * @param precision of the numbers that the model is computed in
 * @param decoding of JPEG files
 * @param calibration how the model runs, where that was measured; a job that is resumed goes on as
 *     it began
 */
public record Execution(
    int threads, Precision precision, Decoding decoding, Optional<Calibration> calibration) {
  /** What jobs compute in if nothing else is asked for. */
  public static final Precision STANDARD = Precision.WINOGRAD;

  /** Checks that nothing is missing. */
  public Execution {
    Objects.requireNonNull(precision, "precision");
    Objects.requireNonNull(decoding, "decoding");
    if (threads < 1) {
      throw new IllegalArgumentException("Expected at least 1 thread but got " + threads + ".");
    }
  }

  /** All processors, minimal filtering, every pixel, nothing measured. */
  public static Execution standard() {
    int processors = Runtime.getRuntime().availableProcessors();
    return new Execution(processors, STANDARD, Decoding.FULL, Optional.empty());
  }

  /** With another number of threads. */
  public Execution withThreads(int other) {
    return new Execution(other, precision, decoding, calibration);
  }

  /** With other numbers to compute in. */
  public Execution withPrecision(Precision other) {
    return new Execution(threads, other, decoding, calibration);
  }

  /** With another decoding of JPEG files. */
  public Execution withDecoding(Decoding other) {
    return new Execution(threads, precision, other, calibration);
  }

  /** With the way in which the model runs. */
  public Execution withCalibration(Calibration other) {
    return new Execution(threads, precision, decoding, Optional.of(other));
  }

  /** How a job runs the model: as it began, else as was measured, else in the standard way. */
  Calibration calibration(Optional<Calibration> begun) {
    return begun.or(() -> calibration).orElseGet(() -> Calibration.standard(threads));
  }
}
