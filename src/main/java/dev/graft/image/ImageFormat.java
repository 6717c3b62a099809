package dev.graft.image;

import java.awt.Dimension;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.commons.imaging.ImagingException;
import org.apache.commons.imaging.bytesource.ByteSource;
import org.apache.commons.imaging.formats.bmp.BmpImageParser;
import org.apache.commons.imaging.formats.jpeg.JpegImageParser;
import org.apache.commons.imaging.formats.png.PngImageParser;
import org.apache.commons.imaging.formats.pnm.PnmImageParser;
import org.apache.commons.imaging.formats.tiff.TiffImageParser;

/** The formats that are read, told apart by their first bytes; the first four by TensorFlow. */
enum ImageFormat {
  JPEG("ffd9", "ffd8ff"),
  PNG("49454e44ae426082", "89504e470d0a1a0a"),
  GIF("3b", "47494638"),
  BMP("", "424d"),
  TIFF("", "49492a00", "4d4d002a"),
  PNM("", pnmStarts());

  /** What messages say can be read. */
  private static final String READ = "JPEG, PNG, GIF, BMP, TIFF and PNM";

  private final byte[] end;
  private final List<byte[]> starts;

  ImageFormat(String end, String... starts) {
    this.end = HexFormat.of().parseHex(end);
    this.starts = Arrays.stream(starts).map(HexFormat.of()::parseHex).toList();
  }

  /** P1 to P6, then white space. */
  private static String[] pnmStarts() {
    return IntStream.rangeClosed(1, 6)
        .boxed()
        .flatMap(kind -> Stream.of("0a", "20", "09", "0d").map(space -> "503" + kind + space))
        .toArray(String[]::new);
  }

  /** Whether TensorFlow decodes it. */
  boolean isNative() {
    return this != TIFF && this != PNM;
  }

  static ImageFormat of(byte[] image) throws BadImageException {
    if (image.length == 0) {
      throw new BadImageException("is empty");
    }
    for (ImageFormat format : values()) {
      if (format.starts.stream().anyMatch(start -> holds(image, 0, start))) {
        return format;
      }
    }
    throw new BadImageException(describe(image) + ", but only " + READ + " can be read");
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

  /** Height and width of any format but GIF, from the headers alone. */
  Dimension size(byte[] image) throws BadImageException {
    ByteSource source = ByteSource.array(image, "image");
    try {
      return switch (this) {
        case JPEG -> new JpegImageParser().getImageSize(source, null);
        case PNG -> new PngImageParser().getImageSize(source, null);
        case BMP -> new BmpImageParser().getImageSize(source, null);
        case TIFF -> new TiffImageParser().getImageSize(source, null);
        case PNM -> new PnmImageParser().getImageSize(source, null);
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
