package dev.graft.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.data.Preparation;
import dev.graft.data.Preparation.ColourOrder;
import dev.graft.data.Preparation.Method;
import dev.graft.data.Preparation.Orientation;
import dev.graft.data.Preparation.Resize;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Against what Keras itself made of the files in {@code testdata}; see the READMEs there. */
class KerasPixelsTest {
  private static final Path IMAGES = Path.of("testdata", "images");
  private static final Path PREPARATION = Path.of("testdata", "preparation");
  private static final Preparation PLAIN = Preparation.named("none", 20, 24);

  @ParameterizedTest
  @ValueSource(strings = {"bilinear", "nearest", "bicubic", "area", "lanczos3"})
  void resizedPhotoEqualsThatOfImageDatasetFromDirectory(String method) throws Exception {
    equalsKeras(PLAIN.withResize(new Resize(Method.named(method), 20, 24)), method);
  }

  @Test
  void greyPhotoEqualsThatOfImageDatasetFromDirectory() throws Exception {
    equalsKeras(PLAIN.withColourOrder(ColourOrder.GREY), "grey");
  }

  @ParameterizedTest
  @ValueSource(strings = {"caffe", "tf", "torch", "rescale"})
  void arithmeticEqualsThatOfKeras(String name) throws Exception {
    equalsKeras(Preparation.named(name, 20, 24), name);
  }

  private static void equalsKeras(Preparation preparation, String expected) throws Exception {
    Npy npy = Npy.read(PREPARATION.resolve(expected + ".npy"));
    assertThat(ImageShape.of(preparation)).isEqualTo(npy.shape);
    try (ImageReader reader = ImageReader.open(preparation)) {
      assertSame(reader.read(Files.readAllBytes(PREPARATION.resolve("photo.jpg"))), npy.values);
    }
  }

  static List<String> decodable() throws IOException {
    try (Stream<Path> files = Files.list(IMAGES.resolve("pixels"))) {
      return files.map(file -> file.getFileName().toString().replace(".npy", "")).sorted().toList();
    }
  }

  @ParameterizedTest
  @MethodSource("decodable")
  void oddImageDecodesAsInPython(String name) throws Exception {
    decodesTo(Npy.read(IMAGES.resolve("pixels").resolve(name + ".npy")), name, Orientation.IGNORE);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
  void imageIsTurnedUprightAsInPython(int orientation) throws Exception {
    String name = "exif-" + orientation + ".jpg";
    decodesTo(Npy.read(IMAGES.resolve("upright").resolve(name + ".npy")), name, Orientation.EXIF);
  }

  private static void decodesTo(Npy npy, String name, Orientation orientation) throws Exception {
    Preparation preparation = PLAIN.withResize(null).withOrientation(orientation);
    try (ImageReader reader = ImageReader.open(preparation, npy.shape, 10_000)) {
      assertSame(reader.read(Files.readAllBytes(IMAGES.resolve(name))), npy.values);
    }
  }

  /** Without printing thousands of numbers when they differ. */
  private static void assertSame(float[] values, float[] expected) {
    assertThat(values).hasSameSizeAs(expected);
    assertThat(Arrays.mismatch(values, expected)).as("first place that differs").isEqualTo(-1);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "empty.jpg            | is empty",
        "text.jpg             | is no image: it starts with",
        "truncated.jpg        | is a truncated JPEG: ",
        "truncated-header.jpg | is a ",
        "truncated.png        | is a truncated PNG: ",
        "huge.png             | is a PNG of ",
        "webp-named.jpg       | is a WebP image, "
      })
  void hostileImageIsRefusedWithAReason(String name, String reason) throws IOException {
    byte[] image = Files.readAllBytes(IMAGES.resolve(name));
    try (ImageReader reader = ImageReader.open(PLAIN)) {
      assertThatThrownBy(() -> reader.read(image))
          .isInstanceOf(BadImageException.class)
          .hasMessageStartingWith(reason);
    }
  }

  private record Npy(ImageShape shape, float[] values) {
    private static final Pattern SHAPE = Pattern.compile("\\((\\d+), (\\d+), (\\d+)\\)");

    static Npy read(Path file) throws IOException {
      ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
      byte[] text = new byte[bytes.getShort(8)];
      bytes.position(10).get(text);
      String header = new String(text, StandardCharsets.US_ASCII);
      Matcher shape = SHAPE.matcher(header);
      assertThat(shape.find()).isTrue();
      ImageShape size =
          new ImageShape(
              Integer.parseInt(shape.group(1)),
              Integer.parseInt(shape.group(2)),
              Integer.parseInt(shape.group(3)));
      float[] values = new float[size.values()];
      for (int i = 0; i < values.length; i++) {
        values[i] = header.contains("'|u1'") ? bytes.get() & 0xff : bytes.getFloat();
      }
      assertThat(bytes.hasRemaining()).isFalse();
      return new Npy(size, values);
    }
  }
}
