package dev.graft.image;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.data.Preparation;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BitmapTest {
  private static final Path IMAGES = Path.of("testdata", "images");

  @ParameterizedTest
  @ValueSource(strings = {"rgb.png", "rgba.png", "palette.png", "gray.png", "rgb.bmp"})
  void anImageThatJavaReadsHasThePixelsOfItsFile(String name) throws Exception {
    byte[] file = Files.readAllBytes(IMAGES.resolve(name));
    BufferedImage image = ImageIO.read(IMAGES.resolve(name).toFile());
    try (ImageReader reader = ImageReader.open(Preparation.named("none", 17, 23))) {
      assertThat(reader.read(Bitmap.of(image))).isEqualTo(reader.read(file));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5})
  void everyWidthIsPaddedAsBmpAsks(int width) throws Exception {
    BufferedImage image = new BufferedImage(width, 2, BufferedImage.TYPE_INT_RGB);
    float[] expected = new float[width * 2 * 3];
    for (int i = 0; i < width * 2; i++) {
      image.setRGB(i % width, i / width, (10 + i) << 16 | (100 + i) << 8 | (200 + i));
      expected[3 * i] = 10 + i;
      expected[3 * i + 1] = 100 + i;
      expected[3 * i + 2] = 200 + i;
    }
    try (ImageReader reader = ImageReader.open(Preparation.named("none", 2, width))) {
      assertThat(reader.read(Bitmap.of(image))).isEqualTo(expected);
    }
  }

  @Test
  void greyOfSixteenBitsKeepsItsUpperEight() throws IOException, BadImageException {
    BufferedImage image = new BufferedImage(2, 1, BufferedImage.TYPE_USHORT_GRAY);
    image.getRaster().setSample(0, 0, 0, 0x12FF);
    image.getRaster().setSample(1, 0, 0, 0xFE00);
    try (ImageReader reader = ImageReader.open(Preparation.named("none", 1, 2))) {
      assertThat(reader.read(ImageSource.of(image).read()))
          .containsExactly(0x12, 0x12, 0x12, 0xFE, 0xFE, 0xFE);
    }
  }
}
