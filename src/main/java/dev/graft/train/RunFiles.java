package dev.graft.train;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import dev.graft.data.LabeledImage;
import dev.graft.data.Preparation;
import dev.graft.data.Split;
import dev.graft.handoff.Versions;
import dev.graft.metrics.ClassEvaluation;
import dev.graft.metrics.Epoch;
import dev.graft.metrics.Mistake;
import dev.graft.model.BackboneLayer;
import dev.graft.model.JoinedModel;
import dev.graft.report.Report;
import dev.graft.report.ReportData;
import dev.graft.report.Thumbnail;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What a run leaves beside the model: {@code history.csv}, {@code run.json}, {@code report.html}.
 */
final class RunFiles {
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  private final TrainSettings settings;
  private final TrainedRun run;
  private final Preparation preparation;

  private RunFiles(TrainSettings settings, TrainedRun run, Preparation preparation) {
    this.settings = settings;
    this.run = run;
    this.preparation = preparation;
  }

  static void write(Path folder, TrainSettings settings, TrainedRun run, Preparation preparation)
      throws IOException {
    RunFiles files = new RunFiles(settings, run, preparation);
    Files.writeString(folder.resolve("history.csv"), run.outcome().history().toCsv());
    Report.write(files.report(), folder.resolve("report.html"));
    JSON.writeValue(folder.resolve("run.json").toFile(), files.json());
  }

  private Map<String, Object> json() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("command", settings.command());
    json.put("settings", described());
    json.put("versions", versions());
    json.put("preparation", preparation.describe());
    json.put("labels", run.model().labels().names());
    Map<String, Object> metrics = new LinkedHashMap<>();
    metrics.put("before", run.outcome().before().toMap());
    metrics.put("validation", run.outcome().after().toMap());
    run.outcome().test().ifPresent(test -> metrics.put("test", test.toMap()));
    json.put("metrics", metrics);
    json.put("history", run.outcome().history().epochs().stream().map(RunFiles::epoch).toList());
    json.put("split", splitFiles());
    json.put("rejected", texts(run.images().rejected()));
    json.put("notes", run.images().notes());
    json.put("imagesThroughTrunk", run.images().computed());
    json.put("exportDifference", run.proof().exportDifference());
    json.put("frozen", run.proof().frozen());
    json.put("seconds", seconds());
    return json;
  }

  private Map<String, String> described() {
    return settings.describe(run.model().head().describe());
  }

  private static Map<String, String> versions() {
    Map<String, String> versions = new LinkedHashMap<>(Versions.current());
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
    json.put("accuracy", epoch.accuracy());
    json.put("validationLoss", epoch.validationLoss());
    json.put("validationAccuracy", epoch.validationAccuracy());
    return json;
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

  private Map<String, Double> seconds() {
    Map<String, Double> seconds = new LinkedHashMap<>();
    run.times().forEach((part, time) -> seconds.put(part, time.toMillis() / 1e3));
    return seconds;
  }

  private ReportData report() {
    return new ReportData(
        settings.out().folder().toAbsolutePath().getFileName().toString(),
        new ReportData.Outcome(
            Optional.of((ClassEvaluation) run.outcome().before()),
            (ClassEvaluation) run.outcome().after(),
            run.outcome().test().map(ClassEvaluation.class::cast),
            run.outcome().history()),
        new ReportData.Images(
            classCounts(),
            run.images().rejected().entrySet().stream()
                .map(entry -> new ReportData.Rejected(relative(entry.getKey()), entry.getValue()))
                .toList(),
            run.images().notes()),
        new ReportData.Network(
            backboneName(),
            run.model().head().describe(),
            layers(),
            run.proof().frozen().stream()
                .map(
                    variable ->
                        new ReportData.FrozenVariable(
                            variable.name(), variable.before(), variable.after()))
                .toList(),
            List.of(
                "BatchNorm in the backbone runs in inference mode: its moving statistics stay as"
                    + " they are.",
                "Images are prepared as follows: " + preparation.describe() + ".")),
        new ReportData.Origin(
            settings.command(),
            run.times().entrySet().stream()
                .map(entry -> new ReportData.PhaseTime(entry.getKey(), entry.getValue()))
                .toList(),
            described(),
            versions()),
        thumbnails());
  }

  private String backboneName() {
    return run.model()
        .backbone()
        .handoff()
        .map(handoff -> handoff.model().name())
        .orElse(run.model().backbone().source().getFileName().toString());
  }

  private List<ReportData.ClassCount> classCounts() {
    Split split = run.images().split();
    List<ReportData.ClassCount> counts = new ArrayList<>();
    for (int label = 0; label < split.labels().size(); label++) {
      counts.add(
          new ReportData.ClassCount(
              split.labels().name(label),
              count(split.training(), label),
              count(split.validation(), label),
              count(split.test(), label)));
    }
    return counts;
  }

  private int count(List<LabeledImage> images, int label) {
    return (int)
        images.stream()
            .filter(image -> image.label() == label)
            .filter(image -> !run.images().rejected().containsKey(image.path()))
            .count();
  }

  private List<ReportData.Layer> layers() {
    Set<String> frozen =
        run.proof().frozen().stream().map(FrozenVariable::name).collect(Collectors.toSet());
    List<ReportData.Layer> layers = new ArrayList<>();
    for (BackboneLayer layer : run.model().backbone().layers()) {
      boolean trained =
          layer.variables().stream().anyMatch(variable -> !frozen.contains(variable.name()));
      layers.add(
          new ReportData.Layer(layer.name(), layer.type().orElse(""), layer.parameters(), trained));
    }
    Map<String, Long> head = new LinkedHashMap<>();
    run.model().weights().stream()
        .filter(JoinedModel.Weight::head)
        .forEach(weight -> head.merge(weight.layer(), weight.value().size(), Long::sum));
    head.forEach((name, size) -> layers.add(new ReportData.Layer(name, "head", size, true)));
    return layers;
  }

  private Map<String, Thumbnail> thumbnails() {
    Map<String, Thumbnail> thumbnails = new LinkedHashMap<>();
    for (Mistake mistake : ((ClassEvaluation) run.outcome().after()).worstMistakes()) {
      thumbnails.put(mistake.path(), Thumbnail.of(Path.of(mistake.path())));
    }
    return thumbnails;
  }
}
