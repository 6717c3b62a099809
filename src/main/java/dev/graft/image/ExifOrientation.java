package dev.graft.image;

import java.io.IOException;
import org.apache.commons.imaging.ImagingException;
import org.apache.commons.imaging.bytesource.ByteSource;
import org.apache.commons.imaging.common.ImageMetadata;
import org.apache.commons.imaging.formats.jpeg.JpegImageParser;
import org.apache.commons.imaging.formats.tiff.TiffField;
import org.apache.commons.imaging.formats.tiff.TiffImageMetadata;
import org.apache.commons.imaging.formats.tiff.TiffImagingParameters;
import org.apache.commons.imaging.formats.tiff.constants.TiffTagConstants;

/**
 * How a camera was held, from the EXIF data of a JPEG. <a
 * href="https://www.cipa.jp/std/documents/e/DC-008-2012_E.pdf">EXIF 2.3</a>, tag 274.
 */
public final class ExifOrientation {
  /** The rows and columns are as they should be seen. */
  public static final int UPRIGHT = 1;

  private static final int SCAN = 0xda;
  private static final int APP1 = 0xe1;

  private ExifOrientation() {}

  /**
   * The orientation of an image: 1 upright, 2 mirrored, 3 upside down, 4 mirrored upside down, 5
   * transposed, 6 to be turned clockwise, 7 transposed the other way, 8 to be turned
   * counter-clockwise. It is 1 where the image is no JPEG, says nothing, or says nonsense.
   *
   * @param image the bytes of the file; any bytes are allowed
   */
  public static int of(byte[] image) {
    return hasApp1(image) ? parse(image) : UPRIGHT;
  }

  private static int parse(byte[] image) {
    try {
      ImageMetadata metadata =
          new JpegImageParser()
              .getExifMetadata(ByteSource.array(image, "image"), new TiffImagingParameters());
      if (metadata instanceof TiffImageMetadata exif && !exif.getDirectories().isEmpty()) {
        // The first directory is the image's; a thumbnail's comes after it.
        TiffImageMetadata.Directory first =
            (TiffImageMetadata.Directory) exif.getDirectories().get(0);
        return orientation(first.findField(TiffTagConstants.TIFF_TAG_ORIENTATION));
      }
      return UPRIGHT;
    } catch (IOException | RuntimeException e) {
      return UPRIGHT; // Broken EXIF must not cost the image.
    }
  }

  private static int orientation(TiffField field) throws ImagingException {
    int value = field == null ? UPRIGHT : field.getIntValue();
    return value >= 1 && value <= 8 ? value : UPRIGHT;
  }

  /** Whether a JPEG has a segment that may hold EXIF, found by hopping over the segments. */
  private static boolean hasApp1(byte[] image) {
    if (image.length < 4 || (image[0] & 0xff) != 0xff || (image[1] & 0xff) != 0xd8) {
      return false;
    }
    int at = 2;
    while (at + 4 <= image.length && (image[at] & 0xff) == 0xff) {
      int marker = image[at + 1] & 0xff;
      if (marker == APP1 || marker == SCAN) {
        return marker == APP1;
      }
      at += marker == 0xff ? 1 : 2 + ((image[at + 2] & 0xff) << 8 | image[at + 3] & 0xff);
    }
    return false;
  }
}
