package dev.graft.spark;

import dev.graft.batch.PathFilter;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocatedFileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.BinaryType;
import org.apache.spark.sql.types.StructField;

/**
 * The images of a job as rows: {@code path}, what the input calls an image; {@link #IMAGE}, its
 * bytes or the path of its file; then the other columns of the input.
 */
final class JobInput {
  /** The column with the images. */
  static final String IMAGE = "graft_image";

  private static final String PATH = "path";

  /** Paths are small, images are not: so many make a task worth its start and a file its name. */
  private static final int IMAGES_A_TASK = 4096;

  private final SparkSession spark;
  private final Path input;
  private final Optional<String> column;

  private JobInput(SparkSession spark, Path input, Optional<String> column) {
    this.spark = spark;
    this.input = input;
    this.column = column;
  }

  /**
   * Reads a folder of images, a Parquet file or folder, a CSV with a header, or a list of lines.
   *
   * @param column of a CSV or Parquet with the images or their paths; if not said, {@code path}, or
   *     in Parquet the only binary one
   * @throws IllegalArgumentException when there is no such input or column, or it is empty
   */
  static Dataset<Row> read(
      SparkSession spark, String input, PathFilter filter, Optional<String> column)
      throws IOException {
    Configuration files = spark.sparkContext().hadoopConfiguration();
    Path path = new Path(input);
    FileSystem system = path.getFileSystem(files);
    FileStatus status;
    try {
      status = system.getFileStatus(path);
    } catch (FileNotFoundException e) {
      throw new IllegalArgumentException(
          input + " does not exist: give a folder, a list or a Parquet file with images.", e);
    }
    JobInput job = new JobInput(spark, status.getPath(), column);
    String name = path.getName().toLowerCase(Locale.ROOT);
    if (name.endsWith(".parquet") || (status.isDirectory() && isParquet(system, path))) {
      return job.parquet();
    }
    if (status.isDirectory()) {
      return job.folder(input, system, filter);
    }
    return name.endsWith(".csv") ? job.csv() : job.lines();
  }

  private static boolean isParquet(FileSystem system, Path folder) throws IOException {
    return Arrays.stream(system.listStatus(folder))
        .anyMatch(inside -> inside.getPath().getName().endsWith(".parquet"));
  }

  /** Listed here, since Spark's own sources leave empty files out without a word. */
  private Dataset<Row> folder(String name, FileSystem system, PathFilter filter)
      throws IOException {
    String root = input.toString().replaceAll("/+$", "") + "/";
    List<String> below = new ArrayList<>();
    RemoteIterator<LocatedFileStatus> files = system.listFiles(input, true);
    while (files.hasNext()) {
      String relative = files.next().getPath().toString().substring(root.length());
      if (filter.accepts(relative)) {
        below.add(relative);
      }
    }
    Column relative = functions.col("value");
    String prefix = name.replaceAll("(?<=.)/+$", "");
    return spread(
        spark
            .createDataset(below, Encoders.STRING())
            .toDF("value")
            .select(
                functions.concat(functions.lit(prefix + "/"), relative).as(PATH),
                functions.concat(functions.lit(root), relative).as(IMAGE)));
  }

  private Dataset<Row> csv() {
    Dataset<Row> table =
        spark
            .read()
            .option("header", "true")
            .option("multiLine", "true")
            .option("escape", "\"")
            .csv(input.toString());
    return spread(paths(table, column.orElse(PATH)));
  }

  private Dataset<Row> lines() {
    Dataset<Row> table = spark.read().text(input.toString()).toDF(PATH);
    return spread(paths(table.filter(functions.trim(functions.col(PATH)).notEqual("")), PATH));
  }

  private Dataset<Row> parquet() {
    Dataset<Row> table = spark.read().parquet(input.toString());
    String images = column.orElseGet(() -> imageColumn(table));
    boolean bytes = requireColumn(table, images).dataType() instanceof BinaryType;
    if (!bytes) {
      return spread(paths(table, images));
    }
    if (table.isEmpty()) {
      throw empty();
    }
    boolean named = Arrays.asList(table.schema().fieldNames()).contains(PATH);
    Column path =
        named
            ? functions.col(PATH)
            : functions.expr("concat(_metadata.file_name, ':', _metadata.row_index)");
    return table.select(columns(table, path, functions.col(quoted(images)), List.of(PATH, images)));
  }

  private static String imageColumn(Dataset<Row> table) {
    List<String> binary =
        Arrays.stream(table.schema().fields())
            .filter(field -> field.dataType() instanceof BinaryType)
            .map(StructField::name)
            .toList();
    return binary.size() == 1 ? binary.get(0) : PATH;
  }

  private StructField requireColumn(Dataset<Row> table, String name) {
    return Arrays.stream(table.schema().fields())
        .filter(field -> field.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "%s has no column \"%s\" (it has %s): name the one with the images with --column."
                        .formatted(input, name, String.join(", ", table.schema().fieldNames()))));
  }

  /** Relative paths start at the folder of the list. */
  private Dataset<Row> paths(Dataset<Row> table, String name) {
    requireColumn(table, name);
    Column path = functions.col(quoted(name));
    String folder = input.getParent().toString().replaceAll("/+$", "") + "/";
    Column image =
        functions
            .when(path.rlike("^(/|[A-Za-z][A-Za-z0-9+.-]+:)"), path)
            .otherwise(functions.concat(functions.lit(folder), path));
    return table.select(columns(table, path, image, List.of(name)));
  }

  private static Column[] columns(
      Dataset<Row> table, Column path, Column image, List<String> used) {
    List<Column> columns = new ArrayList<>(List.of(path.as(PATH), image.as(IMAGE)));
    Arrays.stream(table.schema().fieldNames())
        .filter(name -> !used.contains(name))
        .forEach(name -> columns.add(functions.col(quoted(name))));
    return columns.toArray(Column[]::new);
  }

  /** A column's name as expressions have it, whatever it consists of. */
  static String quoted(String name) {
    return "`" + name.replace("`", "``") + "`";
  }

  private IllegalArgumentException empty() {
    return new IllegalArgumentException(
        input
            + " has no images: give a folder of images (or what --include says), a list of paths, or"
            + " Parquet with rows.");
  }

  /** Makes tasks of a good size out of rows that are only paths, in the order of the paths. */
  private Dataset<Row> spread(Dataset<Row> rows) {
    long images = rows.count();
    if (images == 0) {
      throw empty();
    }
    long busy = Math.min(images, 4L * spark.sparkContext().defaultParallelism());
    long tasks = Math.max(1, Math.max(busy, (images + IMAGES_A_TASK - 1) / IMAGES_A_TASK));
    return rows.repartitionByRange(Math.toIntExact(tasks), functions.col(PATH))
        .sortWithinPartitions(PATH);
  }
}
