package dev.graft.features;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** Images by number, with features that tell the image, the tensor and the place of each value. */
final class TestFeatures {
  static final FeatureKey KEY = FeatureKey.of(Map.of("trunk", "test"));
  static final List<FeatureSpec> TENSORS =
      List.of(FeatureSpec.of("block4_pool", 2, 3), FeatureSpec.of("skip", 5));

  /** 5 rows of the first tensor and 6 of the second in a file. */
  static final long SHARD_BYTES = 128 + 5 * 24;

  private TestFeatures() {}

  static FeatureStore open(Path root) throws IOException {
    return FeatureStore.open(root, KEY, TENSORS, SHARD_BYTES);
  }

  static String hash(int image) {
    return "%064x".formatted(image + 1);
  }

  static List<String> hashes(int from, int to) {
    return IntStream.range(from, to).mapToObj(TestFeatures::hash).toList();
  }

  static float[] row(int image, int tensor) {
    float[] row = new float[TENSORS.get(tensor).rowSize()];
    for (int i = 0; i < row.length; i++) {
      row[i] = image * 100 + tensor * 10 + i + 0.5f;
    }
    return row;
  }

  static void append(FeatureStore store, int from, int to) throws IOException {
    store.append(hashes(from, to), List.of(batch(from, to, 0), batch(from, to, 1)));
  }

  private static FloatBuffer batch(int from, int to, int tensor) {
    FloatBuffer batch = FloatBuffer.allocate((to - from) * TENSORS.get(tensor).rowSize());
    for (int image = from; image < to; image++) {
      batch.put(row(image, tensor));
    }
    return batch.flip();
  }

  /** The number of images that are here; each of them must be right. */
  static int checkAll(FeatureStore store, int images) throws IOException {
    int here = 0;
    for (int image = 0; image < images; image++) {
      if (store.contains(hash(image))) {
        check(store, image);
        here++;
      }
    }
    return here;
  }

  static void check(FeatureStore store, int image) throws IOException {
    for (int tensor = 0; tensor < TENSORS.size(); tensor++) {
      float[] expected = row(image, tensor);
      FloatBuffer target = FloatBuffer.allocate(expected.length);
      assertThat(store.read(hash(image), tensor, target)).as("image %d", image).isTrue();
      assertThat(target.array()).isEqualTo(expected);
    }
  }
}
