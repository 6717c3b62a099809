package dev.graft.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.stream.LongStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NpyTest {
  /** What {@code numpy.save} 2.0 writes for {@code numpy.array([[1.5, -2.0, 3.25]], '<f4')}. */
  private static final String WRITTEN_BY_NUMPY =
      "k05VTVBZAQB2AHsnZGVzY3InOiAnPGY0JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDEsIDMp"
          + "LCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAMA/"
          + "AAAAwAAAUEA=";

  @TempDir Path folder;

  @Test
  void readsWhatNumpyWrote() throws IOException {
    Path file = numpyFile();

    NpyArray<float[]> array = Npy.readFloats(file);

    assertThat(array.shape()).containsExactly(1L, 3L);
    assertThat(array.values()).containsExactly(1.5f, -2f, 3.25f);
  }

  @Test
  void writesTheBytesThatNumpyWrites() throws IOException {
    Path file = folder.resolve("ours.npy");

    Npy.writeFloats(file, NpyArray.of(new float[] {1.5f, -2f, 3.25f}, 1, 3));

    assertThat(file).hasSameBinaryContentAs(numpyFile());
  }

  @Test
  void everyTypeComesBackAsItWas() throws IOException {
    Path file = folder.resolve("a.npy");

    double[] doubles = {Math.PI, Double.NEGATIVE_INFINITY};
    Npy.writeDoubles(file, NpyArray.of(doubles, 2));
    assertThat(Npy.readDoubles(file).values()).containsExactly(doubles);

    int[] ints = {Integer.MIN_VALUE, 7, 8, 9};
    Npy.writeInts(file, NpyArray.of(ints, 2, 2));
    assertThat(Npy.readInts(file).values()).containsExactly(ints);

    long[] longs = {Long.MIN_VALUE, 7};
    Npy.writeLongs(file, NpyArray.of(longs, 2, 1));
    assertThat(Npy.readLongs(file).values()).containsExactly(longs);

    byte[] bytes = {0, (byte) 255, 3};
    Npy.writeBytes(file, NpyArray.of(bytes, 3));
    assertThat(Npy.readBytes(file).values()).containsExactly(bytes);
  }

  @Test
  void arraysWithoutAxesAndWithoutValuesComeBack() throws IOException {
    Path file = folder.resolve("a.npy");

    Npy.writeFloats(file, NpyArray.of(new float[] {4}));
    assertThat(Npy.readFloats(file).shape()).isEmpty();
    assertThat(Npy.readFloats(file).values()).containsExactly(4);

    Npy.writeFloats(file, NpyArray.of(new float[0], 0, 5));
    assertThat(Npy.readFloats(file).shape()).containsExactly(0L, 5L);
  }

  @Test
  void anArrayOfSeveralChunksComesBack() throws IOException {
    Path file = folder.resolve("a.npy");
    long[] values = LongStream.range(0, 100_001).toArray();

    Npy.writeLongs(file, NpyArray.of(values, values.length));

    assertThat(Npy.readLongs(file).values()).containsExactly(values);
  }

  @Test
  void anotherTypeIsRefusedByName() throws IOException {
    Path file = numpyFile();

    assertThatThrownBy(() -> Npy.readLongs(file))
        .isInstanceOf(NpyFormatException.class)
        .hasMessage(file + " has elements of type '<f4': expected '<i8'.");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "{'descr': '>f4', 'fortran_order': False, 'shape': (2,), };has elements of type '>f4'",
        "{'descr': '|O', 'fortran_order': False, 'shape': (2,), };has elements of type '|O'",
        "{'descr': '<f4', 'fortran_order': True, 'shape': (2,), };is in Fortran order",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-2,), };without the shape",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2 1), };is no list of sizes",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2, L), };is no list of sizes",
        "{'descr': '<f4', 'fortran_order': False, };without the shape",
        "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,), };without the element",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'more': 1, };with more than",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), };promises 12 bytes of data",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), };has 4 bytes after its data",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (999999999999,999999999999), };no file",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (999999999999999999,3), };no file can",
      })
  void aHeaderIsNotBelieved(String header, String problem) throws IOException {
    Path file = folder.resolve("hostile.npy");
    ByteBuffer bytes = ByteBuffer.allocate(10 + header.length() + 8);
    bytes.put(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, (byte) header.length(), 0});
    bytes.put(header.getBytes(StandardCharsets.US_ASCII));
    Files.write(file, bytes.array());

    assertThatThrownBy(() -> Npy.readFloats(file))
        .isInstanceOf(NpyFormatException.class)
        .hasMessageStartingWith(file.toString())
        .hasMessageContaining(problem);
  }

  @Test
  void otherVersionsAndOtherFilesAreRefused() throws IOException {
    Path file = numpyFile();
    byte[] bytes = Files.readAllBytes(file);
    bytes[6] = 3;
    Files.write(file, bytes);
    assertThatThrownBy(() -> Npy.readFloats(file)).hasMessageContaining("version 3.0");

    Files.writeString(file, "a text file");
    assertThatThrownBy(() -> Npy.readFloats(file))
        .hasMessageContaining("is no .npy file")
        .hasMessageContaining("a text");
  }

  @Test
  void versionTwoIsRead() throws IOException {
    Path file = numpyFile();
    byte[] one = Files.readAllBytes(file);
    ByteBuffer two = ByteBuffer.allocate(one.length + 2);
    two.put(one, 0, 6).put((byte) 2).put((byte) 0).put(one, 8, 2).put((byte) 0).put((byte) 0);
    Files.write(file, two.put(one, 10, one.length - 10).array());

    assertThat(Npy.readFloats(file).values()).containsExactly(1.5f, -2f, 3.25f);
  }

  @Test
  void aFileCutAnywhereIsRefused() throws IOException {
    Path file = numpyFile();
    byte[] whole = Files.readAllBytes(file);
    for (int length = 0; length < whole.length; length++) {
      Files.write(file, Arrays.copyOf(whole, length));
      assertThatThrownBy(() -> Npy.readFloats(file))
          .as("cut to %d bytes", length)
          .isInstanceOf(NpyFormatException.class);
    }
  }

  @Test
  void theHeaderOfAGrowingFileKeepsItsLength() {
    for (int axes = 1; axes < 40; axes += 3) {
      Long[] shape = new Long[axes];
      Arrays.fill(shape, 1L);
      int empty = NpyHeader.encode(NpyType.FLOAT32, with(shape, 0L)).remaining();
      assertThat(empty).isGreaterThanOrEqualTo(128).isEqualTo(empty / 64 * 64);
      assertThat(NpyHeader.encode(NpyType.FLOAT32, with(shape, 123_456_789L)).remaining())
          .isEqualTo(empty);
    }
  }

  @Property(tries = 200)
  void randomBytesNeverDoMoreThanBeRefused(
      @ForAll @Size(max = 200) byte[] tail, @ForAll @IntRange(max = 10) int kept)
      throws IOException {
    Path file = Files.createTempFile("random", ".npy");
    try {
      byte[] start = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, 118, 0};
      ByteBuffer bytes = ByteBuffer.allocate(kept + tail.length);
      Files.write(file, bytes.put(start, 0, kept).put(tail).array());

      assertThatThrownBy(() -> Npy.readFloats(file)).isInstanceOf(NpyFormatException.class);
    } finally {
      Files.delete(file);
    }
  }

  @Test
  void aShapeMustFitItsValues() {
    assertThatThrownBy(() -> NpyArray.of(new float[3], 2, 2))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("An array of shape [2, 2] has 4 values, but got 3.");
  }

  private static List<Long> with(Long[] shape, long first) {
    shape[0] = first;
    return List.of(shape);
  }

  private Path numpyFile() throws IOException {
    return Files.write(folder.resolve("numpy.npy"), Base64.getDecoder().decode(WRITTEN_BY_NUMPY));
  }
}
