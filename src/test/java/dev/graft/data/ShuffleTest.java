package dev.graft.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.zip.CRC32;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The expected values were printed by {@code numpy.random.RandomState(seed).permutation(size)}. */
class ShuffleTest {
  @Test
  void smallPermutationsEqualNumpys() {
    assertThat(Shuffle.permutation(10, 0)).containsExactly(2, 8, 4, 9, 1, 6, 7, 3, 0, 5);
    assertThat(Shuffle.permutation(17, 1))
        .containsExactly(3, 13, 7, 2, 6, 10, 4, 1, 14, 0, 16, 15, 9, 8, 12, 11, 5);
    assertThat(Shuffle.permutation(9, 4294967295L)).containsExactly(5, 1, 8, 7, 0, 6, 4, 2, 3);
  }

  @ParameterizedTest
  @CsvSource({"1,1000,2769338982", "1337,3670,1207006546", "7,70000,2896295278"})
  void longPermutationsHaveTheChecksumOfNumpys(long seed, int size, long checksum) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * size).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asIntBuffer().put(Shuffle.permutation(size, seed));
    CRC32 crc = new CRC32();
    crc.update(bytes);
    assertThat(crc.getValue()).isEqualTo(checksum);
  }

  @Property(tries = 200)
  void everyItemStaysOnce(
      @ForAll @IntRange(max = 3000) int size, @ForAll @LongRange(max = 4294967295L) long seed) {
    int[] order = Shuffle.permutation(size, seed);
    Arrays.sort(order);
    assertThat(order).isEqualTo(IntStream.range(0, size).toArray());
  }

  @Test
  void itemsFollowThePermutation() {
    List<String> items = List.of("a", "b", "c", "d", "e", "f", "g", "h", "i", "j");
    assertThat(String.join("", Shuffle.shuffled(items, 0))).isEqualTo("ciejbghdaf");
  }

  @ParameterizedTest
  @CsvSource({"-1", "4294967296"})
  void seedsThatNumpyRefusesAreRefused(long seed) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Shuffle.permutation(3, seed))
        .withMessageContaining("The seed is " + seed);
  }
}
