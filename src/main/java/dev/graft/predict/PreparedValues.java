package dev.graft.predict;

import dev.graft.image.ImageShape;

/** An image as nested arrays, as the model takes it, in one. */
final class PreparedValues {
  private PreparedValues() {}

  /**
   * Row by row, the channels of a pixel together.
   *
   * @throws IllegalArgumentException when the shape is another, or a value is not finite
   */
  static float[] of(ImageShape shape, float[][][] image) {
    float[] values = new float[shape.values()];
    int at = 0;
    require(image, shape.height(), shape, "rows");
    for (float[][] row : image) {
      require(row, shape.width(), shape, "pixels in a row");
      for (float[] pixel : row) {
        requireChannels(pixel, shape);
        System.arraycopy(pixel, 0, values, at, pixel.length);
        at += pixel.length;
      }
    }
    requireFinite(values);
    return values;
  }

  private static void require(Object[] part, int length, ImageShape shape, String what) {
    if (part == null || part.length != length) {
      throw wrong(shape, (part == null ? "no" : part.length) + " " + what);
    }
  }

  private static void requireChannels(float[] pixel, ImageShape shape) {
    if (pixel == null || pixel.length != shape.channels()) {
      throw wrong(shape, (pixel == null ? "no" : pixel.length) + " channels in a pixel");
    }
  }

  private static IllegalArgumentException wrong(ImageShape shape, String got) {
    return new IllegalArgumentException(
        "The model takes prepared images of %s, [height, width, channels], but got one with %s: prepare it as the model's preparation says, or hand over the file."
            .formatted(shape, got));
  }

  private static void requireFinite(float[] values) {
    for (float value : values) {
      if (!Float.isFinite(value)) {
        throw new IllegalArgumentException(
            "A prepared image has the value %s; expected finite numbers.".formatted(value));
      }
    }
  }
}
