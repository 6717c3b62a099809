package dev.graft.train;

import dev.graft.data.Augmentation;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Which images, how they are split, and how they are prepared.
 *
 * @param folder images by class, or a list of them, see {@link dev.graft.data.LabeledImages#read}
 * @param validation share of the images that validates, above 0 and below 1; ignored where the data
 *     brings validation images of its own
 * @param splitSeed of the split into training and validation; the loop's seed if empty
 * @param validationFolder images by class to validate on instead
 * @param preparation overrides of what the backbone's handoff says
 * @param augmentation what is changed at random in the training images
 */
public record DataSettings(
    Path folder,
    double validation,
    OptionalLong splitSeed,
    Optional<Path> validationFolder,
    PreparationSettings preparation,
    Optional<Augmentation> augmentation) {
  /** A fifth, as most tutorials have it. */
  public static final double DEFAULT_VALIDATION = 0.2;

  /** Checks the share. */
  public DataSettings {
    if (!(validation > 0 && validation < 1)) {
      throw new IllegalArgumentException(
          "The share of images for validation must be above 0 and below 1, got "
              + validation
              + ".");
    }
    splitSeed.ifPresent(LoopSettings::requireSeed);
  }

  /** Split by the loop's seed, without augmentation. */
  public DataSettings(
      Path folder,
      double validation,
      Optional<Path> validationFolder,
      PreparationSettings preparation) {
    this(folder, validation, OptionalLong.empty(), validationFolder, preparation, Optional.empty());
  }

  /** The same with a split of its own seed, so that the loop's seed changes the rest alone. */
  public DataSettings withSplitSeed(long other) {
    return new DataSettings(
        folder, validation, OptionalLong.of(other), validationFolder, preparation, augmentation);
  }

  /** The same, prepared otherwise. */
  public DataSettings withPreparation(PreparationSettings other) {
    return new DataSettings(folder, validation, splitSeed, validationFolder, other, augmentation);
  }

  /** The same with an augmentation. */
  public DataSettings withAugmentation(Augmentation other) {
    return new DataSettings(
        folder, validation, splitSeed, validationFolder, preparation, Optional.of(other));
  }

  /** A fifth for validation, prepared as the handoff says. */
  public static DataSettings of(Path folder) {
    return new DataSettings(
        folder, DEFAULT_VALIDATION, Optional.empty(), PreparationSettings.fromHandoff());
  }
}
