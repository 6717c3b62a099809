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

/**
 * What a job takes and leaves, the same for predictions and features.
 *
 * @param model a SavedModel folder or a run's folder
 * @param source of the records
 * @param maxRejected how many records may be bad before the job stops
 * @param whenThere what to do about an earlier result, or a part of it
 * @param execution how the model is computed
 */
public record BatchSettings(
    Path model, Source source, MaxRejected maxRejected, WhenThere whenThere, Execution execution) {
  /** Checks that nothing is missing. */
  public BatchSettings {
    Objects.requireNonNull(model, "model");
    Objects.requireNonNull(source, "source");
    Objects.requireNonNull(maxRejected, "maxRejected");
    Objects.requireNonNull(whenThere, "whenThere");
    Objects.requireNonNull(execution, "execution");
  }

  /**
   * All images of an input, any number of bad ones, all processors; refuses to replace a result.
   *
   * @param input as {@link Source#path()}
   */
  public static BatchSettings of(Path model, Path input) {
    return new BatchSettings(
        model, Source.of(input), MaxRejected.UNLIMITED, WhenThere.REFUSE, Execution.standard());
  }

  /** SHA-256 of the model's handoff. */
  String modelHash() throws IOException {
    return Sha256.of(ModelFolder.of(model).resolve(Handoff.FILE_NAME));
  }

  /** What of this a result depends on, by name. */
  Map<String, String> settled(String modelHash) {
    Map<String, String> settled = new LinkedHashMap<>();
    settled.put("model", modelHash);
    settled.put("input", Inputs.identity(source.path()));
    settled.put("include", String.join(" ", source.filter().include()));
    settled.put("exclude", String.join(" ", source.filter().exclude()));
    settled.put("column", source.column().orElse(""));
    settled.put("arithmetic", JobFacts.arithmetic(execution.precision()));
    settled.put("decoding", execution.decoding().name().toLowerCase(Locale.ROOT));
    return settled;
  }

  /** With other files of a folder. */
  public BatchSettings withFilter(PathFilter other) {
    return withSource(source.withFilter(other));
  }

  /** With another column of the input. */
  public BatchSettings withColumn(String other) {
    return withSource(source.withColumn(other));
  }

  /** With another number of bad records. */
  public BatchSettings withMaxRejected(MaxRejected other) {
    return new BatchSettings(model, source, other, whenThere, execution);
  }

  /** With another treatment of an earlier result. */
  public BatchSettings withWhenThere(WhenThere other) {
    return new BatchSettings(model, source, maxRejected, other, execution);
  }

  /** With another number of threads. */
  public BatchSettings withThreads(int other) {
    return withExecution(execution.withThreads(other));
  }

  /** With other numbers to compute in. */
  public BatchSettings withPrecision(Precision other) {
    return withExecution(execution.withPrecision(other));
  }

  /** With another decoding of JPEG files. */
  public BatchSettings withDecoding(Decoding other) {
    return withExecution(execution.withDecoding(other));
  }

  /** With the way in which the model runs. */
  public BatchSettings withCalibration(Calibration other) {
    return withExecution(execution.withCalibration(other));
  }

  private BatchSettings withSource(Source other) {
    return new BatchSettings(model, other, maxRejected, whenThere, execution);
  }

  private BatchSettings withExecution(Execution other) {
    return new BatchSettings(model, source, maxRejected, whenThere, other);
  }
}
