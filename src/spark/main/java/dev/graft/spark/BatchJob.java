package dev.graft.spark;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.graft.batch.MaxRejected;
import dev.graft.batch.PathFilter;
import dev.graft.handoff.Versions;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * {@code graft batch} on a cluster, for {@code spark-submit}: any number of images to a folder of
 * Parquet files, with the same columns and the same bits. The folder appears whole; the same
 * command again finds it and does nothing.
 */
@Command(
    name = "BatchJob",
    sortOptions = false,
    description = "Predict any number of images to a folder of Parquet files.")
public final class BatchJob implements Callable<Integer> {
  private static final String SUMMARY = "_summary.json";
  private static final ObjectMapper JSON = new ObjectMapper();

  @Parameters(index = "0", paramLabel = "MODEL", description = "Folder of a run or a model.")
  private String model;

  @Parameters(
      index = "1",
      paramLabel = "INPUT",
      description =
          "Folder of images (sub-folders too), Parquet file or folder with bytes or paths, .csv with"
              + " a header, or list of paths, one a line.")
  private String input;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "DIR",
      description = "Folder for the Parquet files.")
  private String out;

  @Option(
      names = "--rejected",
      paramLabel = "DIR",
      description = "Folder for the bad records, as JSON Lines (default: DIR.rejected).")
  private String rejected;

  @Option(
      names = "--column",
      paramLabel = "NAME",
      description =
          "Column of a .csv or Parquet with the images (default: path; in Parquet the only one of"
              + " bytes).")
  private String column;

  @Option(
      names = "--top",
      defaultValue = "1",
      paramLabel = "K",
      description = "How many classes to name for each image (default: ${DEFAULT-VALUE}).")
  private int top;

  @Option(names = "--logits", description = "Write the logits, too.")
  private boolean logits;

  @Option(names = "--features", description = "Write what the backbone hands to the head, too.")
  private boolean features;

  @Option(
      names = "--backbone-output",
      paramLabel = "LAYER",
      description = "Write the features of this layer instead.")
  private String layer;

  @Option(
      names = "--include",
      paramLabel = "GLOB",
      description =
          "Take only matching files of a folder, as in \"*.jpg\" or \"2024/**\"; may be repeated"
              + " (default: images, by their endings).")
  private List<String> include = List.of();

  @Option(
      names = "--exclude",
      paramLabel = "GLOB",
      description = "Leave matching files of a folder out; may be repeated.")
  private List<String> exclude = List.of();

  @Option(
      names = "--max-rejected",
      paramLabel = "N|SHARE",
      description = "Fail when more records are bad than this: 100, 0.01 or 1%% (default: never).")
  private String maxRejected;

  @Option(
      names = "--shared-model",
      description = "Executors read MODEL where it lies, instead of a copy from the driver.")
  private boolean sharedModel;

  @Option(names = "--overwrite", description = "Replace a result that is there already.")
  private boolean overwrite;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Show this help.")
  private boolean help;

  private BatchJob() {}

  /** Runs the job of a command line in the session that {@code spark-submit} prepared. */
  public static void main(String[] arguments) {
    JobLine.run(new BatchJob(), arguments);
  }

  @Override
  public Integer call() throws IOException {
    MaxRejected most = maxRejected == null ? MaxRejected.UNLIMITED : MaxRejected.parse(maxRejected);
    try (SparkSession spark = SparkSession.builder().appName("Graft: " + out).getOrCreate()) {
      FileSystem files = new Path(out).getFileSystem(spark.sparkContext().hadoopConfiguration());
      SparkPredictor predictor = predictor(spark);
      Map<String, String> asked = asked(predictor);
      if (isDone(files, asked)) {
        System.err.println("graft: " + out + " is there already, made by the same job.");
        return 0;
      }
      long start = System.nanoTime();
      Path partial = new Path(out + ".partial");
      Dataset<Row> rows =
          JobInput.read(
              spark, input, new PathFilter(include, exclude), Optional.ofNullable(column));
      write(answered(predictor.predict(rows, JobInput.IMAGE)), partial);
      publish(spark, files, partial, asked, most, (System.nanoTime() - start) / 1e9);
      return 0;
    }
  }

  private SparkPredictor predictor(SparkSession spark) throws IOException {
    SparkPredictor predictor =
        sharedModel ? SparkPredictor.shared(spark, model) : SparkPredictor.of(spark, model);
    predictor = predictor.withTop(top);
    predictor = logits ? predictor.withLogits() : predictor;
    return layer != null
        ? predictor.withFeatures(layer)
        : features ? predictor.withFeatures() : predictor;
  }

  private Map<String, String> asked(SparkPredictor predictor) {
    Map<String, String> asked = new LinkedHashMap<>();
    asked.put("model", predictor.hash());
    asked.put("input", input);
    asked.put("column", String.valueOf(column));
    asked.put("include", String.join(" ", include));
    asked.put("exclude", String.join(" ", exclude));
    asked.put("top", String.valueOf(top));
    asked.put("logits", String.valueOf(logits));
    asked.put("features", layer != null ? layer : String.valueOf(features));
    asked.putAll(Versions.current());
    return asked;
  }

  /** Whether the result of the very job is there. */
  private boolean isDone(FileSystem files, Map<String, String> asked) throws IOException {
    Path target = new Path(out);
    if (!files.exists(target)) {
      return false;
    }
    Path summary = new Path(target, SUMMARY);
    if (!files.exists(summary)) {
      throw new IllegalArgumentException(
          "%s is there already and is no result of a BatchJob (it has no %s): choose another --out."
              .formatted(out, SUMMARY));
    }
    if (overwrite) {
      return false;
    }
    JsonNode before;
    try (InputStream in = files.open(summary)) {
      before = JSON.readTree(in).path("asked");
    }
    if (!before.equals(JSON.valueToTree(asked))) {
      throw new IllegalArgumentException(
          "%s is there already, made with other settings (%s): choose another --out, or replace it with --overwrite."
              .formatted(out, before));
    }
    return true;
  }

  /** The columns of {@code graft batch}, and the reason of a bad record. */
  private Dataset<Row> answered(Dataset<Row> predicted) {
    List<String> own = new ArrayList<>(List.of("path", "label", "probability"));
    if (top > 1) {
      own.add("top");
    }
    if (logits) {
      own.add("logits");
    }
    if (features || layer != null) {
      own.add("features");
    }
    own.add("reason");
    List<Column> columns = new ArrayList<>(List.of(functions.col("path")));
    for (String name : own.subList(1, own.size())) {
      String field = name.equals("reason") ? "error" : name;
      columns.add(functions.col(SparkPredictor.COLUMN + "." + field).as(name));
    }
    List<String> ours = List.of("path", JobInput.IMAGE, SparkPredictor.COLUMN);
    for (String name : predicted.schema().fieldNames()) {
      if (!ours.contains(name)) {
        String free = name;
        while (own.contains(free)) {
          free = "input_" + free;
        }
        own.add(free);
        columns.add(functions.col("`" + name.replace("`", "``") + "`").as(free));
      }
    }
    return predicted
        .select(columns.toArray(Column[]::new))
        .withColumn("rejected", functions.col("reason").isNotNull());
  }

  /** One pass: the good and the bad each into a folder of its own. */
  private static void write(Dataset<Row> rows, Path partial) {
    // Two files open in a task, instead of sorting its rows by the folder that they go to.
    rows.sparkSession().conf().set("spark.sql.maxConcurrentOutputFileWriters", 2);
    rows.write().mode(SaveMode.Overwrite).partitionBy("rejected").parquet(partial.toString());
  }

  private void publish(
      SparkSession spark,
      FileSystem files,
      Path partial,
      Map<String, String> asked,
      MaxRejected most,
      double seconds)
      throws IOException {
    Dataset<Row> all = spark.read().parquet(partial.toString());
    Map<String, Long> classes = new LinkedHashMap<>();
    long bad = 0;
    for (Row row : all.groupBy("rejected", "label").count().orderBy("label").collectAsList()) {
      if (row.getString(0).equals("true")) { // a folder's name
        bad += row.getLong(2);
      } else {
        classes.put(row.getString(1), row.getLong(2));
      }
    }
    long good = classes.values().stream().mapToLong(Long::longValue).sum();
    if (bad > most.among(good + bad)) {
      throw new IllegalStateException(
          "%,d of %,d records are bad, more than --max-rejected %s; they and the others are in %s."
              .formatted(bad, good + bad, maxRejected, partial));
    }
    Path answers = new Path(partial, "rejected=false");
    if (good == 0) {
      all.filter("rejected = 'false'")
          .drop("rejected", "reason")
          .write()
          .parquet(answers.toString());
    }
    all.filter("rejected = 'true'")
        .select("path", "reason")
        .orderBy("path")
        .coalesce(1)
        .write()
        .mode(SaveMode.Overwrite)
        .json(rejected());
    Map<String, Object> summary = new LinkedHashMap<>();
    summary.put("images", good);
    summary.put("rejected", bad);
    summary.put("classes", classes);
    summary.put("seconds", seconds);
    summary.put("imagesPerSecond", (good + bad) / seconds);
    summary.put("asked", asked);
    try (OutputStream file = files.create(new Path(answers, SUMMARY))) {
      JSON.writerWithDefaultPrettyPrinter().writeValue(file, summary);
    }
    replace(files, answers, partial);
    System.err.printf(
        Locale.ROOT,
        "graft: %,d images predicted, %,d rejected, %.1f s, %.1f images/s: %s%n",
        good,
        bad,
        seconds,
        (good + bad) / seconds,
        out);
  }

  private void replace(FileSystem files, Path answers, Path partial) throws IOException {
    Path target = new Path(out);
    if (overwrite && files.exists(target) && !files.delete(target, true)) {
      throw new IOException("Could not delete " + target + ".");
    }
    if (!files.rename(answers, target)) {
      throw new IOException(
          "Could not move %s to %s; the result is whole where it is.".formatted(answers, target));
    }
    files.delete(partial, true);
  }

  private String rejected() {
    return rejected != null ? rejected : out + ".rejected";
  }
}
