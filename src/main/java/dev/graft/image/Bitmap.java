package dev.graft.image;

import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.DataBuffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * An image in memory as the bytes of a BMP file: 24 bits a pixel, uncompressed, so that it takes
 * the way of every other file and loses nothing. Alpha is left out, as TensorFlow's decoders do.
 */
final class Bitmap {
  private static final int HEADER = 54;
  private static final int BITS = 24;

  private Bitmap() {}

  /**
   * The bytes of the file.
   *
   * @throws BadImageException when the image is too large for a file in memory
   */
  static byte[] of(BufferedImage image) throws BadImageException {
    int width = image.getWidth();
    int height = image.getHeight();
    long stride = (width * 3L + 3) / 4 * 4;
    long size = HEADER + stride * height;
    if (size > Integer.MAX_VALUE - 8) {
      throw new BadImageException("has %d × %d pixels, too many".formatted(width, height));
    }
    ByteBuffer file = ByteBuffer.allocate((int) size).order(ByteOrder.LITTLE_ENDIAN);
    writeHeader(file, width, height);
    int[] row = new int[width];
    for (int y = height - 1; y >= 0; y--) {
      readRow(image, y, row);
      for (int rgb : row) {
        file.put((byte) rgb).put((byte) (rgb >> 8)).put((byte) (rgb >> 16));
      }
      file.position(file.position() + (int) stride - 3 * width);
    }
    return file.array();
  }

  /** BITMAPFILEHEADER and BITMAPINFOHEADER; the rest of the fields is 0. */
  private static void writeHeader(ByteBuffer file, int width, int height) {
    file.put((byte) 'B').put((byte) 'M').putInt(file.capacity()).putInt(0).putInt(HEADER);
    file.putInt(40).putInt(width).putInt(height).putShort((short) 1).putShort((short) BITS);
    file.position(HEADER);
  }

  /** Grey values as they are: {@code getRGB} would take them for linear ones and brighten them. */
  private static void readRow(BufferedImage image, int y, int[] row) {
    if (!isGrey(image)) {
      image.getRGB(0, y, row.length, 1, row, 0, row.length);
      return;
    }
    int excess = image.getSampleModel().getSampleSize(0) - Byte.SIZE;
    image.getRaster().getSamples(0, y, row.length, 1, 0, row);
    for (int x = 0; x < row.length; x++) {
      row[x] = (row[x] >> excess) * 0x010101;
    }
  }

  private static boolean isGrey(BufferedImage image) {
    ColorModel model = image.getColorModel();
    int type = model.getTransferType();
    return model.getNumColorComponents() == 1
        && (type == DataBuffer.TYPE_BYTE || type == DataBuffer.TYPE_USHORT)
        && image.getSampleModel().getSampleSize(0) >= Byte.SIZE;
  }
}
