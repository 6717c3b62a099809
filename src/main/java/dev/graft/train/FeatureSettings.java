package dev.graft.train;

import dev.graft.features.FeatureCache;
import dev.graft.features.StoredNumbers;
import dev.graft.model.Calibration;
import dev.graft.tensor.Precision;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * How the features of the frozen part are made and kept.
 *
 * @param store folder where they are kept; the user's cache by default
 * @param stored the numbers that they are stored in
 * @param precision of the numbers that the frozen part is computed in
 * @param calibration how the frozen part runs, where that was measured; its number of threads is
 *     left out of account, since all of them train. Features that the store has already are used
 *     however they were made, and an interrupted run goes on as it began
 */
public record FeatureSettings(
    Optional<Path> store,
    StoredNumbers stored,
    Precision precision,
    Optional<Calibration> calibration) {
  /** In float32, nothing measured. */
  public static FeatureSettings in(Optional<Path> store) {
    return new FeatureSettings(store, StoredNumbers.FLOAT32, Precision.FLOAT32, Optional.empty());
  }

  /** Where the features are kept: a folder without a limit, or the user's cache. */
  FeatureCache cache() throws IOException {
    FeatureCache cache =
        store.isPresent() ? new FeatureCache(store.get(), Long.MAX_VALUE) : FeatureCache.ofUser();
    return cache.withNumbers(stored);
  }

  /** The same, stored in other numbers. */
  public FeatureSettings withStored(StoredNumbers other) {
    return new FeatureSettings(store, other, precision, calibration);
  }

  /** The same, computed in other numbers. */
  public FeatureSettings withPrecision(Precision other) {
    return new FeatureSettings(store, stored, other, calibration);
  }

  /** The same with the way in which the frozen part runs. */
  public FeatureSettings withCalibration(Calibration other) {
    return new FeatureSettings(store, stored, precision, Optional.of(other));
  }
}
