package dev.graft.train;

import dev.graft.data.Preparation;
import dev.graft.model.Backbone;
import dev.graft.savedmodel.FlatInput;
import java.util.List;
import java.util.Optional;

/**
 * What overrides the preparation that a backbone's handoff says.
 *
 * @param name one of {@link Preparation#NAMES}
 * @param method of resizing
 * @param aspect what happens to images of other proportions
 * @param size of the model's input
 * @param orientation whether images are turned as their EXIF data say
 */
public record PreparationSettings(
    Optional<String> name,
    Optional<Preparation.Method> method,
    Optional<Preparation.Aspect> aspect,
    Optional<Size> size,
    Optional<Preparation.Orientation> orientation) {

  /**
   * Height and width in pixels.
   *
   * @param height at least 1
   * @param width at least 1
   */
  public record Size(int height, int width) {
    /** Checks the sides. */
    public Size {
      if (height < 1 || width < 1) {
        throw new IllegalArgumentException(
            "An image size needs sides of at least 1 pixel, got " + height + "x" + width + ".");
      }
    }

    /**
     * Reads {@code 224} or {@code HEIGHTxWIDTH}.
     *
     * @throws IllegalArgumentException when it is neither
     */
    public static Size parse(String text) {
      String[] sides = text.split("x", -1);
      try {
        int height = Integer.parseInt(sides[0]);
        int width = sides.length == 2 ? Integer.parseInt(sides[1]) : height;
        if (sides.length <= 2) {
          return new Size(height, width);
        }
      } catch (NumberFormatException e) {
        throw new IllegalArgumentException(unreadable(text), e);
      }
      throw new IllegalArgumentException(unreadable(text));
    }

    private static String unreadable(String text) {
      return "An image size is written 224 or HEIGHTxWIDTH, got \"" + text + "\".";
    }
  }

  /** No overrides. */
  public static PreparationSettings fromHandoff() {
    return new PreparationSettings(
        Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty());
  }

  /**
   * Another arithmetic than the handoff's, resizing as it says.
   *
   * @param name {@code caffe}, {@code tf}, {@code torch}, {@code rescale} or {@code none}
   */
  public static PreparationSettings named(String name) {
    return new PreparationSettings(
        Optional.of(name), Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty());
  }

  /** The backbone with its input size fixed, where it leaves it open or a size is asked for. */
  Backbone sized(Backbone backbone) {
    Size fixed = size.orElseGet(() -> sizeOf(backbone));
    return backbone.withInputSize(fixed.height(), fixed.width());
  }

  /**
   * The preparation for a backbone.
   *
   * @param backbone with a fixed input size
   * @throws IllegalArgumentException when neither the handoff nor the settings say how to prepare
   *     its images
   */
  Preparation of(Backbone backbone) {
    Size fixed = sizeOf(backbone);
    Preparation preparation =
        name.map(known -> Preparation.named(known, fixed.height(), fixed.width()))
            .or(backbone::preparation)
            .orElseThrow(() -> unknown(backbone))
            .withSize(fixed.height(), fixed.width());
    Preparation.Resize resize = preparation.resize();
    preparation =
        preparation.withResize(
            new Preparation.Resize(
                method.orElse(resize.method()),
                aspect.orElse(resize.aspect()),
                fixed.height(),
                fixed.width()));
    return orientation.isPresent() ? preparation.withOrientation(orientation.get()) : preparation;
  }

  private Size sizeOf(Backbone backbone) {
    FlatInput input = backbone.soleInput();
    List<Long> shape = input.shape();
    if (shape != null && shape.size() == 4 && shape.get(1) > 0 && shape.get(2) > 0) {
      return new Size(Math.toIntExact(shape.get(1)), Math.toIntExact(shape.get(2)));
    }
    if (shape != null && shape.size() != 4) {
      throw new IllegalArgumentException(
          "Input \""
              + input.key()
              + "\" of "
              + backbone.source()
              + " has the shape "
              + shape
              + ", expected [batch, height, width, channels]: only backbones that take images can"
              + " be trained.");
    }
    return backbone
        .preparation()
        .map(Preparation::resize)
        .map(resize -> new Size(resize.height(), resize.width()))
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "Input \""
                        + input.key()
                        + "\" of "
                        + backbone.source()
                        + " has the shape "
                        + shape
                        + ": give the size of its images (--input-size 224)."));
  }

  private static IllegalArgumentException unknown(Backbone backbone) {
    return new IllegalArgumentException(
        backbone.source()
            + " has no handoff that says how its images are prepared: give --preparation "
            + String.join(", ", Preparation.NAMES.subList(0, Preparation.NAMES.size() - 1))
            + " or none.");
  }
}
