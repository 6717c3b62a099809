package dev.graft.spark;

import java.io.IOException;
import java.nio.file.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.SerializableConfiguration;

/**
 * A trained classifier on a cluster. Each executor process loads the model once, compares its hash
 * with the driver's, shares it among its tasks and closes it at its end. An answer has the same
 * bits as that of {@code graft batch}, whatever the partitions. An immutable value of the driver;
 * safe for many threads.
 */
public final class SparkPredictor {
  /** Name of the column that {@link #predict} adds. */
  public static final String COLUMN = "prediction";

  /** Number of classes in {@code top} unless said otherwise. */
  public static final int TOP = 3;

  private final SparkSession spark;
  private final ClusterModel model;
  private final Wanted wanted;

  private SparkPredictor(SparkSession spark, ClusterModel model, Wanted wanted) {
    this.spark = spark;
    this.model = model;
    this.wanted = wanted;
  }

  /**
   * Sends a model from the driver to the executors, those that join later too.
   *
   * @param modelOrRun folder of a classifier with a handoff, or of a run, that the driver can read
   * @throws dev.graft.savedmodel.ModelFormatException when there is no such model
   * @throws IOException when it can't be read
   */
  public static SparkPredictor of(SparkSession spark, String modelOrRun) throws IOException {
    ClusterModel model = ClusterModel.ship(spark.sparkContext(), Path.of(modelOrRun));
    return new SparkPredictor(spark, model, new Wanted(TOP, false, null));
  }

  /**
   * Lets each executor read a model where it lies.
   *
   * @param modelOrRun folder of a classifier with a handoff, or of a run, under a path that the
   *     driver and all executors share
   * @throws dev.graft.savedmodel.ModelFormatException when there is no such model
   * @throws IOException when it can't be read
   */
  public static SparkPredictor shared(SparkSession spark, String modelOrRun) throws IOException {
    ClusterModel model = ClusterModel.shared(spark.sparkContext(), Path.of(modelOrRun));
    return new SparkPredictor(spark, model, new Wanted(TOP, false, null));
  }

  /**
   * Registers the function {@code graft_predict} with a model from the driver; for Python, by way
   * of {@code spark._jvm}.
   *
   * @throws IOException as {@link #of}
   */
  public static void register(SparkSession spark, String modelOrRun) throws IOException {
    of(spark, modelOrRun).register("graft_predict");
  }

  /**
   * The same with another number of classes in {@code top}.
   *
   * @param classes at least 1; all when there are fewer
   */
  public SparkPredictor withTop(int classes) {
    return with(new Wanted(classes, wanted.logits(), wanted.features()));
  }

  /** The same with the field {@code logits}, an array of floats. */
  public SparkPredictor withLogits() {
    return with(new Wanted(wanted.top(), true, wanted.features()));
  }

  /** The same with the field {@code features}: what the backbone hands to the head, row-major. */
  public SparkPredictor withFeatures() {
    return with(new Wanted(wanted.top(), wanted.logits(), ""));
  }

  /** The same with the field {@code features}: the output of a layer, row-major. */
  public SparkPredictor withFeatures(String layer) {
    return with(new Wanted(wanted.top(), wanted.logits(), layer));
  }

  private SparkPredictor with(Wanted other) {
    return new SparkPredictor(spark, model, other);
  }

  /** SHA-256 of the model's {@code handoff.json}, which holds that of every other file. */
  public String hash() {
    return model.hash();
  }

  /**
   * The type of the answers: {@code label}, {@code probability}, {@code top} (an array of label and
   * probability, the likeliest first), {@code logits} and {@code features} where they are wanted,
   * and {@code error}, which says why there is no answer, as the end of a sentence that starts with
   * the image's name.
   */
  public StructType answerType() {
    return AnswerColumn.type(wanted);
  }

  /**
   * Answers images in batches. A row that holds no image gets an error and stops nothing.
   *
   * @param images rows with the images
   * @param column with the bytes of an image (binary), or the path or URI of its file (string)
   * @return the same rows in the same partitions and order, with the column {@link #COLUMN} of the
   *     type {@link #answerType}
   * @throws IllegalArgumentException when there is no such column, or the name of the new one is
   *     taken
   */
  public Dataset<Row> predict(Dataset<Row> images, String column) {
    StructType schema = images.schema();
    if (schema.getFieldIndex(COLUMN).isDefined()) {
      throw new IllegalArgumentException(
          "There is a column \"%s\" already, which the answers would take: rename it."
              .formatted(COLUMN));
    }
    PredictRows task = new PredictRows(model, RowImage.indexOf(column, schema), wanted, files());
    return images.mapPartitions(task, Encoders.row(schema.add(COLUMN, answerType())));
  }

  /**
   * Registers a SQL function of one argument, an image's bytes or path, that gives an answer of the
   * type {@link #answerType}. It answers row by row; {@link #predict} is faster for many.
   */
  public void register(String function) {
    spark.udf().register(function, new PredictFunction(model, wanted, files()), answerType());
  }

  /** For the function that {@link GraftFunctions} puts into a session. */
  PredictFunction function() {
    return new PredictFunction(model, wanted, files());
  }

  private SerializableConfiguration files() {
    return new SerializableConfiguration(spark.sparkContext().hadoopConfiguration());
  }
}
