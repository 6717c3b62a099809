package dev.graft.image;

import dev.graft.data.Preparation;
import java.awt.Dimension;
import java.util.List;

/** Whether JPEG files are decoded in full. */
public enum Decoding {
  /** To the pixels that Keras sees. */
  FULL,
  /**
   * To a half, a quarter or an eighth of their height and width, the least that is still as large
   * as the model's images in both: much faster for photographs of a camera. It changes the pixels,
   * because libjpeg averages before the resize looks; small images, and files that are no JPEG,
   * keep theirs.
   */
  REDUCED;

  /** By which libjpeg can divide height and width while it decodes, the largest first. */
  static final List<Integer> RATIOS = List.of(8, 4, 2);

  /** Requires that there is something that images are made smaller for. */
  static Preparation requireReducible(Preparation preparation) {
    if (preparation.decoder() != Preparation.Decoder.TENSORFLOW || preparation.resize() == null) {
      throw new IllegalArgumentException(
          "Images can only be decoded at a reduced size where TensorFlow decodes them and a resize follows, but the preparation is %s: leave the reduced decoding out."
              .formatted(preparation.describe()));
    }
    return preparation;
  }

  /**
   * By how much to divide.
   *
   * @param image size of the file
   * @param wanted the resize
   * @param turned whether rows become columns afterwards
   * @return one of {@link #RATIOS}, or 1
   */
  static int ratio(Dimension image, Preparation.Resize wanted, boolean turned) {
    int height = turned ? wanted.width() : wanted.height();
    int width = turned ? wanted.height() : wanted.width();
    return RATIOS.stream()
        .filter(ratio -> image.height >= height * ratio && image.width >= width * ratio)
        .findFirst()
        .orElse(1);
  }
}
