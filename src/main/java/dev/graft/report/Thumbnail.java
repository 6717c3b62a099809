package dev.graft.report;

import java.awt.image.BufferedImage;
import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Iterator;
import java.util.Locale;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageReadParam;
import javax.imageio.ImageReader;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/**
 * A small picture for a report: at most {@value #SIZE} pixels wide and high, JPEG, or PNG where the
 * picture has few pixels. It is for people to look at, so its pixels are not those that the model
 * sees; it is not turned by EXIF. Immutable.
 */
public final class Thumbnail {
  /** Longest side in pixels. */
  public static final int SIZE = 160;

  /** Up to this many pixels a side, JPEG's blur would be worse than PNG's bytes. */
  private static final int TINY = 64;

  private static final float QUALITY = 0.8f;
  private static final Thumbnail UNREADABLE = encode(cross());

  private final String mediaType;
  private final byte[] bytes;
  private final int width;
  private final int height;

  private Thumbnail(String mediaType, byte[] bytes, int width, int height) {
    this.mediaType = mediaType;
    this.bytes = bytes;
    this.width = width;
    this.height = height;
  }

  /** A grey field with a cross, for a picture that cannot be shown. */
  public static Thumbnail unreadable() {
    return UNREADABLE;
  }

  /**
   * A small copy of a picture file; {@link #unreadable()} if it is missing or Java cannot decode it
   * (a CMYK JPEG, for example).
   */
  public static Thumbnail of(Path picture) {
    try (InputStream in = new BufferedInputStream(Files.newInputStream(picture))) {
      return read(in);
    } catch (IOException e) {
      return UNREADABLE;
    }
  }

  /** A small copy of a JPEG, PNG, GIF or BMP; {@link #unreadable()} if Java cannot decode it. */
  public static Thumbnail of(byte[] picture) {
    return read(new ByteArrayInputStream(picture));
  }

  /** What {@link #bytes} gave; {@link #unreadable()} if it is something else. */
  static Thumbnail kept(byte[] bytes) {
    try (ImageInputStream in = new MemoryCacheImageInputStream(new ByteArrayInputStream(bytes))) {
      Iterator<ImageReader> readers = ImageIO.getImageReaders(in);
      if (!readers.hasNext()) {
        return UNREADABLE;
      }
      ImageReader reader = readers.next();
      try {
        reader.setInput(in, true, true);
        String type = "image/" + reader.getFormatName().toLowerCase(Locale.ROOT);
        return new Thumbnail(type, bytes.clone(), reader.getWidth(0), reader.getHeight(0));
      } finally {
        reader.dispose();
      }
    } catch (IOException | RuntimeException e) { // ImageIO throws any of them for corrupt files
      return UNREADABLE;
    }
  }

  private static Thumbnail read(InputStream picture) {
    try (ImageInputStream in = new MemoryCacheImageInputStream(picture)) {
      Iterator<ImageReader> readers = ImageIO.getImageReaders(in);
      return readers.hasNext() ? encode(shrink(decode(readers.next(), in))) : UNREADABLE;
    } catch (IOException | RuntimeException e) { // ImageIO throws any of them for corrupt files
      return UNREADABLE;
    }
  }

  /** Skips rows and columns of a large picture, so that it need not fit in memory. */
  private static BufferedImage decode(ImageReader reader, ImageInputStream in) throws IOException {
    try {
      reader.setInput(in, true, true);
      int step = Math.max(1, Math.max(reader.getWidth(0), reader.getHeight(0)) / (4 * SIZE));
      ImageReadParam parameters = reader.getDefaultReadParam();
      parameters.setSourceSubsampling(step, step, 0, 0);
      return reader.read(0, parameters);
    } finally {
      reader.dispose();
    }
  }

  /** Averages boxes of pixels by hand: java.awt.Graphics2D would look for a display. */
  private static BufferedImage shrink(BufferedImage picture) {
    double scale = Math.max(1, Math.max(picture.getWidth(), picture.getHeight()) / (double) SIZE);
    int width = Math.max(1, (int) (picture.getWidth() / scale));
    int height = Math.max(1, (int) (picture.getHeight() / scale));
    BufferedImage small = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        small.setRGB(x, y, average(picture, x, y, width, height));
      }
    }
    return small;
  }

  private static int average(BufferedImage picture, int x, int y, int width, int height) {
    int left = x * picture.getWidth() / width;
    int right = (x + 1) * picture.getWidth() / width;
    int top = y * picture.getHeight() / height;
    int bottom = (y + 1) * picture.getHeight() / height;
    int red = 0;
    int green = 0;
    int blue = 0;
    for (int row = top; row < bottom; row++) {
      for (int column = left; column < right; column++) {
        int pixel = picture.getRGB(column, row);
        red += onWhite(pixel, 16);
        green += onWhite(pixel, 8);
        blue += onWhite(pixel, 0);
      }
    }
    int pixels = (right - left) * (bottom - top);
    return red / pixels << 16 | green / pixels << 8 | blue / pixels;
  }

  private static int onWhite(int pixel, int shift) {
    int alpha = pixel >>> 24;
    return ((pixel >> shift & 0xFF) * alpha + 0xFF * (0xFF - alpha)) / 0xFF;
  }

  private static BufferedImage cross() {
    BufferedImage field = new BufferedImage(TINY, TINY, BufferedImage.TYPE_INT_RGB);
    for (int y = 0; y < TINY; y++) {
      for (int x = 0; x < TINY; x++) {
        boolean line = (x == y || x == TINY - 1 - y) && x >= TINY / 4 && x < 3 * TINY / 4;
        field.setRGB(x, y, line ? 0x8A919C : 0xD0D4DA);
      }
    }
    return field;
  }

  private static Thumbnail encode(BufferedImage picture) {
    boolean tiny = Math.max(picture.getWidth(), picture.getHeight()) <= TINY;
    ImageWriter writer = ImageIO.getImageWritersByFormatName(tiny ? "png" : "jpeg").next();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (MemoryCacheImageOutputStream out = new MemoryCacheImageOutputStream(bytes)) {
      ImageWriteParam parameters = writer.getDefaultWriteParam();
      if (!tiny) {
        parameters.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
        parameters.setCompressionQuality(QUALITY);
      }
      writer.setOutput(out);
      writer.write(null, new IIOImage(picture, null, null), parameters);
    } catch (IOException e) {
      throw new UncheckedIOException("A picture in memory could not be encoded.", e);
    } finally {
      writer.dispose();
    }
    String type = tiny ? "image/png" : "image/jpeg";
    return new Thumbnail(type, bytes.toByteArray(), picture.getWidth(), picture.getHeight());
  }

  /** Width in pixels. */
  public int width() {
    return width;
  }

  /** Height in pixels. */
  public int height() {
    return height;
  }

  /** Whether it has so few pixels that they should stay visible when it is enlarged. */
  boolean isTiny() {
    return Math.max(width, height) <= TINY;
  }

  /** The encoded picture, a PNG or a JPEG. */
  byte[] bytes() {
    return bytes.clone();
  }

  /** The picture as the source of an img element. */
  String dataUri() {
    return "data:" + mediaType + ";base64," + Base64.getEncoder().encodeToString(bytes);
  }
}
