package dev.graft.image;

import dev.graft.data.Preparation;
import dev.graft.data.Preparation.Orientation;
import dev.graft.tensor.Arithmetic;
import java.nio.FloatBuffer;
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
  private volatile boolean closed;

  private ImageReader(Preparation preparation, ImageShape shape, long maxPixels, Graph graph) {
    this.preparation = preparation;
    this.shape = shape;
    this.maxPixels = maxPixels;
    this.graph = graph;
    Ops tf = Ops.create(graph);
    bytes = tf.placeholder(TString.class, Placeholder.shape(Shape.scalar()));
    orientation = tf.placeholder(TInt32.class, Placeholder.shape(Shape.scalar()));
    prepared = PreparationOps.prepare(tf, bytes, orientation, preparation);
    session = new Session(graph, Arithmetic.AS_BUILT.config());
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
   * Opens a reader.
   *
   * @param shape of every prepared image. Where the preparation has no resize, images of another
   *     height and width are refused as bad
   * @param maxPixels images of more pixels (a GIF: of all its frames) are refused before they are
   *     decoded, at least 1
   * @throws IllegalArgumentException if the preparation makes another shape
   */
  public static ImageReader open(Preparation preparation, ImageShape shape, long maxPixels) {
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
      return new ImageReader(preparation, shape, maxPixels, graph);
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
    float[] values = new float[shape.values()];
    run(image, exifOrientation, values);
    return values;
  }

  private int orientation(byte[] image) {
    return preparation.orientation() == Orientation.EXIF
        ? ExifOrientation.of(image)
        : ExifOrientation.UPRIGHT;
  }

  private void run(byte[] image, int exifOrientation, float[] destination)
      throws BadImageException {
    if (closed) {
      throw new IllegalStateException("The image reader is closed.");
    }
    ImageFormat format = ImageFormat.of(image);
    checkSize(format, image);
    byte[] decodable = format.isNative() ? image : ForeignImage.png(format, image);
    try (TString file = TString.tensorOfBytes(NdArrays.scalarOfObject(decodable));
        TInt32 turned = TInt32.scalarOf(exifOrientation);
        Result result =
            session
                .runner()
                .setOptions(OPTIONS)
                .feed(bytes, file)
                .feed(orientation, turned)
                .fetch(prepared)
                .run()) {
      TFloat32 values = (TFloat32) result.get(0);
      checkShape(values.shape());
      values.asRawTensor().data().asFloats().read(destination);
    } catch (TFInvalidArgumentException | TFUnimplementedException e) {
      throw new BadImageException(reason(format, image, e), e);
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
