package dev.graft.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ExifOrientationTest {
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
  void orientationIsRead(int orientation) {
    assertThat(ExifOrientation.of(Fixtures.bytes("exif" + orientation + ".jpg")))
        .isEqualTo(orientation);
  }

  @ParameterizedTest
  @ValueSource(strings = {"baseline.jpg", "progressive.jpg", "rgb.png", "still.gif", "picture.bmp"})
  void imageWithoutExifIsUpright(String name) {
    assertThat(ExifOrientation.of(Fixtures.bytes(name))).isEqualTo(1);
  }

  @Test
  void orientationAfterOtherSegmentsAndFillBytesIsRead() {
    byte[] image = Fixtures.bytes("exif6.jpg");
    byte[] comment = {-1, (byte) 0xfe, 0, 4, 'h', 'i', -1};
    byte[] longer = new byte[image.length + comment.length];
    System.arraycopy(image, 0, longer, 0, 2);
    System.arraycopy(comment, 0, longer, 2, comment.length);
    System.arraycopy(image, 2, longer, 2 + comment.length, image.length - 2);
    assertThat(ExifOrientation.of(longer)).isEqualTo(6);
  }

  @Test
  void impossibleOrientationIsUpright() {
    byte[] image = Fixtures.bytes("exif6.jpg");
    int tag = new String(image, StandardCharsets.ISO_8859_1).indexOf("\u0001\u0012\0\u0003");
    assertThat(image[tag + 9]).isEqualTo((byte) 6);
    image[tag + 9] = 9;
    assertThat(ExifOrientation.of(image)).isEqualTo(1);
  }

  @Property(tries = 500)
  void damagedExifGivesSomeOrientation(
      @ForAll @IntRange(min = 2, max = 60) int place, @ForAll byte value, @ForAll byte next) {
    byte[] image = Fixtures.bytes("exif6.jpg");
    image[place] = value;
    image[place + 1] = next;
    assertThat(ExifOrientation.of(image)).isBetween(1, 8);
  }

  @Property(tries = 200)
  void cutOffImageGivesSomeOrientation(@ForAll @IntRange(max = 200) int length) {
    assertThat(ExifOrientation.of(Arrays.copyOf(Fixtures.bytes("exif6.jpg"), length)))
        .isBetween(1, 8);
  }
}
