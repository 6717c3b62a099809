package dev.graft.train;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import dev.graft.data.DuplicateImages;
import dev.graft.data.LabeledImage;
import dev.graft.data.Split;
import dev.graft.data.Task;
import dev.graft.handoff.Versions;
import dev.graft.image.ContactSheet;
import dev.graft.metrics.Epoch;
import dev.graft.metrics.Prediction;
import dev.graft.metrics.PredictionTable;
import dev.graft.model.BackboneLayer;
import dev.graft.model.JoinedModel;
import dev.graft.report.SavedRun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * What a run leaves beside the model: {@code history.csv}, {@code predictions.csv}, {@code
 * run.json}, and the report that {@link SavedRun} makes of them.
 */
final class RunFiles {
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  private final TrainSettings settings;
  private final TrainedRun run;
  private final ExampleInputs examples;

  private RunFiles(TrainSettings settings, TrainedRun run, ExampleInputs examples) {
    this.settings = settings;
    this.run = run;
    this.examples = examples;
  }

  static void write(Path folder, TrainSettings settings, TrainedRun run, ExampleInputs examples)
      throws IOException {
    RunFiles files = new RunFiles(settings, run, examples);
    Files.writeString(folder.resolve("history.csv"), run.outcome().history().toCsv());
    files.predictions().write(folder.resolve("predictions.csv"));
    Map<String, Object> json = files.json();
    json.put("contactSheet", files.contactSheet(folder));
    JSON.writeValue(folder.resolve(SavedRun.RUN).toFile(), json);
    Path name = settings.out().folder().toAbsolutePath().normalize().getFileName();
    SavedRun.writeReport(folder, name.toString());
  }

  /** Keeps the pictures, and says where. */
  private List<Map<String, Object>> contactSheet(Path folder) throws IOException {
    List<Map<String, Object>> rows = new ArrayList<>();
    if (run.images().sheet().isPresent()) {
      Path pictures = Files.createDirectories(folder.resolve("pictures"));
      for (ContactSheet.Row row : run.images().sheet().get().rows()) {
        String name = "augmented-" + rows.size();
        List<String> views = new ArrayList<>();
        for (byte[] view : row.views()) {
          Path file = pictures.resolve(name + "-" + (views.size() + 1) + ".png");
          views.add(kept(folder, Files.write(file, view)));
        }
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("path", relative(row.path()));
        json.put(
            "original", kept(folder, Files.write(pictures.resolve(name + ".png"), row.original())));
        json.put("views", views);
        rows.add(json);
      }
    }
    return rows;
  }

  private static String kept(Path folder, Path file) {
    return folder.relativize(file).toString().replace('\\', '/');
  }

  private PredictionTable predictions() {
    Map<String, List<? extends Prediction>> parts = new LinkedHashMap<>();
    parts.put("validation", run.outcome().validationPredictions());
    parts.put("test", run.outcome().testPredictions());
    return new PredictionTable(run.model().labels().names(), parts);
  }

  private Map<String, String> calibrations() {
    Map<String, String> ways = new LinkedHashMap<>();
    run.calibrations().forEach((phase, way) -> ways.put(phase, way.describe()));
    return ways;
  }

  private Map<String, Object> json() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("command", settings.command());
    json.put("status", run.stopped() ? "stopped" : "finished");
    json.put("epochs", run.outcome().history().epochs().size());
    json.put("settings", described());
    json.put("versions", versions());
    json.put("preparation", examples.describe());
    json.put("examples", examples.kind().word());
    json.put("task", run.model().task().kind().word());
    json.put("loss", run.model().loss().describe());
    json.put("labels", run.model().labels().names());
    Map<String, Object> metrics = new LinkedHashMap<>();
    metrics.put("before", run.outcome().before().toMap());
    metrics.put("validation", run.outcome().after().toMap());
    run.outcome().test().ifPresent(test -> metrics.put("test", test.toMap()));
    json.put("metrics", metrics);
    json.put("history", run.outcome().history().epochs().stream().map(RunFiles::epoch).toList());
    json.put("imageCounts", counts("all", image -> true));
    json.put("classCounts", classCounts());
    json.put("split", splitFiles());
    json.put("duplicates", run.images().duplicates().stream().map(this::duplicate).toList());
    json.put("rejected", texts(run.images().rejected()));
    json.put("notes", run.images().notes());
    json.put("imagesThroughTrunk", run.images().computed());
    json.put("calibration", calibrations());
    json.put("exportDifference", run.proof().exportDifference());
    json.put("frozen", run.proof().frozen());
    json.put("network", network());
    json.put("seconds", seconds());
    json.put("memory", memory());
    return json;
  }

  private Map<String, String> described() {
    return settings.describe(run.model().head().describe());
  }

  private static Map<String, String> versions() {
    Map<String, String> versions = new LinkedHashMap<>(Versions.provenance());
    versions.put("java", Runtime.version().toString());
    versions.put("platform", System.getProperty("os.name") + " " + System.getProperty("os.arch"));
    return versions;
  }

  private static Map<String, Object> epoch(Epoch epoch) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("epoch", epoch.number());
    json.put("phase", epoch.phase());
    json.put("learningRate", epoch.learningRate());
    json.put("loss", epoch.loss());
    json.put("accuracy", finite(epoch.accuracy()));
    json.put("validationLoss", epoch.validationLoss());
    json.put("validationAccuracy", finite(epoch.validationAccuracy()));
    return json;
  }

  /** Null for a figure that there is none of: JSON has no NaN. */
  private static Double finite(double value) {
    return Double.isFinite(value) ? value : null;
  }

  private Map<String, Object> splitFiles() {
    Split split = run.images().split();
    Map<String, Object> files = new LinkedHashMap<>();
    files.put("training", relative(split.training()));
    files.put("validation", relative(split.validation()));
    files.put("test", relative(split.test()));
    return files;
  }

  private List<String> relative(List<LabeledImage> images) {
    return images.stream().map(LabeledImage::path).map(this::relative).toList();
  }

  private String relative(Path file) {
    Path data = settings.data().folder();
    Path shown = file.startsWith(data) ? data.relativize(file) : file;
    return shown.toString().replace('\\', '/');
  }

  private static Map<String, String> texts(Map<Path, String> byPath) {
    Map<String, String> texts = new LinkedHashMap<>();
    byPath.forEach((path, reason) -> texts.put(path.toString(), reason));
    return texts;
  }

  private Map<String, Object> duplicate(DuplicateImages same) {
    List<Map<String, String>> copies = new ArrayList<>();
    for (DuplicateImages.Copy copy : same.copies()) {
      Map<String, String> json = new LinkedHashMap<>();
      json.put("split", copy.part());
      json.put("label", run.model().task().text(copy.image().target()));
      json.put("path", relative(copy.image().path()));
      copies.add(json);
    }
    return Map.of("sha256", same.sha256(), "copies", copies);
  }

  private Map<String, Object> memory() {
    Map<String, Object> memory = new LinkedHashMap<>();
    run.memory()
        .forEach(
            (part, peak) -> {
              Map<String, Long> bytes = new LinkedHashMap<>();
              peak.resident().ifPresent(resident -> bytes.put("resident", resident));
              bytes.put("heap", peak.heap());
              memory.put(part, bytes);
            });
    return memory;
  }

  private Map<String, Double> seconds() {
    Map<String, Double> seconds = new LinkedHashMap<>();
    run.times().forEach((part, time) -> seconds.put(part, time.toMillis() / 1e3));
    return seconds;
  }

  private Map<String, Object> network() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("backbone", backboneName());
    json.put("head", run.model().head().describe());
    json.put("layers", layers());
    json.put(
        "notes",
        List.of(
            settings.join().batchNorm().note(),
            (examples.preparation().isPresent()
                    ? "Images are prepared as follows: "
                    : "Inputs are ")
                + examples.describe()
                + "."));
    return json;
  }

  private String backboneName() {
    return run.model()
        .backbone()
        .handoff()
        .map(handoff -> handoff.model().name())
        .orElse(run.model().backbone().source().getFileName().toString());
  }

  private List<Map<String, Object>> classCounts() {
    Task task = run.model().task();
    if (task.kind() == Task.Kind.NUMBERS) {
      return List.of(counts("all", image -> true));
    }
    return IntStream.range(0, task.size())
        .mapToObj(label -> counts(task.labels().name(label), image -> image.target().has(label)))
        .toList();
  }

  private Map<String, Object> counts(String label, Predicate<LabeledImage> wanted) {
    Split split = run.images().split();
    Map<String, Object> counts = new LinkedHashMap<>();
    counts.put("label", label);
    counts.put("training", count(split.training(), wanted));
    counts.put("validation", count(split.validation(), wanted));
    counts.put("test", count(split.test(), wanted));
    return counts;
  }

  private long count(List<LabeledImage> images, Predicate<LabeledImage> wanted) {
    return images.stream()
        .filter(wanted)
        .filter(image -> !run.images().rejected().containsKey(image.path()))
        .count();
  }

  private List<Map<String, Object>> layers() {
    Set<String> frozen =
        run.proof().frozen().stream().map(FrozenVariable::name).collect(Collectors.toSet());
    List<Map<String, Object>> layers = new ArrayList<>();
    for (BackboneLayer layer : run.model().backbone().layers()) {
      boolean trained =
          layer.variables().stream().anyMatch(variable -> !frozen.contains(variable.name()));
      layers.add(layer(layer.name(), layer.type().orElse(""), layer.parameters(), trained));
    }
    Map<String, Long> head = new LinkedHashMap<>();
    run.model().weights().stream()
        .filter(JoinedModel.Weight::head)
        .forEach(weight -> head.merge(weight.layer(), weight.value().size(), Long::sum));
    head.forEach((name, size) -> layers.add(layer(name, "head", size, true)));
    return layers;
  }

  private static Map<String, Object> layer(
      String name, String kind, long parameters, boolean trained) {
    Map<String, Object> layer = new LinkedHashMap<>();
    layer.put("name", name);
    layer.put("kind", kind);
    layer.put("parameters", parameters);
    layer.put("trained", trained);
    return layer;
  }
}
