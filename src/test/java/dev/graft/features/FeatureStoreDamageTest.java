package dev.graft.features;

import static dev.graft.features.TestFeatures.append;
import static dev.graft.features.TestFeatures.checkAll;
import static dev.graft.features.TestFeatures.hashes;
import static dev.graft.features.TestFeatures.open;
import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.data.Npy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.From;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;

/**
 * Whatever happens to the files: what the store gives is right, and what is missing can be appended
 * again.
 */
class FeatureStoreDamageTest {
  private static final int IMAGES = 13;

  @Provide
  Arbitrary<String> files() {
    return Arbitraries.of(
        "index",
        "key.json",
        "tensor0-00000.npy",
        "tensor0-00001.npy",
        "tensor0-00002.npy",
        "tensor1-00000.npy",
        "tensor1-00001.npy",
        "tensor1-00002.npy");
  }

  @Property(tries = 80)
  void aFileCutAnywhere(
      @ForAll @From("files") String file, @ForAll @IntRange(max = 999) int permille)
      throws IOException {
    survives(file, bytes -> Arrays.copyOf(bytes, bytes.length * permille / 1000));
  }

  @Property(tries = 80)
  void aByteChangedAnywhere(
      @ForAll @From("files") String file,
      @ForAll @IntRange(max = 999) int permille,
      @ForAll @IntRange(min = 1, max = 255) int change)
      throws IOException {
    int missing =
        survives(
            file,
            bytes -> {
              bytes[bytes.length * permille / 1000] ^= (byte) change;
              return bytes;
            });
    assertThat(missing).as("one byte is in one row").isLessThanOrEqualTo(1);
  }

  @Property(tries = 40)
  void whatAKilledAppendLeftBehindTheIndex(
      @ForAll @From("files") String file, @ForAll @IntRange(min = 1, max = 43) int extra)
      throws IOException {
    int missing = survives(file, bytes -> Arrays.copyOf(bytes, bytes.length + extra));
    assertThat(missing).as("rows that were whole before").isZero();
  }

  @Property(tries = 8)
  void aFileDeleted(@ForAll @From("files") String file) throws IOException {
    Path root = filled();
    try {
      Files.delete(folder(root).resolve(file));
      recovers(root);
    } finally {
      delete(root);
    }
  }

  private interface Damage {
    byte[] apply(byte[] bytes);
  }

  private static int survives(String file, Damage damage) throws IOException {
    Path root = filled();
    try {
      Path damaged = folder(root).resolve(file);
      Files.write(damaged, damage.apply(Files.readAllBytes(damaged)));
      return recovers(root);
    } finally {
      delete(root);
    }
  }

  private static Path filled() throws IOException {
    Path root = Files.createTempDirectory("features");
    try (FeatureStore store = open(root)) {
      append(store, 0, 6);
      append(store, 6, IMAGES);
    }
    return root;
  }

  private static int recovers(Path root) throws IOException {
    int missing;
    try (FeatureStore store = open(root)) {
      missing = IMAGES - checkAll(store, IMAGES);
      assertThat(store.missing(hashes(0, IMAGES))).hasSize(missing);
      append(store, 0, IMAGES + 2);
      assertThat(checkAll(store, IMAGES + 2)).isEqualTo(IMAGES + 2);
    }
    try (FeatureStore store = open(root)) {
      assertThat(checkAll(store, IMAGES + 2)).isEqualTo(IMAGES + 2);
      checkShards(store);
    }
    return missing;
  }

  private static void checkShards(FeatureStore store) throws IOException {
    for (String tensor : List.of("tensor0", "tensor1")) {
      long rows = 0;
      try (Stream<Path> files = Files.list(store.path())) {
        for (Path file : files.filter(path -> path.toString().contains(tensor)).toList()) {
          rows += Npy.readFloats(file).shape().get(0);
        }
      }
      assertThat(rows).isEqualTo(store.rows());
    }
  }

  private static Path folder(Path root) throws IOException {
    try (Stream<Path> children = Files.list(root)) {
      return children.filter(Files::isDirectory).findFirst().orElseThrow();
    }
  }

  private static void delete(Path root) throws IOException {
    try (Stream<Path> files = Files.walk(root)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
