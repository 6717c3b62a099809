package dev.graft.spark;

import dev.graft.batch.PathFilter;
import dev.graft.data.Labels;
import dev.graft.data.Preparation;
import dev.graft.model.Backbone;
import dev.graft.model.CutModel;
import dev.graft.model.FreezePlan;
import dev.graft.model.Head;
import dev.graft.model.JoinedModel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * The features for {@code graft train}, made on a cluster, for {@code spark-submit}: afterwards
 * {@code graft train DATA --backbone BACKBONE --features DIR}, with the same head and the same
 * layers unfrozen, sends no image through the trunk.
 */
@Command(
    name = "FeaturesJob",
    sortOptions = false,
    description = "Make the features of any number of images for graft train --features DIR.")
public final class FeaturesJob implements Callable<Integer> {
  /** The trunk does not depend on the classes. */
  private static final Labels ANY = Labels.of("0", "1", "2");

  @Parameters(
      index = "0",
      paramLabel = "BACKBONE",
      description = "Folder of an exported backbone, on the driver.")
  private Path backbone;

  @Parameters(index = "1", paramLabel = "INPUT", description = "Images, as BatchJob takes them.")
  private String input;

  @Option(
      names = "--features",
      required = true,
      paramLabel = "DIR",
      description = "Folder of the feature store, on the driver.")
  private Path features;

  @Option(
      names = "--column",
      paramLabel = "NAME",
      description = "Column of a .csv or Parquet with the images.")
  private String column;

  @Option(names = "--head", description = "As graft train has it.")
  private String head;

  @Option(names = "--backbone-output", paramLabel = "LAYER", description = "As graft train has it.")
  private String layer;

  @ArgGroup private Unfrozen unfrozen;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Show this help.")
  private boolean help;

  /** At most one way to say what trains. */
  private static final class Unfrozen {
    @Option(
        names = "--unfreeze",
        split = ",",
        paramLabel = "PATTERN",
        description = "As graft train has it.")
    private String[] patterns;

    @Option(names = "--unfreeze-from", paramLabel = "LAYER", description = "As graft train has it.")
    private String from;

    @Option(names = "--unfreeze-last", paramLabel = "N", description = "As graft train has it.")
    private int last;

    FreezePlan plan() {
      if (patterns != null) {
        return FreezePlan.unfreeze(patterns);
      }
      return from != null ? FreezePlan.unfreezeFrom(from) : FreezePlan.unfreezeLast(last);
    }
  }

  private FeaturesJob() {}

  /** Runs the job of a command line in the session that {@code spark-submit} prepared. */
  public static void main(String[] arguments) {
    JobLine.run(new FeaturesJob(), arguments);
  }

  @Override
  public Integer call() throws IOException {
    NativeSettings.apply(new SparkConf());
    Backbone loaded = Backbone.load(backbone);
    loaded = layer == null ? loaded : loaded.withOutput(layer);
    Preparation preparation =
        loaded
            .preparation()
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        backbone + " has no image preparation: export it with graft-export."));
    Head chosen = head == null ? Head.standard(loaded.outputRank()) : Head.parse(head);
    FreezePlan plan = unfrozen == null ? FreezePlan.allFrozen() : unfrozen.plan();
    try (SparkSession spark = SparkSession.builder().appName("Graft: " + features).getOrCreate()) {
      try (CutModel cut = JoinedModel.join(loaded, chosen, ANY, 1).cut(plan)) {
        report(
            SparkFeatures.of(spark, cut, preparation)
                .extract(images(spark), JobInput.IMAGE, features));
      }
    }
    return 0;
  }

  private Dataset<Row> images(SparkSession spark) throws IOException {
    return JobInput.read(spark, input, PathFilter.none(), Optional.ofNullable(column));
  }

  private void report(SparkFeatures.Extracted made) {
    made.rejected()
        .forEach((image, reason) -> System.err.println("graft: " + image + " " + reason));
    System.err.printf(
        "graft: features of %,d images in %s, %,d images left out%n",
        made.images(), features, made.rejected().size());
  }
}
