package dev.graft.features;

import dev.graft.data.LabeledImage;
import java.util.List;

/**
 * Images to train on. Valid while the {@link Featurizer} that made it is open.
 *
 * @param examples one for each image that can be read
 * @param images in the order of the examples
 * @param outcome what became of all images that were asked for; with an augmentation, its hashes
 *     are those of the views and {@code computed} counts views
 */
public record TrainingFeatures(
    Examples examples, List<LabeledImage> images, FeatureExtraction.Outcome outcome) {
  /** Copies the list. */
  public TrainingFeatures {
    images = List.copyOf(images);
  }

  /** Images as they are. */
  public static TrainingFeatures of(LabeledFeatures features) {
    return new TrainingFeatures(features, features.images(), features.outcome());
  }
}
