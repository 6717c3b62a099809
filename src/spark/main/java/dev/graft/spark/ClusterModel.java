package dev.graft.spark;

import dev.graft.data.Sha256;
import dev.graft.handoff.Handoff;
import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerApplicationEnd;

/**
 * Where the executors find a model, and which one it must be.
 *
 * <p>A model that only the driver can read goes as a broadcast: what {@code
 * SparkContext.addArchive} adds once a session exists does not reach the tasks of a session that
 * Spark 4 isolates.
 *
 * @param shared folder that every node can read, or null
 * @param sent the model's files, packed, or null
 * @param hash SHA-256 of {@code handoff.json}, which holds those of all other files
 */
record ClusterModel(String shared, Broadcast<byte[]> sent, String hash) implements Serializable {
  /** Application and hash to the models that were sent already. */
  private static final Map<String, ClusterModel> SENT = new ConcurrentHashMap<>();

  /**
   * Sends a model to every executor that asks for it, those that join later too.
   *
   * @param folder of a model with a handoff that the driver can read, of less than 2 GB
   */
  static ClusterModel ship(SparkContext spark, Path folder) throws IOException {
    String hash = hash(folder);
    String key = spark.applicationId() + "/" + hash;
    ClusterModel known = SENT.get(key);
    if (known == null) {
      byte[] packed = Archive.pack(folder);
      known =
          new ClusterModel(null, JavaSparkContext.fromSparkContext(spark).broadcast(packed), hash);
      SENT.put(key, known);
      closeWithApplication(spark);
    }
    return known;
  }

  /**
   * Lets the executors read a model in place.
   *
   * @param folder of a model with a handoff, under a path that all nodes share
   */
  static ClusterModel shared(SparkContext spark, Path folder) throws IOException {
    closeWithApplication(spark);
    return new ClusterModel(folder.toAbsolutePath().toString(), null, hash(folder));
  }

  /** Reads the model of a folder. */
  @FunctionalInterface
  interface Reader<T> {
    T read(Path folder) throws IOException;
  }

  /** Reads the model on this executor. */
  <T> T read(Reader<T> reader) throws IOException {
    return sent == null ? reader.read(Path.of(shared)) : Archive.unpacked(sent.value(), reader);
  }

  /** In local mode the driver is the executor, and its process may go on. */
  private static void closeWithApplication(SparkContext spark) {
    if (spark.isLocal()) {
      spark.addSparkListener(
          new SparkListener() {
            @Override
            public void onApplicationEnd(SparkListenerApplicationEnd end) {
              SENT.clear();
              ExecutorModels.closeIdle();
            }
          });
    }
  }

  private static String hash(Path folder) throws IOException {
    return Sha256.of(folder.resolve(Handoff.FILE_NAME));
  }
}
