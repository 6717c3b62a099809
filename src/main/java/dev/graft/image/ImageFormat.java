package dev.graft.image;

import java.awt.Dimension;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.apache.commons.imaging.ImagingException;
import org.apache.commons.imaging.bytesource.ByteSource;
import org.apache.commons.imaging.formats.bmp.BmpImageParser;
import org.apache.commons.imaging.formats.jpeg.JpegImageParser;
import org.apache.commons.imaging.formats.png.PngImageParser;

/** The formats that TensorFlow decodes, told apart by the same first bytes. */
enum ImageFormat {
  JPEG("ffd8ff", "ffd9"),
  PNG("89504e470d0a1a0a", "49454e44ae426082"),
  GIF("47494638", "3b"),
  BMP("424d", "");

  private final byte[] start;
  private final byte[] end;

  ImageFormat(String start, String end) {
    this.start = HexFormat.of().parseHex(start);
    this.end = HexFormat.of().parseHex(end);
  }

  static ImageFormat of(byte[] image) throws BadImageException {
    if (image.length == 0) {
      throw new BadImageException("is empty");
    }
    for (ImageFormat format : values()) {
      if (holds(image, 0, format.start)) {
        return format;
      }
    }
    throw new BadImageException(describe(image) + ", but only JPEG, PNG, GIF and BMP can be read");
  }

  /** Whether the file stops before its end mark; false where the format has none. */
  boolean isTruncated(byte[] image) {
    int length = image.length;
    while (length > 0 && image[length - 1] == 0) {
      length--;
    }
    return !holds(image, length - end.length, end);
  }

  /**
   * Number of pixels that decoding would make, from the headers alone.
   *
   * @throws BadImageException if the headers are broken or there is no pixel
   */
  long pixels(byte[] image) throws BadImageException {
    if (this == GIF) {
      return GifFrames.pixels(image);
    }
    Dimension size = size(image);
    if (size.width == 0 || size.height == 0) {
      throw new BadImageException(
          "is a " + this + " of " + size.height + "×" + size.width + " pixels");
    }
    return Math.abs(Math.multiplyFull(size.width, size.height));
  }

  private Dimension size(byte[] image) throws BadImageException {
    ByteSource source = ByteSource.array(image, "image");
    try {
      return switch (this) {
        case JPEG -> new JpegImageParser().getImageSize(source, null);
        case PNG -> new PngImageParser().getImageSize(source, null);
        case BMP -> new BmpImageParser().getImageSize(source, null);
        case GIF -> throw new AssertionError("A GIF is measured frame by frame.");
      };
    } catch (ImagingException e) {
      throw new BadImageException("is a " + this + " with a broken header: " + e.getMessage(), e);
    } catch (IOException | RuntimeException e) {
      throw new BadImageException("is a " + this + " that ends within its header", e);
    }
  }

  private static String describe(byte[] image) {
    if (holds(image, 0, ascii("RIFF")) && holds(image, 8, ascii("WEBP"))) {
      return "is a WebP image";
    }
    if (holds(image, 0, ascii("II*\0")) || holds(image, 0, ascii("MM\0*"))) {
      return "is a TIFF image";
    }
    if (holds(image, 4, ascii("ftyp"))) {
      return "is a HEIC or AVIF image, or a video";
    }
    return "is no image: it starts with " + beginning(image);
  }

  private static String beginning(byte[] image) {
    int length = Math.min(image.length, 8);
    boolean readable = true;
    for (int i = 0; i < length; i++) {
      readable &= image[i] >= ' ' && image[i] < 0x7f;
    }
    return readable
        ? "\"" + new String(image, 0, length, StandardCharsets.US_ASCII) + "\""
        : "the bytes " + HexFormat.ofDelimiter(" ").formatHex(image, 0, length);
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  private static boolean holds(byte[] image, int at, byte[] expected) {
    if (at < 0 || at + expected.length > image.length) {
      return false;
    }
    for (int i = 0; i < expected.length; i++) {
      if (image[at + i] != expected[i]) {
        return false;
      }
    }
    return true;
  }
}
