package dev.graft.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.data.Npy;
import dev.graft.data.NpyArray;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExampleOrderTest {
  @TempDir private Path folder;

  @Test
  void rowsOfAFileAreTheOrdersOfThePasses() throws IOException {
    Path ints = folder.resolve("ints.npy");
    Npy.writeInts(ints, NpyArray.of(new int[] {2, 0, 1, 1, 0, 2}, 2, 3));
    Path longs = folder.resolve("longs.npy");
    Npy.writeLongs(longs, NpyArray.of(new long[] {2, 0, 1, 1, 0, 2}, 2, 3));
    for (Path file : new Path[] {ints, longs}) {
      ExampleOrder order = ExampleOrder.read(file);
      assertThat(order.of(1, 3)).containsExactly(2, 0, 1);
      assertThat(order.of(2, 3)).containsExactly(1, 0, 2);
    }
  }

  @Test
  void anOrderThatDoesNotFitIsRefused() throws IOException {
    Path file = folder.resolve("order.npy");
    Npy.writeInts(file, NpyArray.of(new int[] {2, 0, 1, 1, 1, 2, 0, 3, 1}, 3, 3));
    ExampleOrder order = ExampleOrder.read(file);
    assertRefused(() -> order.of(1, 4), "is for 3 training examples, but there are 4");
    assertRefused(() -> order.of(4, 3), "ends after 3 passes", "pass 4 is needed");
    assertRefused(() -> order.of(2, 3), "Row 1", "has 1 twice", "from 0 to 2 once");
    assertRefused(() -> order.of(3, 3), "Row 2", "has 3 in it");

    Path flat = folder.resolve("flat.npy");
    Npy.writeInts(flat, NpyArray.of(new int[] {0, 1}, 2));
    assertRefused(() -> ExampleOrder.read(flat), "has the shape [2], expected [passes, examples]");
    Path floats = folder.resolve("floats.npy");
    Npy.writeFloats(floats, NpyArray.of(new float[] {0, 1}, 1, 2));
    assertThatThrownBy(() -> ExampleOrder.read(floats)).isInstanceOf(IOException.class);
  }

  private static void assertRefused(
      org.assertj.core.api.ThrowableAssert.ThrowingCallable call, String... parts) {
    assertThatThrownBy(call)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll(parts);
  }
}
