package dev.graft.image;

import dev.graft.data.Augmentation;
import dev.graft.data.Preparation;
import dev.graft.data.Preparation.Orientation;
import dev.graft.tensor.Arithmetic;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.exceptions.TFInvalidArgumentException;
import org.tensorflow.exceptions.TFUnimplementedException;
import org.tensorflow.ndarray.NdArrays;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.proto.RunOptions;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.TString;

/**
 * Decodes and prepares images one at a time, to the same bits as Keras's {@code
 * image_dataset_from_directory} followed by the preparation's arithmetic.
 *
 * <p>Any number of threads may read at once; each image is prepared by the thread that asks. Owns a
 * graph and a session, which {@link #close} frees; it must not be called while a thread reads.
 */
public final class ImageReader implements AutoCloseable {
  /** The most pixels that an image may have unless said otherwise: 100 million. */
  public static final long MAX_PIXELS = 100_000_000;

  /** EXIF orientations above swap rows and columns. */
  private static final int LAST_UNTURNED = 4;

  private static final Pattern NODES = Pattern.compile("\\s*(\\[\\[.*?\\]\\]|\\{\\{.*?\\}\\})");

  /** On the caller's thread: the images, not the ops of one, are what runs side by side. */
  private static final RunOptions OPTIONS =
      RunOptions.newBuilder().setInterOpThreadPool(-1).build();

  private final Preparation preparation;
  private final ImageShape shape;
  private final long maxPixels;
  private final Graph graph;
  private final Session session;
  private final Operand<TString> bytes;
  private final Operand<TInt32> orientation;
  private final Operand<TFloat32> prepared;
  private final Optional<Views> views;

  /** Of JPEG files, by the ratio that they are reduced by; empty where they are decoded in full. */
  private final Map<Integer, Operand<TFloat32>> reduced = new HashMap<>();

  private volatile boolean closed;

  /** What is fed and fetched to make a view of an image. */
  private record Views(
      Augmentation augmentation,
      Operand<TInt64> image,
      Operand<TInt64> number,
      Operand<TFloat32> prepared) {}

  private ImageReader(
      Preparation preparation,
      ImageShape shape,
      long maxPixels,
      Optional<Augmentation> augmentation,
      Decoding decoding,
      Graph graph) {
    this.preparation = preparation;
    this.shape = shape;
    this.maxPixels = maxPixels;
    this.graph = graph;
    Ops tf = Ops.create(graph);
    bytes = tf.placeholder(TString.class, Placeholder.shape(Shape.scalar()));
    orientation = tf.placeholder(TInt32.class, Placeholder.shape(Shape.scalar()));
    Operand<TFloat32> pixels = PreparationOps.pixels(tf, bytes, orientation, preparation);
    prepared = PreparationOps.finish(tf, pixels, preparation);
    views = augmentation.map(steps -> views(tf, pixels, steps));
    for (int ratio : decoding == Decoding.REDUCED ? Decoding.RATIOS : List.<Integer>of()) {
      Operand<TFloat32> smaller =
          PreparationOps.reducedPixels(tf, bytes, orientation, preparation, ratio);
      reduced.put(ratio, PreparationOps.finish(tf, smaller, preparation));
    }
    session = new Session(graph, Arithmetic.AS_BUILT.config());
  }

  private Views views(Ops tf, Operand<TFloat32> pixels, Augmentation augmentation) {
    Operand<TInt64> image = tf.placeholder(TInt64.class, Placeholder.shape(Shape.scalar()));
    Operand<TInt64> number = tf.placeholder(TInt64.class, Placeholder.shape(Shape.scalar()));
    Operand<TFloat32> changed =
        new AugmentationOps(tf, image, number).apply(augmentation, pixels, shape.channels());
    return new Views(augmentation, image, number, PreparationOps.finish(tf, changed, preparation));
  }

  /**
   * Opens a reader for images of up to {@link #MAX_PIXELS}.
   *
   * @throws IllegalArgumentException if the preparation has no resize
   */
  public static ImageReader open(Preparation preparation) {
    return open(preparation, ImageShape.of(preparation), MAX_PIXELS);
  }

  /**
   * Opens a reader for images of up to {@link #MAX_PIXELS} that may be decoded at a reduced size.
   *
   * @throws IllegalArgumentException if the preparation has no resize, or if images are to be
   *     reduced that TensorFlow does not decode
   */
  public static ImageReader open(Preparation preparation, Decoding decoding) {
    Preparation known =
        decoding == Decoding.REDUCED ? Decoding.requireReducible(preparation) : preparation;
    return open(known, ImageShape.of(known), MAX_PIXELS, Optional.empty(), decoding);
  }

  /**
   * Opens a reader for images, and for views of them, of up to {@link #MAX_PIXELS}.
   *
   * @throws IllegalArgumentException if the preparation has no resize, or if the augmentation needs
   *     colours that it does not leave
   */
  public static ImageReader open(Preparation preparation, Augmentation augmentation) {
    return open(
        preparation,
        ImageShape.of(preparation),
        MAX_PIXELS,
        Optional.of(augmentation),
        Decoding.FULL);
  }

  /**
   * Opens a reader.
   *
   * @param shape of every prepared image. Where the preparation has no resize, images of another
   *     height and width are refused as bad
   * @param maxPixels images of more pixels (a GIF: of all its frames) are refused before they are
   *     decoded, at least 1
   * @throws IllegalArgumentException if the preparation makes another shape
   */
  public static ImageReader open(Preparation preparation, ImageShape shape, long maxPixels) {
    return open(preparation, shape, maxPixels, Optional.empty(), Decoding.FULL);
  }

  private static ImageReader open(
      Preparation preparation,
      ImageShape shape,
      long maxPixels,
      Optional<Augmentation> augmentation,
      Decoding decoding) {
    if (maxPixels < 1) {
      throw new IllegalArgumentException("At most " + maxPixels + " pixels; expected 1 or more.");
    }
    ImageShape made =
        preparation.resize() == null
            ? new ImageShape(shape.height(), shape.width(), preparation.channels())
            : ImageShape.of(preparation);
    if (!made.equals(shape)) {
      throw new IllegalArgumentException(
          "The preparation ("
              + preparation.describe()
              + ") makes images of "
              + made
              + ", but images of "
              + shape
              + " are wanted.");
    }
    Graph graph = new Graph();
    try {
      return new ImageReader(preparation, shape, maxPixels, augmentation, decoding, graph);
    } catch (RuntimeException | Error e) {
      graph.close();
      throw e;
    }
  }

  /** What is done to each image. */
  public Preparation preparation() {
    return preparation;
  }

  /** The shape of each prepared image. */
  public ImageShape shape() {
    return shape;
  }

  /**
   * Prepares an image.
   *
   * @param image the bytes of a JPEG, PNG, GIF (its first frame), BMP, TIFF (its first page) or PNM
   *     file
   * @return its values, row by row, the channels of a pixel together
   * @throws BadImageException if the bytes cannot be used as an image
   * @throws IllegalStateException if the reader is closed
   */
  public float[] read(byte[] image) throws BadImageException {
    return read(image, orientation(image));
  }

  /**
   * Prepares an image into a buffer, from its position on, which then moves behind the image.
   *
   * @throws BadImageException as {@link #read(byte[])}; the buffer is then as it was
   * @throws IllegalArgumentException if the buffer has too little room
   */
  public void read(byte[] image, FloatBuffer destination) throws BadImageException {
    int length = shape.values();
    if (destination.remaining() < length) {
      throw new IllegalArgumentException(
          "The buffer has room for "
              + destination.remaining()
              + " values, but an image of "
              + shape
              + " has "
              + length
              + ".");
    }
    destination.put(read(image));
  }

  /** For a caller that knows the EXIF orientation already. */
  float[] read(byte[] image, int exifOrientation) throws BadImageException {
    return run(image, exifOrientation, decoded(image, exifOrientation), Map.of());
  }

  private Operand<TFloat32> decoded(byte[] image, int exifOrientation) throws BadImageException {
    if (reduced.isEmpty() || ImageFormat.of(image) != ImageFormat.JPEG) {
      return prepared;
    }
    boolean turned =
        preparation.orientation() == Orientation.EXIF && exifOrientation > LAST_UNTURNED;
    int ratio = Decoding.ratio(ImageFormat.JPEG.size(image), preparation.resize(), turned);
    return reduced.getOrDefault(ratio, prepared);
  }

  /**
   * Prepares a view of an image.
   *
   * @param image the bytes of the file
   * @param sha256 of the bytes, from which the view's random numbers follow
   * @param view its number, 0 or more
   * @return as {@link #read(byte[])}
   * @throws BadImageException if the bytes cannot be used as an image
   * @throws IllegalStateException if the reader was opened without an augmentation, or is closed
   */
  public float[] readView(byte[] image, String sha256, long view) throws BadImageException {
    return readView(image, orientation(image), sha256, view);
  }

  /** For a caller that knows the EXIF orientation already. */
  float[] readView(byte[] image, int exifOrientation, String sha256, long view)
      throws BadImageException {
    Views made =
        views.orElseThrow(
            () -> new IllegalStateException("The image reader has no augmentation to make views."));
    long seed = HexFormat.fromHexDigitsToLong(sha256, 0, 16);
    return run(
        image, exifOrientation, made.prepared(), Map.of(made.image(), seed, made.number(), view));
  }

  private int orientation(byte[] image) {
    return preparation.orientation() == Orientation.EXIF
        ? ExifOrientation.of(image)
        : ExifOrientation.UPRIGHT;
  }

  private float[] run(
      byte[] image,
      int exifOrientation,
      Operand<TFloat32> fetched,
      Map<Operand<TInt64>, Long> numbers)
      throws BadImageException {
    if (closed) {
      throw new IllegalStateException("The image reader is closed.");
    }
    ImageFormat format = ImageFormat.of(image);
    checkSize(format, image);
    byte[] decodable = format.isNative() ? image : ForeignImage.png(format, image);
    List<TInt64> fed = new ArrayList<>();
    try (TString file = TString.tensorOfBytes(NdArrays.scalarOfObject(decodable));
        TInt32 turned = TInt32.scalarOf(exifOrientation)) {
      Session.Runner runner =
          session.runner().setOptions(OPTIONS).feed(bytes, file).feed(orientation, turned);
      for (Map.Entry<Operand<TInt64>, Long> number : numbers.entrySet()) {
        fed.add(TInt64.scalarOf(number.getValue()));
        runner.feed(number.getKey(), fed.get(fed.size() - 1));
      }
      return fetch(runner, fetched);
    } catch (TFInvalidArgumentException | TFUnimplementedException e) {
      throw new BadImageException(reason(format, image, e), e);
    } finally {
      fed.forEach(TInt64::close);
    }
  }

  private float[] fetch(Session.Runner runner, Operand<TFloat32> fetched) throws BadImageException {
    try (Result result = runner.fetch(fetched).run()) {
      TFloat32 values = (TFloat32) result.get(0);
      checkShape(values.shape());
      float[] destination = new float[shape.values()];
      values.asRawTensor().data().asFloats().read(destination);
      return destination;
    }
  }

  private void checkSize(ImageFormat format, byte[] image) throws BadImageException {
    long pixels = format.pixels(image);
    if (pixels > maxPixels) {
      throw new BadImageException(
          "is a "
              + format
              + " of "
              + pixels
              + " pixels, more than the "
              + maxPixels
              + " that are allowed");
    }
  }

  /** Can only differ where the preparation has no resize. */
  private void checkShape(Shape made) throws BadImageException {
    if (!made.equals(Shape.of(shape.height(), shape.width(), shape.channels()))) {
      throw new BadImageException(
          "has the shape " + made + " instead of " + shape + ", and images are not resized");
    }
  }

  private static String reason(ImageFormat format, byte[] image, RuntimeException e) {
    String first = e.getMessage().lines().findFirst().orElse("");
    String detail = NODES.matcher(first).replaceAll("").replaceAll("[.\\s]+$", "");
    return format.isTruncated(image)
        ? "is a truncated " + format + ": " + detail
        : "is a " + format + " that cannot be decoded: " + detail;
  }

  /** Frees the session and the graph. A second call does nothing. */
  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      try (graph) {
        session.close();
      }
    }
  }
}
