package dev.graft.features;

import dev.graft.data.LabeledImage;
import dev.graft.data.ProgressListener;
import dev.graft.model.Calibration;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** Makes the features of examples at a model's cut. For one thread at a time; close it. */
public interface FeatureSource extends AutoCloseable {
  /**
   * Makes room on the disk for the features of examples, before any is made.
   *
   * @param examples whose features will be asked for, all parts and views together
   * @return what they will take, an estimate
   * @throws IOException when the disk or the cache's limit can't hold them, with what is needed,
   *     where, and what can be done
   */
  FeatureSpace reserve(long examples) throws IOException;

  /**
   * Makes the features of examples that are not known yet.
   *
   * @param listener hears how many examples are done
   * @throws IOException when the store's disk fails or can't hold the features
   */
  LabeledFeatures extract(List<LabeledImage> examples, ProgressListener listener)
      throws IOException;

  /** How the trunk runs its examples; empty where that is always the same. */
  Optional<Calibration> calibration();

  @Override
  void close() throws IOException;
}
