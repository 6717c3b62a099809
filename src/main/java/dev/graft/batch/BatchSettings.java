package dev.graft.batch;

import dev.graft.data.Sha256;
import dev.graft.handoff.Handoff;
import dev.graft.image.Decoding;
import dev.graft.model.Calibration;
import dev.graft.predict.ModelFolder;
import dev.graft.tensor.Precision;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * What a job takes and leaves, the same for predictions and features.
 *
 * @param model a SavedModel folder or a run's folder
 * @param input a folder of images; or a {@code .parquet} file with their bytes or paths; or a
 *     {@code .csv} file or a list of lines with their paths
 * @param filter which files of a folder
 * @param column of the input that has the bytes or paths; if not said, it is found
 * @param maxRejected how many records may be bad before the job stops
 * @param whenThere what to do about an earlier result, or a part of it
 * @param threads that prepare images, and, where nothing was measured, as many runs of the model
 *     side by side; at least 1
 * @param precision of the numbers that the model is computed in
 * @param decoding of JPEG files
 * @param calibration how the model runs, where that was measured; a job that is resumed goes on as
 *     it began
 */
public record BatchSettings(
    Path model,
    Path input,
    PathFilter filter,
    Optional<String> column,
    MaxRejected maxRejected,
    WhenThere whenThere,
    int threads,
    Precision precision,
    Decoding decoding,
    Optional<Calibration> calibration) {
  /** Checks that nothing is missing. */
  public BatchSettings {
    Objects.requireNonNull(model, "model");
    Objects.requireNonNull(input, "input");
    Objects.requireNonNull(filter, "filter");
    Objects.requireNonNull(maxRejected, "maxRejected");
    Objects.requireNonNull(whenThere, "whenThere");
    Objects.requireNonNull(precision, "precision");
    Objects.requireNonNull(decoding, "decoding");
    if (threads < 1) {
      throw new IllegalArgumentException("Expected at least 1 thread but got " + threads + ".");
    }
  }

  /**
   * All images of an input, any number of bad ones, all processors; refuses to replace a result.
   */
  public static BatchSettings of(Path model, Path input) {
    return new BatchSettings(
        model,
        input,
        PathFilter.none(),
        Optional.empty(),
        MaxRejected.UNLIMITED,
        WhenThere.REFUSE,
        Runtime.getRuntime().availableProcessors(),
        Precision.FLOAT32,
        Decoding.FULL,
        Optional.empty());
  }

  /** SHA-256 of the model's handoff. */
  String modelHash() throws IOException {
    return Sha256.of(ModelFolder.of(model).resolve(Handoff.FILE_NAME));
  }

  /** What of this a result depends on, by name. */
  Map<String, String> settled(String modelHash) {
    Map<String, String> settled = new LinkedHashMap<>();
    settled.put("model", modelHash);
    settled.put("input", Inputs.identity(input));
    settled.put("include", String.join(" ", filter.include()));
    settled.put("exclude", String.join(" ", filter.exclude()));
    settled.put("column", column.orElse(""));
    settled.put("arithmetic", JobFacts.arithmetic(precision));
    settled.put("decoding", decoding.name().toLowerCase(Locale.ROOT));
    return settled;
  }

  /** With other files of a folder. */
  public BatchSettings withFilter(PathFilter other) {
    return new BatchSettings(
        model,
        input,
        other,
        column,
        maxRejected,
        whenThere,
        threads,
        precision,
        decoding,
        calibration);
  }

  /** With another column of the input. */
  public BatchSettings withColumn(String other) {
    return new BatchSettings(
        model,
        input,
        filter,
        Optional.of(other),
        maxRejected,
        whenThere,
        threads,
        precision,
        decoding,
        calibration);
  }

  /** With another number of bad records. */
  public BatchSettings withMaxRejected(MaxRejected other) {
    return new BatchSettings(
        model, input, filter, column, other, whenThere, threads, precision, decoding, calibration);
  }

  /** With another treatment of an earlier result. */
  public BatchSettings withWhenThere(WhenThere other) {
    return new BatchSettings(
        model,
        input,
        filter,
        column,
        maxRejected,
        other,
        threads,
        precision,
        decoding,
        calibration);
  }

  /** With another number of threads. */
  public BatchSettings withThreads(int other) {
    return new BatchSettings(
        model,
        input,
        filter,
        column,
        maxRejected,
        whenThere,
        other,
        precision,
        decoding,
        calibration);
  }

  /** With other numbers to compute in. */
  public BatchSettings withPrecision(Precision other) {
    return new BatchSettings(
        model,
        input,
        filter,
        column,
        maxRejected,
        whenThere,
        threads,
        other,
        decoding,
        calibration);
  }

  /** With the way in which the model runs. */
  public BatchSettings withCalibration(Calibration other) {
    return new BatchSettings(
        model,
        input,
        filter,
        column,
        maxRejected,
        whenThere,
        threads,
        precision,
        decoding,
        Optional.of(other));
  }

  /** With another decoding of JPEG files. */
  public BatchSettings withDecoding(Decoding other) {
    return new BatchSettings(
        model,
        input,
        filter,
        column,
        maxRejected,
        whenThere,
        threads,
        precision,
        other,
        calibration);
  }

  /** How a job runs the model: as it began, else as was measured, else in the standard way. */
  Calibration calibration(Optional<Calibration> begun) {
    return begun.or(() -> calibration).orElseGet(() -> Calibration.standard(threads));
  }
}
