package dev.graft.spark;

import dev.graft.data.Preparation;
import dev.graft.data.Sha256;
import dev.graft.handoff.Versions;
import dev.graft.image.ImageReader;
import dev.graft.model.CutModel;
import dev.graft.model.FrozenGraph;
import dev.graft.model.ImagePipeline;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.Serializable;
import java.util.HashMap;
import java.util.Map;
import org.apache.spark.SparkContext;
import org.apache.spark.SparkEnv;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;

/**
 * A trunk on a cluster, its weights in its graph.
 *
 * @param sent as {@link FrozenGraph#write} writes it
 * @param hash SHA-256 of what is sent
 * @param preparation of its images
 * @param platform and versions of the driver, by name: the features of others have other bits
 */
record ClusterTrunk(
    Broadcast<byte[]> sent, String hash, Preparation preparation, HashMap<String, String> platform)
    implements Serializable {
  private static final Map<String, Loaded> LOADED = new HashMap<>();

  /** A trunk that runs on this executor. Kept until the process ends. */
  private record Loaded(FrozenGraph trunk, ImageReader reader) {}

  static ClusterTrunk ship(SparkContext spark, CutModel cut, Preparation preparation)
      throws IOException {
    ByteArrayOutputStream written = new ByteArrayOutputStream();
    cut.trunk().write(written);
    byte[] bytes = written.toByteArray();
    return new ClusterTrunk(
        JavaSparkContext.fromSparkContext(spark).broadcast(bytes),
        Sha256.of(bytes),
        preparation,
        here());
  }

  /** What decides about bits besides trunk and preparation. */
  private static HashMap<String, String> here() {
    HashMap<String, String> here = new HashMap<>(Versions.current());
    here.put("platform", System.getProperty("os.name") + " " + System.getProperty("os.arch"));
    return here;
  }

  /**
   * The trunk of this executor, loaded by the first task that needs it and shared by all.
   *
   * @throws IllegalStateException when this executor is of another platform or has other versions
   *     than the driver
   */
  ImagePipeline pipeline(int threads) throws IOException {
    String key = hash + preparation;
    synchronized (LOADED) {
      Loaded loaded = LOADED.get(key);
      if (loaded == null) {
        loaded = load();
        LOADED.put(key, loaded);
      }
      return new ImagePipeline(loaded.trunk(), loaded.reader(), threads);
    }
  }

  private Loaded load() throws IOException {
    NativeSettings.apply(SparkEnv.get().conf());
    if (!here().equals(platform)) {
      throw new IllegalStateException(
          "Features must be made on one platform, but the driver has %s and this executor %s."
              .formatted(platform, here()));
    }
    byte[] bytes = sent.value();
    String found = Sha256.of(bytes);
    if (!found.equals(hash)) {
      throw new IOException(
          "The trunk on this executor has the hash %s, expected %s.".formatted(found, hash));
    }
    FrozenGraph trunk = FrozenGraph.read(new ByteArrayInputStream(bytes));
    try {
      return new Loaded(trunk, ImageReader.open(preparation));
    } catch (RuntimeException | Error e) {
      trunk.close();
      throw e;
    }
  }
}
