package dev.graft.image;

import dev.graft.data.Preparation;

/**
 * The shape of a prepared image, {@code [height, width, channels]}.
 *
 * @param height in pixels, at least 1
 * @param width in pixels, at least 1
 * @param channels 3, or 1 for grey
 */
public record ImageShape(int height, int width, int channels) {
  public ImageShape {
    if (height < 1 || width < 1 || !(channels == 1 || channels == 3)) {
      throw new IllegalArgumentException(
          "An image cannot have the shape ["
              + height
              + ", "
              + width
              + ", "
              + channels
              + "]; expected a height and width of at least 1 and 1 or 3 channels.");
    }
  }

  /**
   * What a preparation makes of every image.
   *
   * @throws IllegalArgumentException if it leaves the size of images as it is
   */
  public static ImageShape of(Preparation preparation) {
    if (preparation.resize() == null) {
      throw new IllegalArgumentException(
          "The preparation leaves the size of images as it is; say which size they have, or give a"
              + " size to resize them to.");
    }
    return new ImageShape(
        preparation.resize().height(), preparation.resize().width(), preparation.channels());
  }

  /** Number of values: height × width × channels. */
  public int values() {
    return Math.toIntExact(Math.multiplyFull(height, width) * channels);
  }

  /** Such as {@code [224, 224, 3]}. */
  @Override
  public String toString() {
    return "[" + height + ", " + width + ", " + channels + "]";
  }
}
