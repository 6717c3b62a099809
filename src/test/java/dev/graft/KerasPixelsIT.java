package dev.graft;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.graft.data.ImageFolder;
import dev.graft.data.LabeledImage;
import dev.graft.data.LabeledImages;
import dev.graft.data.Npy;
import dev.graft.data.NpyArray;
import dev.graft.data.Preparation;
import dev.graft.data.Split;
import dev.graft.image.ImageReader;
import dev.graft.image.ImageShape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Pixels, labels and splits, bit for bit those of the Keras that is installed. */
class KerasPixelsIT {
  private static final int HEIGHT = 19;
  private static final int WIDTH = 22;
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir private static Path folder;

  @BeforeAll
  static void askKeras() {
    PythonEnvironment.get().python("src/test/python/keras_pixels.py", folder.toString());
  }

  @Test
  void anImageFolderHasTheFilesAndLabelsOfKeras() throws IOException {
    JsonNode keras = JSON.readTree(folder.resolve("digits.json").toFile());
    LabeledImages digits = ImageFolder.read(Digits.FOLDER);
    assertThat(names(digits.images())).isEqualTo(texts(keras.get("files")));
    assertThat(digits.images().stream().map(LabeledImage::label))
        .isEqualTo(
            StreamSupport.stream(keras.get("labels").spliterator(), false)
                .map(JsonNode::asInt)
                .toList());
  }

  @Test
  void anImageFolderHasThePixelsOfKeras() throws Exception {
    NpyArray<float[]> keras = Npy.readFloats(folder.resolve("digits.npy"));
    List<LabeledImage> images = ImageFolder.read(Digits.FOLDER).images();
    assertThat(keras.shape()).containsExactly(1000L, (long) HEIGHT, (long) WIDTH, 3L);
    try (ImageReader reader = ImageReader.open(Preparation.named("none", HEIGHT, WIDTH))) {
      for (int i = 0; i < images.size(); i++) {
        assertSame(reader, images.get(i).path(), PythonArrays.row(keras, i));
      }
    }
  }

  @Test
  void aSplitHasTheFilesOfKeras() throws IOException {
    JsonNode keras = JSON.readTree(folder.resolve("digits.json").toFile());
    Split split = Split.of(ImageFolder.read(Digits.FOLDER), 0.3, 42);
    assertThat(names(split.training())).hasSize(700).isEqualTo(texts(keras.get("training")));
    assertThat(names(split.validation())).isEqualTo(texts(keras.get("validation")));
  }

  @ParameterizedTest
  @CsvSource({
    "caffe, bilinear",
    "caffe, lanczos3",
    "tf, bilinear",
    "tf, lanczos3",
    "torch, bilinear",
    "torch, lanczos3",
    "rescale, bilinear",
    "rescale, lanczos3",
    "none, bilinear",
    "none, lanczos3"
  })
  void oddImagesArePreparedAsByKeras(String name, String method) throws Exception {
    NpyArray<float[]> keras = Npy.readFloats(folder.resolve(name + "-" + method + ".npy"));
    List<String> images = texts(JSON.readTree(folder.resolve("images.json").toFile()));
    assertThat(images).hasSizeGreaterThan(15);
    Preparation preparation =
        Preparation.named(name, HEIGHT, WIDTH)
            .withResize(new Preparation.Resize(Preparation.Method.named(method), HEIGHT, WIDTH));
    try (ImageReader reader = ImageReader.open(preparation)) {
      for (int i = 0; i < images.size(); i++) {
        assertSame(
            reader, Path.of("testdata", "images", images.get(i)), PythonArrays.row(keras, i));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "bilinear, stretch",
    "bilinear, crop",
    "bilinear, pad",
    "nearest, stretch",
    "nearest, crop",
    "nearest, pad",
    "bicubic, stretch",
    "bicubic, crop",
    "bicubic, pad",
    "area, stretch",
    "area, crop",
    "area, pad",
    "lanczos3, stretch",
    "lanczos3, crop",
    "lanczos3, pad",
    "lanczos5, stretch",
    "lanczos5, crop",
    "lanczos5, pad",
    "gaussian, stretch",
    "mitchellcubic, stretch"
  })
  void imagesOfAllKindsAreResizedAsByImageDatasetFromDirectory(String method, String aspect)
      throws Exception {
    Preparation.Resize resize =
        new Preparation.Resize(
            Preparation.Method.named(method), Preparation.Aspect.named(aspect), HEIGHT, WIDTH);
    assertOddFolder(
        Preparation.named("none", HEIGHT, WIDTH).withResize(resize), method + "-" + aspect, "odd");
  }

  /** Pillow is not asked at all in Java, and still no pixel differs. */
  @Test
  void imagesOfAllKindsArePreparedAsByImageDataGenerator() throws Exception {
    assertOddFolder(Preparation.named("pil-nearest", HEIGHT, WIDTH), "pil-nearest", "generated");
  }

  private static void assertOddFolder(Preparation preparation, String expected, String names)
      throws Exception {
    NpyArray<float[]> keras = Npy.readFloats(folder.resolve(expected + ".npy"));
    List<String> images = texts(JSON.readTree(folder.resolve(names + ".json").toFile()));
    assertThat(images).hasSizeGreaterThan(30);
    assertThat(keras.shape().get(0)).isEqualTo(images.size());
    try (ImageReader reader = ImageReader.open(preparation)) {
      for (int i = 0; i < images.size(); i++) {
        Path image = folder.resolve("odd").resolve("all").resolve(images.get(i));
        assertSame(reader, image, PythonArrays.row(keras, i));
      }
    }
  }

  static List<String> foreign() throws IOException {
    try (Stream<Path> files = Files.list(folder.resolve("foreign"))) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> !name.endsWith(".npy"))
          .sorted()
          .toList();
    }
  }

  @ParameterizedTest
  @MethodSource("foreign")
  void imageThatTensorFlowDoesNotDecodeHasPillowsPixels(String name) throws Exception {
    Path image = folder.resolve("foreign").resolve(name);
    NpyArray<float[]> pillow = Npy.readFloats(image.resolveSibling(name + ".npy"));
    Preparation plain = Preparation.named("none", 1, 1).withResize(null);
    ImageShape shape =
        new ImageShape(
            Math.toIntExact(pillow.shape().get(0)), Math.toIntExact(pillow.shape().get(1)), 3);
    try (ImageReader reader = ImageReader.open(plain, shape, ImageReader.MAX_PIXELS)) {
      assertSame(reader, image, pillow.values());
    }
  }

  /** Without printing thousands of numbers when they differ. */
  private static void assertSame(ImageReader reader, Path image, float[] expected)
      throws Exception {
    float[] values = reader.read(Files.readAllBytes(image));
    assertThat(Arrays.mismatch(values, expected)).as("first difference in " + image).isEqualTo(-1);
  }

  private static List<String> names(List<LabeledImage> images) {
    return images.stream()
        .map(image -> Digits.FOLDER.relativize(image.path()).toString().replace('\\', '/'))
        .toList();
  }

  private static List<String> texts(JsonNode array) {
    return StreamSupport.stream(array.spliterator(), false).map(JsonNode::asText).toList();
  }
}
