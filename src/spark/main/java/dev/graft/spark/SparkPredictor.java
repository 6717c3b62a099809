package dev.graft.spark;

import dev.graft.data.Task;
import dev.graft.handoff.Handoff;
import dev.graft.predict.ModelFolder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.apache.spark.SparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.SerializableConfiguration;

/**
 * A trained model on a cluster, of classes, labels or numbers. Each executor process loads the
 * model once, compares its hash with the driver's, shares it among its tasks and closes it at its
 * end. An answer has the same bits as that of {@code graft batch}, whatever the partitions. An
 * immutable value of the driver; safe for many threads.
 */
public final class SparkPredictor {
  /** Name of the column that {@link #predict} adds. */
  public static final String COLUMN = "prediction";

  /** Number of classes in {@code top} unless said otherwise. */
  public static final int TOP = 3;

  private final SparkSession spark;
  private final ClusterModel model;
  private final Task task;
  private final List<String> outputs;
  private final Wanted wanted;

  private SparkPredictor(
      SparkSession spark, ClusterModel model, Task task, List<String> outputs, Wanted wanted) {
    this.spark = spark;
    this.model = model;
    this.task = task;
    this.outputs = outputs;
    this.wanted = wanted;
  }

  /** Distributes the model of a folder. */
  @FunctionalInterface
  private interface Distribution {
    ClusterModel of(SparkContext spark, Path folder) throws IOException;
  }

  private static SparkPredictor of(SparkSession spark, String modelOrRun, Distribution model)
      throws IOException {
    Path folder = ModelFolder.of(Path.of(modelOrRun));
    Task task = ModelFolder.task(folder);
    List<String> outputs = Handoff.read(folder).orElseThrow().signature().outputAliases().toList();
    return new SparkPredictor(
        spark, model.of(spark.sparkContext(), folder), task, outputs, new Wanted(TOP, false, null));
  }

  /**
   * Sends a model from the driver to the executors, those that join later too.
   *
   * @param modelOrRun folder of a model with a handoff, or of a run, that the driver can read
   * @throws dev.graft.savedmodel.ModelFormatException when there is no such model
   * @throws IOException when it can't be read
   */
  public static SparkPredictor of(SparkSession spark, String modelOrRun) throws IOException {
    return of(spark, modelOrRun, ClusterModel::ship);
  }

  /**
   * Lets each executor read a model where it lies.
   *
   * @param modelOrRun folder of a model with a handoff, or of a run, under a path that the driver
   *     and all executors share
   * @throws dev.graft.savedmodel.ModelFormatException when there is no such model
   * @throws IOException when it can't be read
   */
  public static SparkPredictor shared(SparkSession spark, String modelOrRun) throws IOException {
    return of(spark, modelOrRun, ClusterModel::shared);
  }

  /**
   * Registers the function {@code graft_predict} with a model from the driver, for Python: {@code
   * spark._jvm.dev.graft.spark.SparkPredictor.registerFunction(spark._jsparkSession,
   * "runs/digits")}. Its name is its own, since Python finds no static method that shares one with
   * another.
   *
   * @throws IOException as {@link #of}
   */
  public static void registerFunction(SparkSession spark, String modelOrRun) throws IOException {
    of(spark, modelOrRun).register("graft_predict");
  }

  /**
   * The same with another number of classes or labels in {@code top}.
   *
   * @param count at least 1; all when there are fewer
   * @throws IllegalArgumentException when it is less, or more than 1 of a model that predicts
   *     numbers, of which none is likeliest
   */
  public SparkPredictor withTop(int count) {
    if (count > 1 && task.kind() == Task.Kind.NUMBERS) {
      throw new IllegalArgumentException(
          "The model predicts %s, of which none is likeliest: ask without the top %d."
              .formatted(task.describe(), count));
    }
    return with(new Wanted(count, wanted.logits(), wanted.features()));
  }

  /**
   * The same with the field {@code logits}, an array of floats.
   *
   * @throws IllegalArgumentException when the model has no such output
   */
  public SparkPredictor withLogits() {
    if (!outputs.contains("logits")) {
      throw new IllegalArgumentException(
          "The model has no output \"logits\" (it has %s): ask without logits."
              .formatted(String.join(", ", outputs)));
    }
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
    return new SparkPredictor(spark, model, task, outputs, other);
  }

  /** SHA-256 of the model's {@code handoff.json}, which holds that of every other file. */
  public String hash() {
    return model.hash();
  }

  /** What an answer consists of. */
  public Task task() {
    return task;
  }

  /**
   * The type of the answers, with the columns of {@code graft batch}. Of classes {@code label} and
   * {@code probability}; of labels the array {@code labels}, those above a half with their
   * probabilities; of both {@code top}, the likeliest. Of numbers each number under its name, or
   * {@code number_NAME} where that is taken. Then {@code logits} and {@code features} where they
   * are wanted, and {@code error}, which says why there is no answer, as the end of a sentence that
   * starts with the image's name.
   */
  public StructType answerType() {
    return AnswerStruct.of(task, wanted).type();
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
