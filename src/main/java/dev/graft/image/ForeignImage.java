package dev.graft.image;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Set;
import javax.imageio.ImageIO;
import javax.imageio.stream.MemoryCacheImageOutputStream;
import org.apache.commons.imaging.FormatCompliance;
import org.apache.commons.imaging.ImagingException;
import org.apache.commons.imaging.bytesource.ByteSource;
import org.apache.commons.imaging.formats.pnm.PnmImageParser;
import org.apache.commons.imaging.formats.tiff.TiffDirectory;
import org.apache.commons.imaging.formats.tiff.TiffField;
import org.apache.commons.imaging.formats.tiff.TiffImageParser;
import org.apache.commons.imaging.formats.tiff.TiffReader;
import org.apache.commons.imaging.formats.tiff.constants.TiffTagConstants;
import org.apache.commons.imaging.formats.tiff.taginfos.TagInfo;

/**
 * An image in a format that TensorFlow does not decode, made a PNG of the same pixels: 8 bits a
 * channel, without alpha. As with Pillow, of several pages the first is taken, and a TIFF is turned
 * as its orientation says, which is part of the format there and no afterthought of a camera.
 */
final class ForeignImage {
  /** White is zero, black is zero, RGB, palette: what commons-imaging reads as Pillow does. */
  private static final Set<Integer> PHOTOMETRIC = Set.of(0, 1, 2, 3);

  private ForeignImage() {}

  /**
   * The bytes of a PNG.
   *
   * @throws BadImageException if the file is broken or of a kind that is not read
   */
  static byte[] png(ImageFormat format, byte[] file) throws BadImageException {
    try {
      return png(format == ImageFormat.TIFF ? tiff(file) : pnm(file));
    } catch (ImagingException e) {
      throw new BadImageException(
          "is a " + format + " that cannot be decoded: " + e.getMessage(), e);
    } catch (IOException
        | RuntimeException e) { // Broken files lead commons-imaging to any of them.
      throw new BadImageException("is a broken " + format + ": " + e, e);
    }
  }

  private static BufferedImage pnm(byte[] file) throws IOException {
    return new PnmImageParser().getBufferedImage(source(file), null);
  }

  private static BufferedImage tiff(byte[] file) throws IOException, BadImageException {
    TiffDirectory directory =
        new TiffReader(false)
            .readFirstDirectory(source(file), false, FormatCompliance.getDefault())
            .directories
            .get(0);
    int photometric = number(directory, TiffTagConstants.TIFF_TAG_PHOTOMETRIC_INTERPRETATION, -1);
    int sample = number(directory, TiffTagConstants.TIFF_TAG_SAMPLE_FORMAT, 1);
    if (!PHOTOMETRIC.contains(photometric) || sample != 1) {
      throw new BadImageException(
          "is a TIFF of photometric interpretation "
              + photometric
              + " and sample format "
              + sample
              + ", but only grey, RGB and palette images of unsigned numbers are read");
    }
    int orientation = number(directory, TiffTagConstants.TIFF_TAG_ORIENTATION, 1);
    return upright(new TiffImageParser().getBufferedImage(source(file), null), orientation);
  }

  /** Each pixel from where the orientation says that it was stored. */
  private static BufferedImage upright(BufferedImage image, int orientation) {
    if (orientation < 2 || orientation > 8) {
      return image;
    }
    boolean swapped = orientation >= 5;
    boolean fromBottom =
        orientation == 3 || orientation == 4 || orientation == 7 || orientation == 8;
    boolean fromRight =
        orientation == 2 || orientation == 3 || orientation == 6 || orientation == 7;
    int height = swapped ? image.getWidth() : image.getHeight();
    int width = swapped ? image.getHeight() : image.getWidth();
    BufferedImage upright = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        int row = fromBottom ? height - 1 - y : y;
        int column = fromRight ? width - 1 - x : x;
        upright.setRGB(x, y, swapped ? image.getRGB(row, column) : image.getRGB(column, row));
      }
    }
    return upright;
  }

  /** The first number of a field; most have one, or the same for each channel. */
  private static int number(TiffDirectory directory, TagInfo tag, int otherwise)
      throws ImagingException {
    TiffField field = directory.findField(tag);
    return field == null ? otherwise : field.getIntArrayValue()[0];
  }

  private static ByteSource source(byte[] file) {
    return ByteSource.array(file, "image");
  }

  private static byte[] png(BufferedImage image) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (MemoryCacheImageOutputStream out = new MemoryCacheImageOutputStream(bytes)) {
      ImageIO.write(opaque(image), "png", out);
    }
    return bytes.toByteArray();
  }

  private static BufferedImage opaque(BufferedImage image) {
    int width = image.getWidth();
    int height = image.getHeight();
    BufferedImage opaque = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    int[] row = new int[width];
    for (int y = 0; y < height; y++) {
      image.getRGB(0, y, width, 1, row, 0, width);
      opaque.setRGB(0, y, width, 1, row, 0, width);
    }
    return opaque;
  }
}
