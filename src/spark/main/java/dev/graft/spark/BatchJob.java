package dev.graft.spark;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.graft.batch.MaxRejected;
import dev.graft.batch.PathFilter;
import dev.graft.data.Task;
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
import java.util.Set;
import java.util.TreeSet;
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

  /** Column that only the folders of the unfinished result have. */
  private static final String REJECTED = "graft_rejected";

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
      description =
          "How many classes or labels to name for each image (default: ${DEFAULT-VALUE}).")
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
      write(answered(predictor.predict(rows, JobInput.IMAGE), predictor), partial);
      publish(
          spark, files, partial, predictor.task(), asked, most, (System.nanoTime() - start) / 1e9);
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
  private Dataset<Row> answered(Dataset<Row> predicted, SparkPredictor predictor) {
    Set<String> taken = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
    taken.addAll(List.of("path", "reason", REJECTED));
    List<Column> columns = new ArrayList<>(List.of(functions.col("path")));
    for (String field : predictor.answerType().fieldNames()) {
      boolean isReason = field.equals(AnswerStruct.ERROR);
      boolean isNumber = predictor.task().kind() == Task.Kind.NUMBERS;
      if (isNumber || top > 1 || !field.equals("top")) {
        taken.add(field);
        columns.add(
            functions
                .col(SparkPredictor.COLUMN + "." + JobInput.quoted(field))
                .as(isReason ? "reason" : field));
      }
    }
    List<String> ours = List.of("path", JobInput.IMAGE, SparkPredictor.COLUMN);
    for (String name : predicted.schema().fieldNames()) {
      if (!ours.contains(name)) {
        String free = name;
        while (!taken.add(free)) {
          free = "input_" + free;
        }
        columns.add(functions.col(JobInput.quoted(name)).as(free));
      }
    }
    return predicted
        .select(columns.toArray(Column[]::new))
        .withColumn(REJECTED, functions.col("reason").isNotNull());
  }

  /** One pass: the good and the bad each into a folder of its own. */
  private static void write(Dataset<Row> rows, Path partial) {
    // Two files open in a task, instead of sorting its rows by the folder that they go to.
    rows.sparkSession().conf().set("spark.sql.maxConcurrentOutputFileWriters", 2);
    rows.write().mode(SaveMode.Overwrite).partitionBy(REJECTED).parquet(partial.toString());
  }

  private void publish(
      SparkSession spark,
      FileSystem files,
      Path partial,
      Task task,
      Map<String, String> asked,
      MaxRejected most,
      double seconds)
      throws IOException {
    Dataset<Row> all = spark.read().parquet(partial.toString());
    long good = all.filter(rejected(false)).count();
    long bad = all.filter(rejected(true)).count();
    if (bad > most.among(good + bad)) {
      throw new IllegalStateException(
          "%,d of %,d records are bad, more than --max-rejected %s; they and the others are in %s."
              .formatted(bad, good + bad, maxRejected, partial));
    }
    Path answers = new Path(partial, REJECTED + "=false");
    if (good == 0) {
      all.filter(rejected(false)).drop(REJECTED).write().parquet(answers.toString());
    }
    all.filter(rejected(true))
        .select("path", "reason")
        .orderBy("path")
        .coalesce(1)
        .write()
        .mode(SaveMode.Overwrite)
        .json(rejectedFolder());
    Map<String, Object> summary = new LinkedHashMap<>();
    summary.put("images", good);
    summary.put("rejected", bad);
    summary.put("labels", labels(all, task));
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

  /** A part of what was written; the folder's name is text. */
  private static Column rejected(boolean rejected) {
    return functions.col(REJECTED).equalTo(String.valueOf(rejected));
  }

  /** How often each label was the answer, or among the answer's labels, in their order. */
  private static Map<String, Long> labels(Dataset<Row> all, Task task) {
    Map<String, Long> labels = new LinkedHashMap<>();
    if (task.kind() == Task.Kind.NUMBERS) {
      return labels;
    }
    Column said =
        task.kind() == Task.Kind.CLASSES
            ? functions.col("label")
            : functions.explode(functions.col("labels.label"));
    all.filter(rejected(false))
        .select(said.as("label"))
        .groupBy("label")
        .count()
        .orderBy("label")
        .collectAsList()
        .forEach(row -> labels.put(row.getString(0), row.getLong(1)));
    return labels;
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

  private String rejectedFolder() {
    return rejected != null ? rejected : out + ".rejected";
  }
}
