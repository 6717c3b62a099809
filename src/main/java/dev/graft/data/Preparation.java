package dev.graft.data;

import java.io.Serializable;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.StringJoiner;

/**
 * How the bytes of an image become the numbers that a model takes. In this order, in float32, each
 * step left out where it changes nothing:
 *
 * <ol>
 *   <li>decoded as {@code decoder} says, to values from 0 to 255
 *   <li>turned as {@code orientation} says
 *   <li>brought to the size of {@code resize}, as {@code tf.image.resize} does, or Pillow
 *   <li>the channels put in the order of {@code colourOrder}
 *   <li>{@code pixel / divisor}, then {@code × scale}, then {@code − mean}, then {@code /
 *       deviation}, mean and deviation a value a channel; all numbers are rounded to float32 first
 * </ol>
 *
 * <p>{@code divisor} and {@code scale} are separate because {@code x / 255} and {@code x × (1/255)}
 * differ in the last bit, and Keras uses both. Immutable.
 *
 * @param decoder whose pixels the file's are
 * @param orientation what is done about the EXIF orientation
 * @param resize the size to bring images to, or null to leave them as they are
 * @param colourOrder the channels of the result
 * @param divisor finite, not zero
 * @param scale finite, not zero
 * @param mean one finite value a channel, in the order after {@code colourOrder}
 * @param deviation one finite value a channel, none zero
 * @param inGraph whether the model itself does the arithmetic of step 5; then colours must be RGB
 *     or grey and the numbers must have no effect
 */
public record Preparation(
    Decoder decoder,
    Orientation orientation,
    Resize resize,
    ColourOrder colourOrder,
    double divisor,
    double scale,
    List<Double> mean,
    List<Double> deviation,
    boolean inGraph)
    implements Serializable {

  /** The names that {@link #named} knows. */
  public static final List<String> NAMES =
      List.of("caffe", "tf", "torch", "rescale", "pil-nearest", "none");

  public Preparation {
    Objects.requireNonNull(decoder, "decoder");
    Objects.requireNonNull(orientation, "orientation");
    requirePillowsResize(decoder, resize);
    Objects.requireNonNull(colourOrder, "colourOrder");
    requireFactor("divisor", divisor);
    requireFactor("scale", scale);
    mean = channels("mean", mean, colourOrder);
    deviation = channels("deviation", deviation, colourOrder);
    mean.forEach(value -> requireFinite("mean", value));
    deviation.forEach(value -> requireFactor("deviation", value));
    boolean reversed = colourOrder == ColourOrder.BGR;
    if (inGraph && (reversed || !isIdentity(divisor, scale, mean, deviation))) {
      throw new IllegalArgumentException(
          "A preparation in the graph must have rgb or grey colours, divisor 1, scale 1, mean 0 and deviation"
              + " 1, but got "
              + colourOrder
              + ", "
              + divisor
              + ", "
              + scale
              + ", "
              + mean
              + ", "
              + deviation
              + ".");
    }
  }

  /**
   * A preparation of Keras, stretched with bilinear interpolation unless the name says otherwise,
   * EXIF orientation ignored.
   *
   * @param name {@code caffe} (VGG, ResNet), {@code tf} (ResNetV2, MobileNet, Inception, Xception,
   *     NASNet), {@code torch} (DenseNet), {@code rescale} (a {@code Rescaling(1/255)} layer left
   *     out of the model), {@code pil-nearest} ({@code
   *     ImageDataGenerator(rescale=1/255).flow_from_directory}, which decodes and resizes with
   *     Pillow) or {@code none} (the model does it: EfficientNet, MobileNetV3, ConvNeXt)
   * @param height of the result in pixels
   * @param width of the result in pixels
   * @throws IllegalArgumentException if there is no such name or the size is out of range
   */
  public static Preparation named(String name, int height, int width) {
    Resize resize = new Resize(Method.BILINEAR, height, width);
    return switch (name) {
      case "caffe" ->
          rgb(resize).withColourOrder(ColourOrder.BGR).withMean(List.of(103.939, 116.779, 123.68));
      case "tf" -> rgb(resize).withDivisor(127.5).withMean(List.of(1.0, 1.0, 1.0));
      case "torch" ->
          rgb(resize)
              .withDivisor(255)
              .withMean(List.of(0.485, 0.456, 0.406))
              .withDeviation(List.of(0.229, 0.224, 0.225));
      case "rescale" -> rgb(resize).withScale(1.0 / 255);
      case "pil-nearest" ->
          rgb(new Resize(Method.NEAREST, height, width))
              .withDecoder(Decoder.PILLOW)
              .withScale(1.0 / 255);
      case "none" -> rgb(resize).withInGraph(true);
      default ->
          throw new IllegalArgumentException(
              "No preparation is called \"" + name + "\"; expected one of " + NAMES + ".");
    };
  }

  /** RGB values from 0 to 255, prepared outside of the model by nothing but the resize. */
  private static Preparation rgb(Resize resize) {
    List<Double> zeros = Collections.nCopies(3, 0.0);
    List<Double> ones = Collections.nCopies(3, 1.0);
    return new Preparation(
        Decoder.TENSORFLOW, Orientation.IGNORE, resize, ColourOrder.RGB, 1, 1, zeros, ones, false);
  }

  /** Number of channels of the result: 3, or 1 for grey. */
  public int channels() {
    return colourOrder.channels();
  }

  /** Another decoder. */
  public Preparation withDecoder(Decoder decoder) {
    return new Preparation(
        decoder, orientation, resize, colourOrder, divisor, scale, mean, deviation, inGraph);
  }

  /** Another treatment of the EXIF orientation. */
  public Preparation withOrientation(Orientation orientation) {
    return new Preparation(
        decoder, orientation, resize, colourOrder, divisor, scale, mean, deviation, inGraph);
  }

  /** Another resize; null leaves images as they are. */
  public Preparation withResize(Resize resize) {
    return new Preparation(
        decoder, orientation, resize, colourOrder, divisor, scale, mean, deviation, inGraph);
  }

  /** The same way of resizing (stretched, bilinear if there was none) to another size. */
  public Preparation withSize(int height, int width) {
    return withResize(
        resize == null
            ? new Resize(Method.BILINEAR, height, width)
            : new Resize(resize.method(), resize.aspect(), height, width));
  }

  /**
   * Another order of the channels. Mean and deviation stay as they are, since they belong to the
   * order after this step; between grey and colour they are reset to 0 and 1.
   */
  public Preparation withColourOrder(ColourOrder order) {
    boolean same = order.channels() == channels();
    return new Preparation(
        decoder,
        orientation,
        resize,
        order,
        divisor,
        scale,
        same ? mean : Collections.nCopies(order.channels(), 0.0),
        same ? deviation : Collections.nCopies(order.channels(), 1.0),
        inGraph);
  }

  /** Another divisor. */
  public Preparation withDivisor(double divisor) {
    return new Preparation(
        decoder, orientation, resize, colourOrder, divisor, scale, mean, deviation, inGraph);
  }

  /** Another scale. */
  public Preparation withScale(double scale) {
    return new Preparation(
        decoder, orientation, resize, colourOrder, divisor, scale, mean, deviation, inGraph);
  }

  /** Another mean. */
  public Preparation withMean(List<Double> mean) {
    return new Preparation(
        decoder, orientation, resize, colourOrder, divisor, scale, mean, deviation, inGraph);
  }

  /** Another deviation. */
  public Preparation withDeviation(List<Double> deviation) {
    return new Preparation(
        decoder, orientation, resize, colourOrder, divisor, scale, mean, deviation, inGraph);
  }

  /** Whether the model itself does the arithmetic. */
  public Preparation withInGraph(boolean inGraph) {
    return new Preparation(
        decoder, orientation, resize, colourOrder, divisor, scale, mean, deviation, inGraph);
  }

  /** One line for people, such as {@code 224×224 bilinear, bgr, − [103.939, 116.779, 123.68]}. */
  public String describe() {
    StringJoiner line = new StringJoiner(", ");
    line.add(resize == null ? "size as it is" : resize.describe());
    if (decoder == Decoder.PILLOW) {
      line.add("as Pillow does");
    }
    if (orientation == Orientation.EXIF) {
      line.add("turned as EXIF says");
    }
    line.add(colourOrder.toString());
    addArithmetic(line);
    return line.toString();
  }

  private void addArithmetic(StringJoiner line) {
    if (divisor != 1) {
      line.add("/ " + number(divisor));
    }
    if (scale != 1) {
      line.add("× " + number(scale));
    }
    if (!all(mean, 0)) {
      line.add("− " + numbers(mean));
    }
    if (!all(deviation, 1)) {
      line.add("/ " + numbers(deviation));
    }
    if (isIdentity(divisor, scale, mean, deviation)) {
      line.add(inGraph ? "scaled by the model" : "0 to 255");
    }
  }

  private static String numbers(List<Double> values) {
    return all(values, values.get(0))
        ? number(values.get(0))
        : values.stream().map(Preparation::number).toList().toString();
  }

  private static String number(double value) {
    return value == (int) value ? Integer.toString((int) value) : Float.toString((float) value);
  }

  private static boolean isIdentity(
      double divisor, double scale, List<Double> mean, List<Double> deviation) {
    return divisor == 1 && scale == 1 && all(mean, 0) && all(deviation, 1);
  }

  private static boolean all(List<Double> values, double expected) {
    return values.stream().allMatch(value -> value == expected);
  }

  private static List<Double> channels(String name, List<Double> values, ColourOrder order) {
    List<Double> copy = List.copyOf(values);
    if (copy.size() != order.channels()) {
      throw new IllegalArgumentException(
          "The "
              + name
              + " of a preparation with "
              + order
              + " colours needs "
              + order.channels()
              + " values, one a channel, but got "
              + copy
              + ".");
    }
    return copy;
  }

  /** Pillow's other methods average over all pixels that an output pixel covers; none is here. */
  private static void requirePillowsResize(Decoder decoder, Resize resize) {
    if (decoder == Decoder.PILLOW
        && resize != null
        && (resize.method() != Method.NEAREST || resize.aspect() != Aspect.STRETCH)) {
      throw new IllegalArgumentException(
          "A preparation with Pillow's pixels resizes with nearest, stretched, but got "
              + resize.describe()
              + "; choose a preparation other than pil-nearest for that.");
    }
  }

  private static void requireFinite(String name, double value) {
    if (!Float.isFinite((float) value)) {
      throw new IllegalArgumentException(
          "The " + name + " of a preparation must be finite in float32, but got " + value + ".");
    }
  }

  private static void requireFactor(String name, double value) {
    requireFinite(name, value);
    if ((float) value == 0) {
      throw new IllegalArgumentException(
          "The " + name + " of a preparation must not be zero in float32, but got " + value + ".");
    }
  }

  private static <E extends Enum<E>> E parse(Class<E> type, String what, String text) {
    E[] constants = type.getEnumConstants();
    for (E constant : constants) {
      if (constant.toString().equals(text)) {
        return constant;
      }
    }
    throw new IllegalArgumentException(
        "No " + what + " is called \"" + text + "\"; expected one of " + List.of(constants) + ".");
  }

  /** Whose pixels a file's are: decoders differ in rounding, and in what they do with odd files. */
  public enum Decoder {
    /** {@code tf.io.decode_image}, as {@code keras.utils.image_dataset_from_directory}. */
    TENSORFLOW,
    /** Pillow, as {@code keras.utils.load_img} and {@code ImageDataGenerator}. */
    PILLOW;

    /** The value that {@link #toString} calls so. */
    public static Decoder named(String text) {
      return parse(Decoder.class, "decoder", text);
    }

    /** The word of the handoff format: {@code tensorflow} or {@code pillow}. */
    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** What is done about the orientation that a camera noted in EXIF. */
  public enum Orientation {
    /** Nothing, as Keras does. */
    IGNORE,
    /** The image is turned upright. */
    EXIF;

    /** The value that {@link #toString} calls so. */
    public static Orientation named(String text) {
      return parse(Orientation.class, "orientation", text);
    }

    /** The word of the handoff format: {@code ignore} or {@code exif}. */
    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** The channels of a prepared image. */
  public enum ColourOrder {
    /** Red, green, blue. */
    RGB,
    /** Blue, green, red. */
    BGR,
    /** One channel: brightness. */
    GREY;

    /** 3, or 1 for grey. */
    public int channels() {
      return this == GREY ? 1 : 3;
    }

    /** The value that {@link #toString} calls so. */
    public static ColourOrder named(String text) {
      return parse(ColourOrder.class, "colour order", text);
    }

    /** The word of the handoff format: {@code rgb}, {@code bgr} or {@code grey}. */
    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** The methods of {@code tf.image.resize}, all without antialiasing. */
  public enum Method {
    BILINEAR,
    NEAREST,
    BICUBIC,
    AREA,
    LANCZOS3,
    LANCZOS5,
    GAUSSIAN,
    MITCHELLCUBIC;

    /** The value that {@link #toString} calls so. */
    public static Method named(String text) {
      return parse(Method.class, "resize method", text);
    }

    /** TensorFlow's word for it, such as {@code bilinear}. */
    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** What happens to an image of other proportions than the model's. */
  public enum Aspect {
    /** Height and width are scaled on their own. */
    STRETCH,
    /** The largest centred part of the wanted proportions, {@code crop_to_aspect_ratio}. */
    CROP,
    /** Fitted into the size, with black on both sides, {@code pad_to_aspect_ratio}. */
    PAD;

    /** The value that {@link #toString} calls so. */
    public static Aspect named(String text) {
      return parse(Aspect.class, "treatment of the aspect ratio", text);
    }

    /** The word of the handoff format: {@code stretch}, {@code crop} or {@code pad}. */
    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * The size to which images are brought.
   *
   * @param method how values between pixels are found
   * @param aspect what happens to images of other proportions
   * @param height in pixels, 1 to {@value #MAX_SIDE}
   * @param width in pixels, 1 to {@value #MAX_SIDE}
   */
  public record Resize(Method method, Aspect aspect, int height, int width)
      implements Serializable {
    /** The largest height and width. */
    public static final int MAX_SIDE = 16_384;

    public Resize {
      Objects.requireNonNull(method, "method");
      Objects.requireNonNull(aspect, "aspect");
      if (height < 1 || width < 1 || height > MAX_SIDE || width > MAX_SIDE) {
        throw new IllegalArgumentException(
            "Images cannot be resized to "
                + height
                + "×"
                + width
                + "; expected 1 to "
                + MAX_SIDE
                + " pixels a side.");
      }
    }

    /** Stretched. */
    public Resize(Method method, int height, int width) {
      this(method, Aspect.STRETCH, height, width);
    }

    /** Such as {@code 224×224 bilinear} or {@code 224×224 bilinear, crop}. */
    String describe() {
      String size = height + "×" + width + " " + method;
      return aspect == Aspect.STRETCH ? size : size + ", " + aspect;
    }
  }
}
