package dev.graft.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.data.Preparation;
import dev.graft.data.Preparation.Orientation;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.apache.commons.imaging.formats.pnm.PnmImageParser;
import org.apache.commons.imaging.formats.pnm.PnmImagingParameters;
import org.apache.commons.imaging.formats.tiff.TiffImageParser;
import org.apache.commons.imaging.formats.tiff.TiffImagingParameters;
import org.apache.commons.imaging.formats.tiff.constants.TiffConstants;
import org.apache.commons.imaging.formats.tiff.constants.TiffTagConstants;
import org.apache.commons.imaging.formats.tiff.write.TiffOutputDirectory;
import org.apache.commons.imaging.formats.tiff.write.TiffOutputSet;
import org.junit.jupiter.api.Test;

/** Formats that TensorFlow does not decode; {@code KerasPixelsIT} compares them with Pillow's. */
class ForeignImageTest {
  private static final Preparation PLAIN = Preparation.named("none", 1, 1).withResize(null);
  private static final ImageShape TWO_BY_THREE = new ImageShape(2, 3, 3);
  private static final float[] PIXELS = {
    255, 0, 0, 0, 255, 0, 0, 0, 255, 1, 2, 3, 40, 50, 60, 255, 255, 255
  };

  @Test
  void aPortablePixmapHasThePixelsThatItsTextSays() throws Exception {
    String text = "P3\n# two rows\n3 2 255\n255 0 0 0 255 0 0 0 255\n1 2 3 40 50 60 255 255 255\n";
    assertThat(read(text.getBytes(StandardCharsets.US_ASCII))).isEqualTo(PIXELS);
  }

  @Test
  void aTiffAndAPixmapHaveThePixelsThatWereWritten() throws Exception {
    assertThat(read(tiff(1))).isEqualTo(PIXELS);
    assertThat(read(pixmap())).isEqualTo(PIXELS);
  }

  /** Its orientation is a tag of the format, not EXIF of a camera. */
  @Test
  void aTiffIsTurnedAsPillowTurnsIt() throws Exception {
    float[] upsideDown = new float[PIXELS.length];
    for (int i = 0; i < PIXELS.length; i++) {
      upsideDown[i] = PIXELS[PIXELS.length - 3 - i / 3 * 3 + i % 3];
    }
    Preparation turning = PLAIN.withOrientation(Orientation.EXIF);
    try (ImageReader reader = ImageReader.open(turning, TWO_BY_THREE, 10)) {
      assertThat(reader.read(tiff(3))).isEqualTo(upsideDown);
    }
    assertThat(read(tiff(3))).isEqualTo(upsideDown);
  }

  @Test
  void tooLargeAndCutFilesAreRefused() throws Exception {
    refused(
        "P6 40000 40000 255\n".getBytes(StandardCharsets.US_ASCII),
        "is a PNM of 1600000000 pixels, more than the 100000000 that are allowed");
    refused(Arrays.copyOf(pixmap(), 20), "is a PNM that cannot be decoded: ");
    byte[] tiff = tiff(1);
    refused(Arrays.copyOf(tiff, 9), "is a TIFF with a broken header: ");
  }

  private static void refused(byte[] image, String reason) {
    try (ImageReader reader = ImageReader.open(Preparation.named("none", 4, 4))) {
      assertThatThrownBy(() -> reader.read(image))
          .isInstanceOf(BadImageException.class)
          .hasMessageStartingWith(reason);
    }
  }

  @Property(tries = 300)
  void aDamagedFileIsReadOrRefusedAndNothingElse(
      @ForAll boolean pixmap,
      @ForAll @Size(min = 1, max = 6) List<@IntRange(max = 3000) Integer> places,
      @ForAll byte value)
      throws Exception {
    byte[] image = pixmap ? pixmap() : tiff(1);
    places.forEach(place -> image[place % image.length] = value);
    try {
      assertThat(Shared.READER.read(image)).hasSize(4 * 4 * 3);
    } catch (BadImageException e) {
      assertThat(e).hasMessageStartingWith("is ");
    }
  }

  /** Opened once for all tries; the process ends soon after. */
  private static final class Shared {
    static final ImageReader READER = ImageReader.open(Preparation.named("none", 4, 4));
  }

  private static float[] read(byte[] image) throws BadImageException {
    try (ImageReader reader = ImageReader.open(PLAIN, TWO_BY_THREE, 10)) {
      return reader.read(image);
    }
  }

  private static byte[] tiff(int orientation) throws IOException {
    TiffOutputSet tags = new TiffOutputSet();
    TiffOutputDirectory directory = tags.addRootDirectory();
    directory.add(TiffTagConstants.TIFF_TAG_ORIENTATION, (short) orientation);
    TiffImagingParameters parameters = new TiffImagingParameters();
    parameters.setOutputSet(tags);
    parameters.setCompression(TiffConstants.COMPRESSION_LZW);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    new TiffImageParser().writeImage(picture(), bytes, parameters);
    return bytes.toByteArray();
  }

  private static byte[] pixmap() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    new PnmImageParser().writeImage(picture(), bytes, new PnmImagingParameters());
    return bytes.toByteArray();
  }

  private static BufferedImage picture() {
    BufferedImage picture = new BufferedImage(3, 2, BufferedImage.TYPE_INT_RGB);
    for (int i = 0; i < 6; i++) {
      int red = (int) PIXELS[3 * i];
      int green = (int) PIXELS[3 * i + 1];
      int blue = (int) PIXELS[3 * i + 2];
      picture.setRGB(i % 3, i / 3, red << 16 | green << 8 | blue);
    }
    return picture;
  }
}
