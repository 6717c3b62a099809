package dev.graft.image;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.tensor.HostTensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TString;

class ExifOpsTest {
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
  void orientationIsRead(int orientation) {
    assertThat(inGraph(Fixtures.bytes("exif" + orientation + ".jpg"))).isEqualTo(orientation);
  }

  @ParameterizedTest
  @ValueSource(strings = {"baseline.jpg", "progressive.jpg", "rgb.png", "still.gif", "picture.bmp"})
  void imageWithoutExifIsUpright(String name) {
    assertThat(inGraph(Fixtures.bytes(name))).isEqualTo(1);
  }

  @Test
  void segmentsBeforeItAreSkippedUpToALimit() {
    for (int before = 0; before < 20; before++) {
      byte[] image = behind(Fixtures.bytes("exif6.jpg"), before);
      int others = before + 1; // JFIF
      int expected = others < ExifOrientation.SEGMENTS ? 6 : 1;
      assertThat(ExifOrientation.of(image)).as("%d segments", before).isEqualTo(expected);
      assertThat(inGraph(image)).as("%d segments", before).isEqualTo(expected);
    }
  }

  /** A directory with nothing but the orientation, in each byte order and type. */
  @Test
  void bothByteOrdersAndAllTypesAreRead() {
    for (boolean little : new boolean[] {true, false}) {
      for (int type :
          new int[] {ExifOrientation.BYTE, ExifOrientation.SHORT, ExifOrientation.LONG}) {
        byte[] image = exif(little, type, 5);
        assertThat(ExifOrientation.of(image)).as("type %d", type).isEqualTo(5);
        assertThat(inGraph(image)).as("type %d", type).isEqualTo(5);
      }
      assertThat(inGraph(exif(little, 5, 5))).as("a fraction").isEqualTo(1);
      assertThat(inGraph(exif(little, ExifOrientation.SHORT, 9))).isEqualTo(1);
    }
  }

  private static byte[] exif(boolean little, int type, int value) {
    ByteBuffer image = ByteBuffer.allocate(64);
    image.put(new byte[] {-1, (byte) 0xd8, -1, (byte) 0xe1, 0, 60, 'E', 'x', 'i', 'f', 0, 0});
    image.order(little ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
    image.put((byte) (little ? 'I' : 'M')).put((byte) (little ? 'I' : 'M'));
    image.putShort((short) 42).putInt(8);
    image.putShort((short) 2);
    image.putShort((short) 256).putShort((short) 3).putInt(1).putInt(0);
    image.putShort((short) ExifOrientation.TAG).putShort((short) type).putInt(1);
    switch (type) {
      case ExifOrientation.BYTE -> image.put((byte) value);
      case ExifOrientation.SHORT -> image.putShort((short) value);
      default -> image.putInt(value);
    }
    return image.array();
  }

  @Property(tries = 1000)
  void anyDamageLeadsToTheOrientationThatJavaReads(
      @ForAll @IntRange(min = 1, max = 8) int which,
      @ForAll @Size(max = 4) List<@IntRange(max = 60) Integer> places,
      @ForAll byte value) {
    byte[] image = Fixtures.bytes("exif" + which + ".jpg");
    places.forEach(place -> image[place] = value);
    assertThat(inGraph(image)).isEqualTo(ExifOrientation.of(image));
  }

  @Property(tries = 300)
  void anyLengthLeadsToTheOrientationThatJavaReads(@ForAll @IntRange(max = 200) int length) {
    byte[] image = Arrays.copyOf(Fixtures.bytes("exif6.jpg"), length);
    assertThat(inGraph(image)).isEqualTo(ExifOrientation.of(image));
  }

  /** Comments of two letters before all other segments. */
  private static byte[] behind(byte[] image, int comments) {
    byte[] comment = {-1, (byte) 0xfe, 0, 4, 'h', 'i'};
    byte[] longer = new byte[image.length + comments * comment.length];
    System.arraycopy(image, 0, longer, 0, 2);
    for (int i = 0; i < comments; i++) {
      System.arraycopy(comment, 0, longer, 2 + i * comment.length, comment.length);
    }
    System.arraycopy(image, 2, longer, 2 + comments * comment.length, image.length - 2);
    return longer;
  }

  private static int inGraph(byte[] file) {
    try (Tensor fed = HostTensor.ofStrings(List.of(file)).toNative();
        Result result = Shared.SESSION.runner().feed(Shared.FILE, fed).fetch(Shared.READ).run()) {
      return HostTensor.fromNative(result.get(0)).ints()[0];
    }
  }

  /** Opened once for all tries; the process ends soon after. */
  private static final class Shared {
    static final Graph GRAPH = new Graph();
    static final Operand<TString> FILE =
        Ops.create(GRAPH).placeholder(TString.class, Placeholder.shape(Shape.scalar()));
    static final Operand<TInt32> READ = ExifOps.orientation(Ops.create(GRAPH), FILE);
    static final Session SESSION = new Session(GRAPH);
  }
}
