package dev.graft.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.data.Preparation;
import dev.graft.data.Preparation.ColourOrder;
import dev.graft.data.Preparation.Method;
import dev.graft.data.Preparation.Orientation;
import dev.graft.data.Preparation.Resize;
import java.awt.Dimension;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ImageReaderTest {
  private static final Preparation PLAIN = Preparation.named("none", 24, 24);

  static Stream<String> expected() {
    return Fixtures.lines("expected.txt").stream();
  }

  @ParameterizedTest
  @MethodSource("expected")
  void pixelsEqualPythonsToTheLastBit(String line) throws Exception {
    String[] words = line.split(" ");
    Preparation preparation =
        preparation(words[1], Integer.parseInt(words[2]), Integer.parseInt(words[3]));
    try (ImageReader reader = ImageReader.open(preparation)) {
      assertThat(sha256OrRefused(reader, Fixtures.bytes(words[0]))).isEqualTo(words[4]);
    }
  }

  /** 1,600 × 1,200 pixels of a smooth picture. */
  private static byte[] photograph(String format) throws Exception {
    BufferedImage image = new BufferedImage(1600, 1200, BufferedImage.TYPE_INT_RGB);
    for (int y = 0; y < image.getHeight(); y++) {
      for (int x = 0; x < image.getWidth(); x++) {
        int wave = (int) (127 + 120 * Math.sin(x / 90.0) * Math.cos(y / 70.0));
        image.setRGB(x, y, wave << 16 | y / 5 << 8 | x / 7);
      }
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    ImageIO.write(image, format, bytes);
    return bytes.toByteArray();
  }

  @Test
  void aReducedDecodingChangesThePixelsOfLargeJpegFilesALittle() throws Exception {
    Preparation preparation = Preparation.named("none", 150, 150);
    try (ImageReader full = ImageReader.open(preparation);
        ImageReader reduced = ImageReader.open(preparation, Decoding.REDUCED)) {
      float[] expected = full.read(photograph("jpg"));
      float[] received = reduced.read(photograph("jpg"));
      double largest = 0;
      for (int i = 0; i < expected.length; i++) {
        largest = Math.max(largest, Math.abs(expected[i] - received[i]));
      }
      assertThat(largest).isPositive().isLessThan(12); // of 255
      assertThat(reduced.read(photograph("png"))).isEqualTo(full.read(photograph("png")));
    }
    Preparation large = Preparation.named("none", 601, 801);
    try (ImageReader full = ImageReader.open(large);
        ImageReader reduced = ImageReader.open(large, Decoding.REDUCED)) {
      assertThat(reduced.read(photograph("jpg"))).isEqualTo(full.read(photograph("jpg")));
    }
  }

  @Property
  void aReducedImageIsNeverSmallerThanWhatIsWanted(
      @ForAll @IntRange(min = 1, max = 5000) int height,
      @ForAll @IntRange(min = 1, max = 5000) int width,
      @ForAll @IntRange(min = 1, max = 600) int side,
      @ForAll boolean turned) {
    Resize wanted = new Resize(Method.BILINEAR, side, 2 * side);
    int ratio = Decoding.ratio(new Dimension(width, height), wanted, turned);
    assertThat(ratio).isIn(1, 2, 4, 8);
    if (ratio > 1) {
      assertThat(height / ratio).isGreaterThanOrEqualTo(turned ? 2 * side : side);
      assertThat(width / ratio).isGreaterThanOrEqualTo(turned ? side : 2 * side);
    }
    int next = 2 * ratio;
    assertThat(
            ratio == 8
                || height < next * (turned ? 2 * side : side)
                || width < next * (turned ? side : 2 * side))
        .isTrue();
  }

  @Test
  void pillowsDecoderCannotReduce() {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> ImageReader.open(Preparation.named("pil-nearest", 8, 8), Decoding.REDUCED))
        .withMessageContaining("reduced");
  }

  private static Preparation preparation(String name, int height, int width) {
    Preparation plain = Preparation.named("none", height, width);
    return switch (name) {
      case "exif" -> plain.withOrientation(Orientation.EXIF);
      case "grey-bilinear" -> plain.withColourOrder(ColourOrder.GREY);
      case "everything" ->
          new Preparation(
              Preparation.Decoder.TENSORFLOW,
              Orientation.IGNORE,
              new Resize(Method.BILINEAR, height, width),
              ColourOrder.BGR,
              3,
              0.7,
              List.of(0.1, 0.2, 0.3),
              List.of(1.1, 1.2, 1.3),
              false);
      default ->
          Preparation.NAMES.contains(name)
              ? Preparation.named(name, height, width)
              : plain.withResize(new Resize(Method.named(name), height, width));
    };
  }

  private static String sha256OrRefused(ImageReader reader, byte[] image) throws Exception {
    try {
      return sha256(reader.read(image));
    } catch (BadImageException e) {
      return "refused";
    }
  }

  private static String sha256(float[] values) throws Exception {
    ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes.array()));
  }

  @Test
  void exifOrientationIsIgnoredUnlessAskedFor() throws Exception {
    try (ImageReader reader = ImageReader.open(PLAIN)) {
      assertThat(reader.read(Fixtures.bytes("exif6.jpg")))
          .isEqualTo(reader.read(Fixtures.bytes("exif1.jpg")));
    }
  }

  @Test
  void bufferIsFilledFromItsPositionOn() throws Exception {
    try (ImageReader reader = ImageReader.open(Preparation.named("torch", 5, 4))) {
      assertThat(reader.shape()).isEqualTo(new ImageShape(5, 4, 3));
      byte[] image = Fixtures.bytes("rgb.png");
      for (FloatBuffer buffer :
          List.of(
              FloatBuffer.allocate(130),
              ByteBuffer.allocateDirect(4 * 130).order(ByteOrder.nativeOrder()).asFloatBuffer())) {
        buffer.position(7);
        reader.read(image, buffer);
        assertThat(buffer.position()).isEqualTo(67);
        float[] values = new float[60];
        buffer.get(7, values);
        assertThat(values).isEqualTo(reader.read(image));
        assertThat(buffer.get(6)).isZero();
        assertThat(buffer.get(67)).isZero();
      }
    }
  }

  @Test
  void bufferWithoutRoomIsRefused() throws Exception {
    try (ImageReader reader = ImageReader.open(Preparation.named("torch", 5, 4))) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> reader.read(Fixtures.bytes("rgb.png"), FloatBuffer.allocate(59)))
          .withMessage("The buffer has room for 59 values, but an image of [5, 4, 3] has 60.");
    }
  }

  @Test
  void bufferStaysAsItWasWhenTheImageIsBad() {
    FloatBuffer buffer = FloatBuffer.allocate(60);
    try (ImageReader reader = ImageReader.open(Preparation.named("torch", 5, 4))) {
      assertThatThrownBy(() -> reader.read(new byte[] {1, 2}, buffer))
          .isInstanceOf(BadImageException.class);
    }
    assertThat(buffer.position()).isZero();
  }

  @Test
  void withoutAResizeImagesMustHaveTheSize() throws Exception {
    ImageShape shape = new ImageShape(24, 24, 3);
    try (ImageReader reader = ImageReader.open(PLAIN.withResize(null), shape, 1000);
        ImageReader resizing = ImageReader.open(PLAIN)) {
      byte[] square = Fixtures.bytes("square.png");
      assertThat(reader.read(square)).isEqualTo(resizing.read(square));
      assertThatThrownBy(() -> reader.read(Fixtures.bytes("exif1.jpg")))
          .isInstanceOf(BadImageException.class)
          .hasMessage(
              "has the shape [20, 30, 3] instead of [24, 24, 3], and images are not resized");
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ImageReader.open(PLAIN.withResize(null)))
        .withMessageContaining("leaves the size of images as it is");
  }

  @Test
  void shapeThatThePreparationDoesNotMakeIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ImageReader.open(PLAIN, new ImageShape(32, 32, 3), 1000))
        .withMessage(
            "The preparation (24×24 bilinear, rgb, scaled by the model) makes images of"
                + " [24, 24, 3], but images of [32, 32, 3] are wanted.");
  }

  @Test
  void whatIsNoImageIsRefusedWithAReason() {
    refused(new byte[0], "is empty");
    refused(
        ascii("Hello, I am a text."),
        "is no image: it starts with \"Hello, I\", but only JPEG, PNG, GIF, BMP, TIFF and PNM can be read");
    refused(
        new byte[] {0, 1, -1},
        "is no image: it starts with the bytes 00 01 ff, but only JPEG, PNG, GIF, BMP, TIFF and PNM can be"
            + " read");
    refused(
        ascii("RIFF....WEBPVP8 "),
        "is a WebP image, but only JPEG, PNG, GIF, BMP, TIFF and PNM can be read");
    refused(ascii("II*\0...."), "is a TIFF with a broken header: ");
    refused(ascii("....ftypheic"), "is a HEIC or AVIF image, or a video, but only");
  }

  @ParameterizedTest
  @ValueSource(strings = {"baseline.jpg", "progressive.jpg", "rgb.png", "still.gif"})
  void truncatedImageIsRefusedAsSuch(String name) {
    byte[] image = Fixtures.bytes(name);
    refused(Arrays.copyOf(image, image.length * 2 / 3), "is a truncated " + format(name) + ": ");
  }

  @Test
  void imageThatEndsInItsHeaderIsRefused() {
    refused(
        Arrays.copyOf(Fixtures.bytes("baseline.jpg"), 5), "is a JPEG that ends within its header");
    refused(Arrays.copyOf(Fixtures.bytes("rgb.png"), 20), "is a PNG that ends within its header");
    refused(Arrays.copyOf(Fixtures.bytes("still.gif"), 10), "is a GIF without a pixel");
    refused(
        Arrays.copyOf(Fixtures.bytes("picture.bmp"), 20), "is a BMP that ends within its header");
  }

  @Test
  void bmpShorterThanItSaysIsRefused() {
    refused(
        Arrays.copyOf(Fixtures.bytes("picture.bmp"), 2000), "is a BMP that cannot be decoded: ");
  }

  @Test
  void imageOfNoPixelIsRefused() {
    refused(withInt(Fixtures.bytes("picture.bmp"), 18, 0), "is a BMP of 29×0 pixels");
  }

  /** A few bytes that would take gigabytes when decoded. */
  @Test
  void hugeImageIsRefusedBeforeItIsDecoded() {
    byte[] bmp = withInt(Fixtures.bytes("picture.bmp"), 18, 1_000_000);
    refused(bmp, "is a BMP of 29000000 pixels, more than the 1000 that are allowed", 1000);
    byte[] png = Fixtures.bytes("rgb.png");
    ByteBuffer.wrap(png).putInt(16, 60_000).putInt(20, 60_000);
    refused(png, "is a PNG of 3600000000 pixels, more than the 100000000 that are allowed");
    byte[] jpeg = Fixtures.bytes("baseline.jpg");
    int frame = indexOf(jpeg, new byte[] {(byte) 0xff, (byte) 0xc0});
    ByteBuffer.wrap(jpeg).putShort(frame + 5, (short) 65_500).putShort(frame + 7, (short) 65_500);
    refused(jpeg, "is a JPEG of 4290250000 pixels, more than");
  }

  /** The size of a frame counts, not that of the screen; and all frames are decoded. */
  @Test
  void hugeFrameOfAGifIsRefused() {
    byte[] gif = Fixtures.bytes("still.gif");
    int frame = indexOf(gif, new byte[] {0x2c, 0, 0, 0, 0, 37, 0, 29, 0});
    gif[frame + 6] = -1;
    gif[frame + 8] = -1;
    refused(gif, "is a GIF of 4265787953 pixels, more than");
    refused(Fixtures.bytes("moving.gif"), "is a GIF of ", 20 * 16 * 3 - 1);
  }

  /** Run on every byte, since one bit is enough to lead a native decoder astray. */
  @Property(tries = 400)
  void damagedImageIsReadOrRefusedAndNothingElse(
      @ForAll @IntRange(max = 4) int which,
      @ForAll @Size(min = 1, max = 6) List<@IntRange(max = 3000) Integer> places,
      @ForAll byte value)
      throws Exception {
    String[] names = {"baseline.jpg", "progressive.jpg", "rgb.png", "moving.gif", "picture.bmp"};
    byte[] image = Fixtures.bytes(names[which]);
    places.forEach(place -> image[place % image.length] = value);
    ImageReader reader = Shared.READER;
    try {
      assertThat(reader.read(image)).hasSize(24 * 24 * 3);
    } catch (BadImageException e) {
      assertThat(e).hasMessageStartingWith("is ");
    }
    assertThat(reader.read(Fixtures.bytes("square.png"))).isEqualTo(Shared.SQUARE);
  }

  /** Opened once for all tries; the process ends soon after. */
  private static final class Shared {
    static final ImageReader READER = ImageReader.open(PLAIN);
    static final float[] SQUARE = square();

    private static float[] square() {
      try {
        return READER.read(Fixtures.bytes("square.png"));
      } catch (BadImageException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  @Test
  void threadsReadSideBySideAndBadImagesDoNotDisturbThem() throws Exception {
    List<String> names = List.of("baseline.jpg", "rgb.png", "still.gif", "picture.bmp");
    byte[] bad = Arrays.copyOf(Fixtures.bytes("baseline.jpg"), 800);
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try (ImageReader reader = ImageReader.open(Preparation.named("caffe", 40, 40))) {
      List<float[]> alone = new ArrayList<>();
      for (String name : names) {
        alone.add(reader.read(Fixtures.bytes(name)));
      }
      List<Callable<Void>> work = new ArrayList<>();
      for (int i = 0; i < 200; i++) {
        int which = i % 5;
        work.add(
            () -> {
              if (which == 4) {
                assertThatThrownBy(() -> reader.read(bad)).isInstanceOf(BadImageException.class);
              } else {
                assertThat(reader.read(Fixtures.bytes(names.get(which))))
                    .isEqualTo(alone.get(which));
              }
              return null;
            });
      }
      for (Future<Void> done : threads.invokeAll(work)) {
        done.get();
      }
    } finally {
      threads.shutdown();
    }
  }

  @Test
  void closedReaderRefusesAndClosesTwice() {
    ImageReader reader = ImageReader.open(PLAIN);
    reader.close();
    reader.close();
    assertThatIllegalStateException()
        .isThrownBy(() -> reader.read(Fixtures.bytes("rgb.png")))
        .withMessage("The image reader is closed.");
  }

  private static void refused(byte[] image, String reason) {
    refused(image, reason, ImageReader.MAX_PIXELS);
  }

  private static void refused(byte[] image, String reason, long maxPixels) {
    try (ImageReader reader = ImageReader.open(PLAIN, new ImageShape(24, 24, 3), maxPixels)) {
      assertThatThrownBy(() -> reader.read(image))
          .isInstanceOf(BadImageException.class)
          .hasMessageStartingWith(reason);
    }
  }

  private static String format(String name) {
    return name.endsWith("jpg") ? "JPEG" : name.endsWith("png") ? "PNG" : "GIF";
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  private static byte[] withInt(byte[] bytes, int at, int value) {
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putInt(at, value);
    return bytes;
  }

  private static int indexOf(byte[] bytes, byte[] part) {
    for (int i = 0; i + part.length <= bytes.length; i++) {
      if (Arrays.equals(bytes, i, i + part.length, part, 0, part.length)) {
        return i;
      }
    }
    throw new IllegalStateException("The part is not there.");
  }
}
