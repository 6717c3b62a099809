package dev.graft.train;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The same training with several seeds, to see how much of a figure is luck. Each run is whole, in
 * {@code seed-K} below the folder; all share the feature store. Called again after it was
 * interrupted, it goes on: runs that are there are not trained again.
 */
public final class RepeatedTraining {
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  private RepeatedTraining() {}

  /**
   * What came of it.
   *
   * @param folder with the runs and {@code repeat.json}
   * @param runs folder of each run by its seed
   * @param figures by name, such as {@code validation accuracy}
   */
  public record Repeated(Path folder, Map<Long, Path> runs, Map<String, Spread> figures) {}

  /**
   * A figure of several runs.
   *
   * @param values in the order of the runs
   */
  public record Spread(List<Double> values) {
    /** Copies the list. */
    public Spread {
      values = List.copyOf(values);
    }

    /** Mean of the runs. */
    public double mean() {
      return values.stream().mapToDouble(Double::doubleValue).average().orElse(Double.NaN);
    }

    /** Standard deviation of a sample, with n − 1; NaN of a single run. */
    public double deviation() {
      double mean = mean();
      double squares = values.stream().mapToDouble(v -> (v - mean) * (v - mean)).sum();
      return Math.sqrt(squares / (values.size() - 1));
    }
  }

  /**
   * Trains with the settings' seed, the next one, and so on. All that is random follows it: the
   * split too, unless that has a seed of its own.
   *
   * @param settings whose output folder is the one around the runs
   * @param times how many runs, at least 2
   * @return empty if the listener asked to stop; the run under way was exported then
   * @throws IllegalArgumentException as {@link TransferLearning#train}, and when a run of other
   *     settings is there
   */
  public static Optional<Repeated> train(TrainSettings settings, int times, TrainListener listener)
      throws IOException {
    if (times < 2) {
      throw new IllegalArgumentException(
          "Training is repeated with at least 2 seeds, got " + times + ".");
    }
    Map<Long, Path> runs = new LinkedHashMap<>();
    for (long seed = settings.loop().seed(); runs.size() < times; seed++) {
      TrainSettings own = withSeed(settings, seed);
      listener.note("Seed %d, run %d of %d.".formatted(seed, runs.size() + 1, times));
      if (isStopped(own, listener)) {
        return Optional.empty();
      }
      runs.put(seed, own.out().folder());
    }
    Repeated repeated = new Repeated(settings.out().folder(), runs, figures(runs));
    write(repeated);
    return Optional.of(repeated);
  }

  private static TrainSettings withSeed(TrainSettings settings, long seed) {
    TrainSettings.OutputSettings out = settings.out();
    return settings
        .withLoop(settings.loop().withSeed(seed))
        .withOut(out.withFolder(out.folder().resolve("seed-" + seed)));
  }

  /** Trains, goes on, or finds the run there already. */
  private static boolean isStopped(TrainSettings settings, TrainListener listener)
      throws IOException {
    Path folder = settings.out().folder();
    RunCheckpoints checkpoints = RunFolder.checkpoints(folder);
    boolean mine = checkpoints.isThere() && checkpoints.command().equals(settings.words());
    if (!mine || settings.out().overwrite()) {
      return TransferLearning.train(settings, listener).stopped();
    }
    return !ResumableRun.find(folder).finished()
        && TransferLearning.resume(settings, listener).stopped();
  }

  /** The single numbers of all runs' evaluations. */
  private static Map<String, Spread> figures(Map<Long, Path> runs) throws IOException {
    Map<String, List<Double>> values = new LinkedHashMap<>();
    for (Path run : runs.values()) {
      JsonNode metrics = JSON.readTree(run.resolve("run.json").toFile()).path("metrics");
      for (String part : List.of("validation", "test")) {
        metrics
            .path(part)
            .properties()
            .forEach(
                figure -> {
                  if (figure.getValue().isNumber() && !figure.getKey().equals("examples")) {
                    values
                        .computeIfAbsent(part + " " + figure.getKey(), name -> new ArrayList<>())
                        .add(figure.getValue().asDouble());
                  }
                });
      }
    }
    Map<String, Spread> figures = new LinkedHashMap<>();
    values.forEach(
        (name, all) -> {
          if (all.size() == runs.size()) {
            figures.put(name, new Spread(all));
          }
        });
    return figures;
  }

  private static void write(Repeated repeated) throws IOException {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("seeds", repeated.runs().keySet());
    Map<String, Object> figures = new LinkedHashMap<>();
    repeated
        .figures()
        .forEach(
            (name, spread) -> {
              Map<String, Object> figure = new LinkedHashMap<>();
              figure.put("mean", spread.mean());
              figure.put("deviation", spread.deviation());
              figure.put("values", spread.values());
              figures.put(name, figure);
            });
    json.put("figures", figures);
    Path partial = repeated.folder().resolve("repeat.json.partial");
    JSON.writeValue(partial.toFile(), json);
    Files.move(
        partial,
        repeated.folder().resolve("repeat.json"),
        StandardCopyOption.REPLACE_EXISTING,
        StandardCopyOption.ATOMIC_MOVE);
  }
}
