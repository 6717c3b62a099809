package dev.graft.predict;

import java.time.Duration;

/**
 * Hears what a {@link Predictor} does, for an application's metrics. Called from several threads at
 * once, on those that wait for answers: return at once. What it throws reaches the caller of the
 * predictor.
 */
public interface PredictorListener {
  /** A listener that does nothing. */
  static PredictorListener none() {
    return new PredictorListener() {};
  }

  /**
   * What a call spent its time with.
   *
   * @param queued waiting: for a place, for a processor to prepare the image, for its batch
   * @param prepared reading, decoding and preparing the image
   * @param ran in the model, with the other images of its batch
   */
  record Times(Duration queued, Duration prepared, Duration ran) {}

  /** A call for one image was answered; not called for lists and streams. */
  default void answered(Times times) {}

  /**
   * The model was run.
   *
   * @param images in the batch, at least 1
   * @param time that it took
   */
  default void ran(int images, Duration time) {}

  /**
   * An image was rejected.
   *
   * @param reason the end of a sentence that starts with the image's name
   */
  default void rejected(String reason) {}

  /** A call was refused, since too many were waiting. */
  default void refused() {}
}
