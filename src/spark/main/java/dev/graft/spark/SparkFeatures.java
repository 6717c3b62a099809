package dev.graft.spark;

import dev.graft.data.Preparation;
import dev.graft.features.Featurizer;
import dev.graft.model.CutModel;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.storage.StorageLevel;
import org.apache.spark.util.SerializableConfiguration;

/**
 * The costly part of training, on a cluster: images go through the trunk on the executors, and
 * their features into a feature store on the driver, from which {@code graft train --features DIR}
 * and {@link Featurizer} take them, by the content of the images, instead of computing them. The
 * features have the same bits as those computed on the driver. For one thread at a time.
 */
public final class SparkFeatures {
  private static final int ROWS_A_WRITE = 256;

  private final SparkSession spark;
  private final CutModel cut;
  private final Preparation preparation;
  private final ClusterTrunk trunk;

  private SparkFeatures(
      SparkSession spark, CutModel cut, Preparation preparation, ClusterTrunk trunk) {
    this.spark = spark;
    this.cut = cut;
    this.preparation = preparation;
    this.trunk = trunk;
  }

  /**
   * Sends a model's trunk to the executors.
   *
   * @param cut must stay open as long as this
   * @param preparation how the trunk wants its images
   * @throws IOException when the trunk can't be written to a temporary file
   */
  public static SparkFeatures of(SparkSession spark, CutModel cut, Preparation preparation)
      throws IOException {
    ClusterTrunk trunk = ClusterTrunk.ship(spark.sparkContext(), cut, preparation);
    return new SparkFeatures(spark, cut, preparation, trunk);
  }

  /**
   * What became of images.
   *
   * @param images whose features are in the store now
   * @param rejected those that could not be read, with the reason; rows of bytes by their number of
   *     bytes
   */
  public record Extracted(long images, Map<String, String> rejected) {}

  /**
   * Makes the features of images.
   *
   * @param images rows with the images
   * @param column with the bytes of an image (binary), or the path or URI of its file (string)
   * @param folder of feature stores on the driver, as {@code graft train --features} has it; made
   *     when it is not there
   * @throws IllegalArgumentException when there is no such column
   * @throws IOException when the store's disk fails or is full
   */
  public Extracted extract(Dataset<Row> images, String column, Path folder) throws IOException {
    int index = RowImage.indexOf(column, images.schema());
    SerializableConfiguration files =
        new SerializableConfiguration(spark.sparkContext().hadoopConfiguration());
    // On the executors' disks, so that all of them compute at once and the driver takes row by row.
    Dataset<Row> features =
        images
            .mapPartitions(new FeatureRows(trunk, index, files), Encoders.row(FeatureRows.SCHEMA))
            .persist(StorageLevel.DISK_ONLY());
    try (Featurizer featurizer = Featurizer.open(cut, preparation, folder)) {
      features.count();
      return store(features.toLocalIterator(), featurizer);
    } finally {
      features.unpersist();
    }
  }

  private Extracted store(Iterator<Row> rows, Featurizer featurizer) throws IOException {
    Map<String, String> rejected = new LinkedHashMap<>();
    List<Row> group = new ArrayList<>();
    long stored = 0;
    while (rows.hasNext()) {
      Row row = rows.next();
      if (row.isNullAt(3)) {
        group.add(row);
        stored++;
      } else {
        rejected.put(row.getString(0), row.getString(3));
      }
      if (group.size() == ROWS_A_WRITE || (!rows.hasNext() && !group.isEmpty())) {
        put(group, featurizer);
        group.clear();
      }
    }
    return new Extracted(stored, rejected);
  }

  private static void put(List<Row> rows, Featurizer featurizer) throws IOException {
    List<FloatBuffer> batch = new ArrayList<>();
    int tensors = rows.get(0).<byte[]>getList(2).size();
    for (int tensor = 0; tensor < tensors; tensor++) {
      int length = rows.get(0).<byte[]>getList(2).get(tensor).length;
      ByteBuffer bytes =
          ByteBuffer.allocate(Math.multiplyExact(length, rows.size()))
              .order(ByteOrder.LITTLE_ENDIAN);
      for (Row row : rows) {
        bytes.put(row.<byte[]>getList(2).get(tensor));
      }
      batch.add(bytes.flip().asFloatBuffer());
    }
    featurizer.put(rows.stream().map(row -> row.getString(1)).toList(), batch);
  }
}
