package dev.graft.predict;

import dev.graft.image.Decoding;
import dev.graft.tensor.Arithmetic;
import java.util.Objects;

/**
 * How a {@link Predictor} works.
 *
 * @param arithmetic {@link Arithmetic#FUSED} answers faster, a few millionths off; what it answers
 *     is the same in every process of one platform, whatever shares a batch
 * @param features whether the features of the backbone are a further output
 * @param microBatching of concurrent calls
 * @param decoding of JPEG files; reduced it answers other pixels than those that it was trained on
 * @param listener hears of calls, batches, rejected images and refused calls
 */
public record PredictorSettings(
    Arithmetic arithmetic,
    Features features,
    MicroBatching microBatching,
    Decoding decoding,
    PredictorListener listener) {
  /** Checks that nothing is missing. */
  public PredictorSettings {
    Objects.requireNonNull(arithmetic, "arithmetic");
    Objects.requireNonNull(features, "features");
    Objects.requireNonNull(microBatching, "microBatching");
    Objects.requireNonNull(decoding, "decoding");
    Objects.requireNonNull(listener, "listener");
  }

  /** Op by op as built, no features, {@link MicroBatching#defaults}, nobody listens. */
  public static PredictorSettings defaults() {
    return new PredictorSettings(
        Arithmetic.AS_BUILT,
        Features.NONE,
        MicroBatching.defaults(),
        Decoding.FULL,
        PredictorListener.none());
  }

  /** With another arithmetic. */
  public PredictorSettings withArithmetic(Arithmetic other) {
    return new PredictorSettings(other, features, microBatching, decoding, listener);
  }

  /** With other features. */
  public PredictorSettings withFeatures(Features other) {
    return new PredictorSettings(arithmetic, other, microBatching, decoding, listener);
  }

  /** With other batches of concurrent calls. */
  public PredictorSettings withMicroBatching(MicroBatching other) {
    return new PredictorSettings(arithmetic, features, other, decoding, listener);
  }

  /** With another listener. */
  public PredictorSettings withListener(PredictorListener other) {
    return new PredictorSettings(arithmetic, features, microBatching, decoding, other);
  }

  /** With another decoding of JPEG files. */
  public PredictorSettings withDecoding(Decoding other) {
    return new PredictorSettings(arithmetic, features, microBatching, other, listener);
  }
}
