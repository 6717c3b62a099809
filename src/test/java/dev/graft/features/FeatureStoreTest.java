package dev.graft.features;

import static dev.graft.features.TestFeatures.KEY;
import static dev.graft.features.TestFeatures.TENSORS;
import static dev.graft.features.TestFeatures.append;
import static dev.graft.features.TestFeatures.check;
import static dev.graft.features.TestFeatures.checkAll;
import static dev.graft.features.TestFeatures.hash;
import static dev.graft.features.TestFeatures.hashes;
import static dev.graft.features.TestFeatures.open;
import static dev.graft.features.TestFeatures.row;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.data.Half;
import dev.graft.data.Npy;
import dev.graft.data.NpyArray;
import java.io.IOException;
import java.nio.BufferOverflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileLockInterruptionException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class FeatureStoreTest {
  @TempDir Path root;

  @Test
  void rowsComeBackFromTheSameStoreAndFromTheOneOpenedNext() throws IOException {
    try (FeatureStore store = open(root)) {
      append(store, 0, 4);
      append(store, 4, 17);
      assertThat(checkAll(store, 20)).isEqualTo(17);
    }
    try (FeatureStore store = open(root)) {
      assertThat(checkAll(store, 20)).isEqualTo(17);
      assertThat(store.missing(hashes(15, 20))).isEqualTo(hashes(17, 20));
      append(store, 17, 20);
      assertThat(checkAll(store, 20)).isEqualTo(20);
    }
  }

  @Test
  void imagesThatAreHereOrTwiceInABatchAreNotWrittenAgain() throws IOException {
    try (FeatureStore store = open(root)) {
      append(store, 0, 3);
      append(store, 1, 4);
      FloatBuffer first = FloatBuffer.allocate(12).put(row(8, 0)).put(row(8, 0)).flip();
      FloatBuffer second = FloatBuffer.allocate(10).put(row(8, 1)).put(row(8, 1)).flip();
      store.append(List.of(hash(8), hash(8)), List.of(first, second));

      assertThat(store.rows()).isEqualTo(5);
      assertThat(checkAll(store, 9)).isEqualTo(5);
    }
  }

  @Test
  void rowsAreGatheredInAnyOrder() throws IOException {
    try (FeatureStore store = open(root)) {
      append(store, 0, 12);
      int[] rows = {
        store.row(hash(11)), store.row(hash(0)), store.row(hash(7)), store.row(hash(0))
      };
      ByteBuffer memory = ByteBuffer.allocateDirect(4 * 24 + 4).order(ByteOrder.nativeOrder());
      FloatBuffer target = memory.asFloatBuffer().position(1);

      store.readRows(rows, 0, target);

      float[] read = new float[24];
      target.flip().get(1, read);
      assertThat(read).startsWith(row(11, 0)).containsSequence(row(7, 0)).endsWith(row(0, 0));
    }
  }

  @Test
  void everyFileHoldsItsRowsForNumpyAndNothingElse() throws IOException {
    Path folder;
    try (FeatureStore store = open(root)) {
      append(store, 0, 7);
      append(store, 7, 12);
      folder = store.path();
    }
    List<Float> values = new ArrayList<>();
    for (long expectedRows : new long[] {5, 5, 2}) {
      NpyArray<float[]> shard =
          Npy.readFloats(folder.resolve("tensor0-%05d.npy".formatted(values.size() / 30)));
      assertThat(shard.shape()).containsExactly(expectedRows, 2L, 3L);
      for (float value : shard.values()) {
        values.add(value);
      }
    }
    for (int image = 0; image < 12; image++) {
      assertThat(values.get(image * 6)).isEqualTo(row(image, 0)[0]);
    }
    assertThat(folder.resolve("tensor0-00003.npy")).doesNotExist();
    assertThat(folder.resolve("key.json"))
        .content()
        .contains("\"trunk\" : \"test\"", "block4_pool");
  }

  @Test
  void anotherKeyOrAnotherTensorIsAnotherStore() throws IOException {
    try (FeatureStore store = open(root);
        FeatureStore otherKey =
            FeatureStore.open(root, FeatureKey.of(Map.of("trunk", "new")), TENSORS);
        FeatureStore otherTensor =
            FeatureStore.open(root, KEY, List.of(TENSORS.get(0), FeatureSpec.of("skip", 6)))) {
      append(store, 0, 1);
      assertThat(otherKey.contains(hash(0))).isFalse();
      assertThat(otherTensor.contains(hash(0))).isFalse();
    }
  }

  @Test
  void halvesAreAnotherStoreOfHalfTheSizeThatReadsRoundedNumbers() throws IOException {
    float[] values = {0, 1.0001f, -0.1f, 65504, 1e-9f, 0.3333333f};
    List<FeatureSpec> tensors = List.of(FeatureSpec.of("a", 6).withStored(StoredNumbers.FLOAT16));
    Path path;
    try (FeatureStore store = FeatureStore.open(root, KEY, tensors);
        FeatureStore whole = FeatureStore.open(root, KEY, List.of(FeatureSpec.of("a", 6)))) {
      path = store.path();
      assertThat(path).isNotEqualTo(whole.path());
      assertThat(store.bytesPerImage()).isEqualTo(12);
      assertThat(whole.bytesPerImage()).isEqualTo(24);
      store.append(List.of(hash(0)), List.of(FloatBuffer.wrap(values)));
    }
    try (FeatureStore store = FeatureStore.open(root, KEY, tensors)) {
      FloatBuffer read = FloatBuffer.allocate(6);
      assertThat(store.read(hash(0), 0, read)).isTrue();
      for (int i = 0; i < values.length; i++) {
        assertThat(read.get(i)).isEqualTo(Half.toFloat(Half.of(values[i])));
      }
      NpyArray<float[]> shard = Npy.readHalves(path.resolve("tensor0-00000.npy"));
      assertThat(shard.values()).isEqualTo(read.array());
      assertThat(path.resolve("key.json")).content().contains("FLOAT16");
    }
  }

  @Test
  void aNumberThatIsTooLargeForHalvesIsRefusedAndTheStoreStaysWhole() throws IOException {
    List<FeatureSpec> tensors =
        List.of(FeatureSpec.of("block4_pool", 2).withStored(StoredNumbers.FLOAT16));
    try (FeatureStore store = FeatureStore.open(root, KEY, tensors)) {
      store.append(List.of(hash(0)), List.of(FloatBuffer.wrap(new float[] {1, 65519.99f})));
      assertThatThrownBy(
              () ->
                  store.append(
                      hashes(1, 3), List.of(FloatBuffer.wrap(new float[] {1, 2, 3, -7e4f}))))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "The features block4_pool have the value -70000.0, but float16 holds numbers up to"
                  + " 65504: store them in float32 (--features-precision float32).");
      assertThat(store.rows()).isEqualTo(1);
      store.append(hashes(1, 2), List.of(FloatBuffer.wrap(new float[] {3, 4})));
      FloatBuffer read = FloatBuffer.allocate(4);
      store.read(hash(0), 0, read);
      store.read(hash(1), 0, read);
      assertThat(read.array()).containsExactly(1, 65504, 3, 4);
    }
  }

  @Test
  void aKeyHasOneHashInWhateverOrderItsPartsAreGiven() {
    Map<String, String> oneWay = new LinkedHashMap<>();
    oneWay.put("a", "1");
    oneWay.put("b", "2");
    Map<String, String> otherWay = new LinkedHashMap<>();
    otherWay.put("b", "2");
    otherWay.put("a", "1");
    assertThat(FeatureKey.of(oneWay).hash()).isEqualTo(FeatureKey.of(otherWay).hash()).hasSize(64);
    assertThat(FeatureKey.of(Map.of("a", "1b2")).hash())
        .isNotEqualTo(FeatureKey.of(oneWay).hash())
        .isNotEqualTo(FeatureKey.of(Map.of("a1", "b2")).hash());
  }

  @Test
  void aDamagedRowIsMissingAndIsComputedAgain() throws IOException {
    Path folder;
    try (FeatureStore store = open(root)) {
      append(store, 0, 12);
      folder = store.path();
    }
    flip(folder.resolve("tensor1-00001.npy"), 128 + 20 + 3);
    try (FeatureStore store = open(root)) {
      assertThatThrownBy(() -> store.readRows(new int[] {7}, 1, FloatBuffer.allocate(5)))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("Row 7 of the features skip")
          .hasMessageContaining("damaged");
      FloatBuffer untouched = FloatBuffer.allocate(5);
      assertThat(store.read(hash(7), 1, untouched)).isFalse();
      assertThat(untouched.position()).isZero();
      assertThat(store.missing(hashes(0, 12))).containsExactly(hash(7));
      append(store, 7, 8);
      assertThat(store.row(hash(7))).isEqualTo(12);
      assertThat(checkAll(store, 12)).isEqualTo(12);
    }
    try (FeatureStore store = open(root)) {
      assertThat(store.row(hash(7))).isEqualTo(12);
      assertThat(checkAll(store, 12)).isEqualTo(12);
    }
  }

  @Test
  void anotherImageNamedInTheIndexDoesNotGetTheRow() throws IOException {
    Path folder;
    try (FeatureStore store = open(root)) {
      append(store, 0, 2);
      folder = store.path();
    }
    byte[] index = Files.readAllBytes(folder.resolve("index"));
    index[31] = 3; // the hash of image 0 becomes that of image 2
    Files.write(folder.resolve("index"), index);

    try (FeatureStore store = open(root)) {
      assertThat(store.missing(hashes(0, 3))).containsExactly(hash(0), hash(2));
      check(store, 1);
    }
  }

  private static void flip(Path file, int position) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    bytes[position] ^= 1;
    Files.write(file, bytes);
  }

  @Test
  void wrongUseIsRefusedWithNumbers() throws IOException {
    FeatureStore store = open(root);
    FloatBuffer six = FloatBuffer.allocate(6);
    assertThatThrownBy(() -> store.append(hashes(0, 1), List.of(six)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("has 2 tensors, but got 1");
    assertThatThrownBy(() -> store.append(hashes(0, 1), List.of(six, six)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Features skip of 1 images have 5 values, but got 6.");
    assertThatThrownBy(() -> store.contains("cat.jpg"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("64 hexadecimal digits");
    assertThatThrownBy(() -> store.readRows(new int[] {0}, 0, six))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("has 0 rows, but row 0");
    append(store, 0, 1);
    assertThatThrownBy(() -> store.read(hash(0), 0, FloatBuffer.allocate(5)))
        .isInstanceOf(BufferOverflowException.class);
    store.close();
    store.close();
    assertThatThrownBy(() -> store.contains(hash(0)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining(store.path() + " is closed");
    assertThatThrownBy(() -> FeatureSpec.of("x", -1, 4))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("must be known");
    assertThatThrownBy(() -> FeatureSpec.of("x", 1L << 40, 1L << 40))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("must fit into 536.9 MB");
  }

  @Test
  void aStoreMayBeOpenTwiceInOneProcess() throws IOException {
    FeatureStore one = open(root);
    FeatureStore two = open(root);
    append(one, 0, 3);
    one.close();
    one.close();
    append(two, 3, 6);
    assertThat(checkAll(two, 6)).isEqualTo(6);
    two.close();
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void aFullDiskIsToldAndTheStoreGoesOn() throws IOException {
    try (FeatureStore store = open(root)) {
      append(store, 0, 5);
      Path nextShard = store.path().resolve("tensor0-00001.npy");
      Files.createSymbolicLink(nextShard, Path.of("/dev/full"));

      assertThatThrownBy(() -> append(store, 5, 8))
          .isInstanceOf(IOException.class)
          .hasMessageMatching(
              "Features need 132 B in .*, but .* are free there: make room, .*--features DIR"
                  + " .*GRAFT_CACHE\\.");

      assertThat(checkAll(store, 8)).isEqualTo(5);
      Files.deleteIfExists(nextShard);
      append(store, 5, 8);
      assertThat(checkAll(store, 8)).isEqualTo(8);
    }
    try (FeatureStore store = open(root)) {
      assertThat(checkAll(store, 8)).isEqualTo(8);
    }
  }

  @Test
  void anInterruptedAppendLeavesTheStoreUsable() throws IOException {
    try (FeatureStore store = open(root)) {
      append(store, 0, 2);
      Thread.currentThread().interrupt();
      assertThatThrownBy(() -> append(store, 2, 4))
          .isInstanceOfAny(ClosedByInterruptException.class, FileLockInterruptionException.class);
      assertThat(Thread.interrupted()).isTrue();
      append(store, 2, 4);
      assertThat(checkAll(store, 4)).isEqualTo(4);
    }
  }

  @Test
  void manyThreadsReadWhileOneAppends() throws Exception {
    int images = 600;
    AtomicInteger appended = new AtomicInteger();
    ExecutorService threads = Executors.newFixedThreadPool(6);
    try (FeatureStore store = open(root)) {
      List<Future<?>> readers = new ArrayList<>();
      for (int seed = 0; seed < 6; seed++) {
        Random random = new Random(seed);
        readers.add(threads.submit(() -> readWhileGrowing(store, appended, images, random)));
      }
      for (int image = 0; image < images; image += 4) {
        append(store, image, image + 4);
        appended.set(image + 4);
      }
      for (Future<?> reader : readers) {
        reader.get();
      }
      assertThat(checkAll(store, images)).isEqualTo(images);
    } finally {
      threads.shutdown();
    }
  }

  private static Void readWhileGrowing(
      FeatureStore store, AtomicInteger appended, int images, Random random) throws IOException {
    for (int known = 0; known < images; known = appended.get()) {
      if (known > 0) {
        check(store, random.nextInt(known));
      }
    }
    return null;
  }

  @Test
  void severalProcessesFillOneStore() throws Exception {
    int images = 450;
    List<Process> others =
        List.of(FillingProcess.start(root, images), FillingProcess.start(root, images));
    try (FeatureStore store = open(root)) {
      for (Process other : others) {
        FillingProcess.lastImageAfter(other, 3);
      }
      for (int image = images - 3; image >= 0; image -= 3) {
        append(store, image, image + 3);
      }
      for (Process other : others) {
        assertThat(other.waitFor()).as(() -> FillingProcess.output(other)).isZero();
      }
      assertThat(checkAll(store, images)).isEqualTo(images);
      assertThat(store.rows()).as("each image once").isEqualTo(images);
    } finally {
      others.forEach(Process::destroyForcibly);
    }
  }

  @Test
  void aKilledProcessLosesAtMostTheBatchUnderWay() throws Exception {
    for (int killed = 0; killed < 4; killed++) {
      Process process = FillingProcess.start(root, 1_000_000);
      int reported = FillingProcess.lastImageAfter(process, 150 + 67 * killed);
      process.destroyForcibly().waitFor();
      try (FeatureStore store = open(root)) {
        assertThat(store.missing(hashes(0, reported))).isEmpty();
        checkAll(store, reported + 10);
        checkShards(store);
      }
    }
  }

  private static void checkShards(FeatureStore store) throws IOException {
    try (Stream<Path> files = Files.list(store.path())) {
      long rows = 0;
      for (Path file : files.filter(path -> path.toString().contains("tensor0")).toList()) {
        rows += Npy.readFloats(file).shape().get(0);
      }
      assertThat(rows).isEqualTo(store.rows());
    }
  }
}
