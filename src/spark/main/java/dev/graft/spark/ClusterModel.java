package dev.graft.spark;

import dev.graft.data.Sha256;
import dev.graft.handoff.Handoff;
import dev.graft.predict.ModelFolder;
import dev.graft.savedmodel.ModelFormatException;
import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.SparkContext;
import org.apache.spark.SparkFiles;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerApplicationEnd;

/**
 * Where the executors find a model, and which one it must be.
 *
 * @param place a folder that every node can read, or the name of the archive that Spark brings
 * @param shipped whether it is the name of an archive
 * @param hash SHA-256 of {@code handoff.json}, which holds those of all other files
 */
record ClusterModel(String place, boolean shipped, String hash) implements Serializable {
  /** Application and archive to the archives that were handed to Spark already. */
  private static final Map<String, Path> ARCHIVES = new ConcurrentHashMap<>();

  /**
   * Hands a model to Spark, which brings it to every executor, those that join later too.
   *
   * @param model folder of a model or a run that the driver can read
   */
  static ClusterModel ship(SparkContext spark, Path model) throws IOException {
    Path folder = ModelFolder.of(model);
    String hash = hash(folder);
    String name = "graft-model-" + hash.substring(0, 16);
    String key = spark.applicationId() + "/" + name;
    if (!ARCHIVES.containsKey(key)) {
      Path archive = Archive.of(folder, name);
      spark.addArchive(archive.toUri() + "#" + name);
      ARCHIVES.put(key, archive);
    }
    closeWithApplication(spark);
    return new ClusterModel(name, true, hash);
  }

  /**
   * Lets the executors read a model in place.
   *
   * @param model folder of a model or a run under a path that all nodes share
   */
  static ClusterModel shared(SparkContext spark, Path model) throws IOException {
    Path folder = ModelFolder.of(model).toAbsolutePath();
    closeWithApplication(spark);
    return new ClusterModel(folder.toString(), false, hash(folder));
  }

  /** The model's folder on this executor. */
  Path folder() {
    return Path.of(shipped ? SparkFiles.get(place) : place);
  }

  /** In local mode the driver is the executor, and its process may go on. */
  private static void closeWithApplication(SparkContext spark) {
    if (spark.isLocal()) {
      spark.addSparkListener(
          new SparkListener() {
            @Override
            public void onApplicationEnd(SparkListenerApplicationEnd end) {
              ExecutorModels.closeIdle();
            }
          });
    }
  }

  private static String hash(Path folder) throws IOException {
    Path handoff = folder.resolve(Handoff.FILE_NAME);
    if (!Files.isRegularFile(handoff)) {
      throw new ModelFormatException(
          folder,
          folder
              + " has no "
              + Handoff.FILE_NAME
              + ", which tells labels and preparation; use a model that graft train or graft-export"
              + " --include-top made.");
    }
    return Sha256.of(handoff);
  }
}
