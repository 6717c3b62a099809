package dev.graft.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ThumbnailTest {
  private static BufferedImage filled(int width, int height, int colour) {
    BufferedImage picture = new BufferedImage(width, height, BufferedImage.TYPE_INT_ARGB);
    int[] row = new int[width];
    Arrays.fill(row, colour);
    for (int y = 0; y < height; y++) {
      picture.setRGB(0, y, width, 1, row, 0, 0);
    }
    return picture;
  }

  private static BufferedImage decode(Thumbnail thumbnail) throws Exception {
    String base64 = thumbnail.dataUri().split(",")[1];
    return ImageIO.read(new ByteArrayInputStream(Base64.getDecoder().decode(base64)));
  }

  private static void assertColour(int pixel, int expected) {
    for (int shift = 0; shift <= 16; shift += 8) {
      assertThat(pixel >> shift & 0xFF)
          .isBetween((expected >> shift & 0xFF) - 4, (expected >> shift & 0xFF) + 4);
    }
  }

  @Test
  void keepsTheProportionsOfALargePicture(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("wide.png");
    Files.write(file, Samples.png(filled(3000, 1500, 0xFF2060A0)));
    Thumbnail thumbnail = Thumbnail.of(file);
    assertThat(thumbnail.width()).isEqualTo(160);
    assertThat(thumbnail.height()).isEqualTo(80);
    assertThat(thumbnail.dataUri()).startsWith("data:image/jpeg;base64,");
    assertColour(decode(thumbnail).getRGB(80, 40), 0x2060A0);
  }

  @Test
  void averagesThePixelsThatItLeavesOut() throws Exception {
    BufferedImage stripes = filled(320, 320, 0xFF000000);
    for (int x = 0; x < 320; x += 2) {
      for (int y = 0; y < 320; y++) {
        stripes.setRGB(x, y, 0xFFFFFFFF);
      }
    }
    assertColour(decode(Thumbnail.of(Samples.png(stripes))).getRGB(70, 90), 0x7F7F7F);
  }

  @Test
  void keepsEveryPixelOfATinyPicture() throws Exception {
    BufferedImage picture = filled(8, 6, 0xFF000000);
    picture.setRGB(3, 2, 0xFFFFFFFF);
    Thumbnail thumbnail = Thumbnail.of(Samples.png(picture));
    assertThat(thumbnail.isTiny()).isTrue();
    BufferedImage decoded = decode(thumbnail);
    assertThat(decoded.getRGB(3, 2)).isEqualTo(0xFFFFFFFF);
    assertThat(decoded.getRGB(4, 2)).isEqualTo(0xFF000000);
  }

  @Test
  void laysTransparentPicturesOnWhite() throws Exception {
    Thumbnail thumbnail = Thumbnail.of(Samples.png(filled(4, 4, 0x80000000)));
    assertColour(decode(thumbnail).getRGB(1, 1), 0x7F7F7F);
  }

  @Test
  void survivesAPictureOfOneRow() {
    Thumbnail thumbnail = Thumbnail.of(Samples.png(filled(5000, 1, 0xFF00FF00)));
    assertThat(thumbnail.width()).isEqualTo(160);
    assertThat(thumbnail.height()).isEqualTo(1);
  }

  @Test
  void standsInForWhatCannotBeRead(@TempDir Path folder) throws Exception {
    Path text = Files.writeString(folder.resolve("notes.jpg"), "not a picture");
    byte[] whole = Samples.png(filled(300, 300, 0xFF102030));
    assertThat(Thumbnail.of(folder.resolve("missing.jpg"))).isSameAs(Thumbnail.unreadable());
    assertThat(Thumbnail.of(folder)).isSameAs(Thumbnail.unreadable());
    assertThat(Thumbnail.of(text)).isSameAs(Thumbnail.unreadable());
    assertThat(Thumbnail.of(new byte[0])).isSameAs(Thumbnail.unreadable());
    assertThat(Thumbnail.of(Arrays.copyOf(whole, 60))).isSameAs(Thumbnail.unreadable());
    assertThat(decode(Thumbnail.unreadable()).getRGB(0, 0)).isEqualTo(0xFFD0D4DA);
  }
}
