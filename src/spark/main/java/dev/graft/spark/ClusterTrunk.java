package dev.graft.spark;

import dev.graft.data.Preparation;
import dev.graft.data.Sha256;
import dev.graft.handoff.Versions;
import dev.graft.image.ImageReader;
import dev.graft.model.CutModel;
import dev.graft.model.FrozenGraph;
import dev.graft.model.ImagePipeline;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.apache.spark.SparkContext;
import org.apache.spark.SparkEnv;
import org.apache.spark.SparkFiles;

/**
 * A trunk on a cluster, its weights in its graph.
 *
 * @param file that Spark brings to every executor
 * @param hash SHA-256 of the file
 * @param preparation of its images
 * @param platform and versions of the driver, by name: the features of others have other bits
 */
record ClusterTrunk(
    String file, String hash, Preparation preparation, HashMap<String, String> platform)
    implements Serializable {
  private static final Map<ClusterTrunk, Loaded> LOADED = new HashMap<>();

  /** A trunk that runs on this executor. Kept until the process ends. */
  private record Loaded(FrozenGraph trunk, ImageReader reader) {}

  static ClusterTrunk ship(SparkContext spark, CutModel cut, Preparation preparation)
      throws IOException {
    Path folder = Files.createTempDirectory("graft");
    Path written = folder.resolve("trunk");
    try (OutputStream out = Files.newOutputStream(written)) {
      cut.trunk().write(out);
    }
    String hash = Sha256.of(written);
    Path named = Files.move(written, folder.resolve("graft-trunk-" + hash.substring(0, 16)));
    folder.toFile().deleteOnExit();
    named.toFile().deleteOnExit(); // Spark serves it until then.
    String name = named.getFileName().toString();
    spark.addFile(named.toUri().toString());
    return new ClusterTrunk(name, hash, preparation, here());
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
    synchronized (LOADED) {
      Loaded loaded = LOADED.get(this);
      if (loaded == null) {
        loaded = load();
        LOADED.put(this, loaded);
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
    Path path = Path.of(SparkFiles.get(file));
    String found = Sha256.of(path);
    if (!found.equals(hash)) {
      throw new IOException(
          "%s on this executor has the hash %s, expected %s.".formatted(path, found, hash));
    }
    try (InputStream in = new BufferedInputStream(Files.newInputStream(path))) {
      return new Loaded(FrozenGraph.read(in), ImageReader.open(preparation));
    }
  }
}
